//! Says something to several connections at once.

use domain::Timestamp;
use futures::future::join_all;
use lambdakit::socket::{Connections, Delivery};
use lambdakit::{StoreError, telemetry};

use crate::store::{ConnectionStore, Peer};

/// A client that connects is kept in mind before anything can be sent to it: until then its connection is said to be
/// gone. So long a young one is given.
const YOUNG_SECONDS: i64 = 10;

/// Says something to several connections at once.
#[derive(Clone, Debug)]
pub struct Pusher {
    connections: Connections,
    store: ConnectionStore,
}

impl Pusher {
    /// Speaks to these connections, which are kept in mind there.
    #[must_use]
    pub fn new(connections: Connections, store: ConnectionStore) -> Self {
        Self { connections, store }
    }

    /// Sends a frame to all of them at once, and gives back who is gone. None waits for another; if some cannot be
    /// reached, the others have the frame all the same.
    ///
    /// # Errors
    /// When some could not be reached.
    pub async fn push(&self, peers: &[Peer], frame: &str) -> Result<Vec<String>, StoreError> {
        let old = Timestamp::now().unix_seconds() - YOUNG_SECONDS;
        let posts =
            peers.iter().map(|peer| async move { (peer, self.connections.post(&peer.id, frame).await) });
        let (mut gone, mut sent, mut failed) = (Vec::new(), 0, None);
        for (peer, delivery) in join_all(posts).await {
            match delivery {
                Ok(Delivery::Sent) => sent += 1,
                Ok(Delivery::Gone) if peer.since < old => gone.push(peer.id.clone()),
                Ok(Delivery::Gone) => {}
                Err(error) => failed = Some(error),
            }
        }
        telemetry::count("FramesPushed", sent);
        failed.map_or(Ok(gone), Err)
    }

    /// The same, and forgets who is gone.
    ///
    /// # Errors
    /// When some could not be reached, or forgotten.
    pub async fn push_and_forget(&self, peers: &[Peer], frame: &str) -> Result<(), StoreError> {
        let gone = self.push(peers, frame).await?;
        let removals = join_all(gone.iter().map(|id| self.store.remove(id))).await;
        removals.into_iter().collect()
    }

    /// Ends a connection.
    ///
    /// # Errors
    /// When it was not ended, as far as is known.
    pub async fn close(&self, id: &str) -> Result<(), StoreError> {
        self.connections.close(id).await
    }
}
