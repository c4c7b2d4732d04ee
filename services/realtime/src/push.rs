//! Says something to several connections at once.

use domain::Timestamp;
use futures::future::join_all;
use lambdakit::socket::{ConnectionClient, Delivery};
use lambdakit::{AwsError, telemetry};

use crate::store::{ConnectionStore, Peer};

/// A client that connects is kept in mind before anything can be sent to it: until then its connection is said to be
/// gone. So long a young one is given.
const YOUNG_SECONDS: i64 = 10;

/// Says something to several connections at once.
#[derive(Clone, Debug)]
pub struct Pusher {
    connections: ConnectionClient,
    store: ConnectionStore,
}

impl Pusher {
    /// Speaks to these connections, which are kept in mind there.
    #[must_use]
    pub fn new(connections: ConnectionClient, store: ConnectionStore) -> Self {
        Self { connections, store }
    }

    /// Sends a frame to all of them at once, and gives back who is gone, and the error of somebody who could not be
    /// reached. None waits for another; if some cannot be reached, the others have the frame all the same.
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
        telemetry::count("FramesPushed", sent);
        (gone, reached)
    }

    /// The same, and forgets who is gone.
    ///
    /// # Errors
    /// When some could not be reached, or forgotten.
    pub async fn push_and_forget(&self, peers: &[Peer], frame: &str) -> Result<(), AwsError> {
        let (gone, reached) = self.push(peers, frame).await;
        let removals = join_all(gone.iter().map(|id| self.store.remove(id))).await;
        removals.into_iter().chain([reached]).collect()
    }

    /// Says a last thing on a connection, if that can be, and ends it.
    ///
    /// # Errors
    /// When it was not ended, as far as is known.
    pub async fn end(&self, id: &str, frame: &str) -> Result<(), AwsError> {
        if let Err(error) = self.connections.post(id, frame).await {
            telemetry::field("pushError", &error.to_string());
        }
        self.connections.close(id).await
    }
}
