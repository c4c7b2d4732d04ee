//! Pushes a frame to several connections at once.

use domain::Timestamp;
use futures::future::join_all;
use lambdakit::websocket::{ConnectionClient, Delivery};
use lambdakit::{AwsError, telemetry};

use crate::store::{ConnectionStore, Peer};

/// A connection is stored before frames can be sent to it, and until then API Gateway reports it as
/// gone. A connection younger than this is therefore not treated as gone.
const YOUNG_SECONDS: i64 = 10;

/// Pushes a frame to several connections at once.
#[derive(Clone, Debug)]
pub struct Pusher {
    connections: ConnectionClient,
    store: ConnectionStore,
}

impl Pusher {
    /// Pushes to these connections, whose rows are in this store.
    #[must_use]
    pub fn new(connections: ConnectionClient, store: ConnectionStore) -> Self {
        Self { connections, store }
    }

    /// Sends a frame to all of them concurrently. Returns the ids of connections that are gone, and
    /// the error of a failed delivery, if any. A failed delivery does not affect the others.
    pub async fn push(&self, peers: &[Peer], frame: &str) -> (Vec<String>, Result<(), AwsError>) {
        let old = Timestamp::now().unix_seconds() - YOUNG_SECONDS;
        let posts =
            peers.iter().map(|peer| async move { (peer, self.connections.post(&peer.id, frame).await) });
        let (mut gone, mut sent, mut reached) = (Vec::new(), 0, Ok(()));
        for (peer, delivery) in join_all(posts).await {
            match delivery {
                Ok(Delivery::Sent) => sent += 1,
                Ok(Delivery::Gone) if peer.since < old => gone.push(peer.id.clone()),
                Ok(Delivery::Gone) => {}
                Err(error) => reached = Err(error),
            }
        }
        telemetry::count("framesPushed", sent);
        (gone, reached)
    }

    /// Pushes a frame, and removes the connections that are gone.
    ///
    /// # Errors
    /// When a delivery or a removal failed.
    pub async fn push_and_forget(&self, peers: &[Peer], frame: &str) -> Result<(), AwsError> {
        let (gone, reached) = self.push(peers, frame).await;
        let removals = join_all(gone.iter().map(|id| self.store.remove(id))).await;
        removals.into_iter().chain([reached]).collect()
    }

    /// Sends a last frame on a connection, if possible, and closes it.
    ///
    /// # Errors
    /// When it is not certain that the connection is closed.
    pub async fn end(&self, id: &str, frame: &str) -> Result<(), AwsError> {
        if let Err(error) = self.connections.post(id, frame).await {
            telemetry::field("pushError", &error.to_string());
        }
        self.connections.close(id).await
    }
}
