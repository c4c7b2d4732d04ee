//! The order in which the messages of one delivery are handled.
//!
//! Messages run concurrently, up to a limit. Those that share a key run one after the other, in
//! their order: changes of one item, or messages of one group of a FIFO queue. After a failure, the
//! rest of the key has to wait for it.
//!
//! A stream has one position. Lambda redelivers from the first failed record on, whatever came of
//! the records after it, so none of them is started any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt, stream};

use crate::messaging::batch::{Failure, RetryLater};
use crate::messaging::delivery::{Delivery, Message};

/// A message waits for one that failed before it.
#[derive(Debug, thiserror::Error)]
#[error("an earlier message failed")]
struct EarlierFailed;

/// Handles the messages, at most this many at once, and returns the failures in the order of their
/// messages.
pub(super) async fn handle_all<'a>(
    delivery: &'a Delivery<'a>,
    concurrency: usize,
    handle: impl AsyncFn(&'a Message<'a>) -> Option<Failure>,
) -> Vec<Failure> {
    let is_stream = matches!(delivery, Delivery::Stream(_));
    // Of a stream: the first record known to have failed.
    let first_failed = AtomicUsize::new(usize::MAX);
    let one_key = async |messages: Vec<(usize, &'a Message<'a>)>| {
        let (mut failures, mut has_failed) = (Vec::new(), false);
        for (index, message) in messages {
            let failure = if has_failed || index > first_failed.load(Ordering::Relaxed) {
                Some(Failure::new(message.id(), &RetryLater::because(EarlierFailed)))
            } else {
                handle(message).await
            };
            if let Some(failure) = failure {
                has_failed = true;
                if is_stream {
                    first_failed.fetch_min(index, Ordering::Relaxed);
                }
                failures.push((index, failure));
            }
        }
        failures
    };
    let keys = stream::iter(by_key(delivery.messages())).map(one_key);
    let mut failures = keys.buffer_unordered(concurrency.max(1)).concat().await;
    failures.sort_unstable_by_key(|(index, _)| *index);
    failures.into_iter().map(|(_, failure)| failure).collect()
}

/// The messages of each key, with their places in the batch, in the order of their first messages. A
/// message without a key is alone.
fn by_key<'a>(messages: &'a [Message<'a>]) -> Vec<Vec<(usize, &'a Message<'a>)>> {
    let mut keys: Vec<Vec<_>> = Vec::new();
    let mut places = HashMap::new();
    for (index, message) in messages.iter().enumerate() {
        let place = match &message.key {
            Some(key) => *places.entry(key).or_insert(keys.len()),
            None => keys.len(),
        };
        if place == keys.len() {
            keys.push(Vec::new());
        }
        keys[place].push((index, message));
    }
    keys
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::task::yield_now;

    use super::*;

    /// Messages named by key and number, such as `a1`; those of the key `-` have none.
    fn messages(names: &[&str]) -> Vec<Message<'static>> {
        let message = |name: &&str| {
            let key = name.get(..1).filter(|key| *key != "-").map(ToOwned::to_owned);
            Message { id: Some((*name).to_owned()), key, body: String::new().into() }
        };
        names.iter().map(message).collect()
    }

    /// The messages that were started, in their order, and those that failed.
    async fn handle(
        delivery: Delivery<'_>,
        concurrency: usize,
        failing: &[&str],
    ) -> (Vec<String>, Vec<String>) {
        let (started, running) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        let failures = handle_all(&delivery, concurrency, async |message| {
            assert!(running.fetch_add(1, Ordering::Relaxed) < concurrency, "too many at once");
            let id = message.id();
            started.lock().unwrap().push(id.clone());
            yield_now().await;
            running.fetch_sub(1, Ordering::Relaxed);
            failing.contains(&&*id).then(|| Failure::new(id, &EarlierFailed))
        });
        let failures = failures.await.into_iter().map(|failure| failure.id).collect();
        (started.into_inner().unwrap(), failures)
    }

    #[tokio::test]
    async fn concurrency_is_bounded() {
        let names = ["-1", "-2", "-3", "-4", "-5"];
        for concurrency in [1, 2, 5] {
            let (started, failed) = handle(Delivery::Batch(messages(&names)), concurrency, &[]).await;
            assert_eq!((started, failed), (names.map(ToOwned::to_owned).to_vec(), vec![]), "{concurrency}");
        }
    }

    #[tokio::test]
    async fn messages_of_one_key_run_in_order() {
        let (started, failed) = handle(Delivery::Batch(messages(&["a1", "a2", "b1", "a3"])), 2, &[]).await;
        assert_eq!(started, ["a1", "b1", "a2", "a3"]);
        assert!(failed.is_empty());
    }

    #[tokio::test]
    async fn messages_wait_for_a_failed_one_of_their_key() {
        let batch = Delivery::Batch(messages(&["a1", "b1", "a2", "b2", "-1"]));
        let (mut started, failed) = handle(batch, 3, &["a1"]).await;
        started.sort_unstable();
        assert_eq!(started, ["-1", "a1", "b1", "b2"]);
        assert_eq!(failed, ["a1", "a2"]);
    }

    #[tokio::test]
    async fn no_record_of_a_stream_is_started_after_a_failed_one() {
        let stream = Delivery::Stream(messages(&["a1", "b1", "c1", "b2", "d1"]));
        let (started, failed) = handle(stream, 1, &["b1"]).await;
        assert_eq!(started, ["a1", "b1"]);
        assert_eq!(failed, ["b1", "c1", "b2", "d1"]);
    }
}
