//! The tables of this service, one struct each. No other module uses DynamoDB.

mod chats;
mod connections;

pub use chats::{Author, ChatPage, ChatStore, Message};
pub use connections::{Connection, ConnectionStore, Followed, Followers, OrderProgress, Peer, RateLimit};

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use lambdakit::AwsError;
use lambdakit::dynamodb::item::Item;
use lambdakit::dynamodb::table::Table;

/// The most rows that one `BatchWriteItem` call takes.
const BATCH: usize = 25;

/// Removes rows, 25 in each call.
async fn delete(table: &Table, keys: Vec<Item>) -> Result<(), AwsError> {
    for keys in keys.chunks(BATCH) {
        let request = |key: &Item| {
            let delete = DeleteRequest::builder().set_key(Some(key.clone())).build()?;
            Ok::<_, AwsError>(WriteRequest::builder().delete_request(delete).build())
        };
        let requests = keys.iter().map(request).collect::<Result<_, _>>()?;
        let write = table.client().batch_write_item().request_items(table.name(), requests);
        if write.send().await?.unprocessed_items.is_some_and(|left| !left.is_empty()) {
            return Err(AwsError::Transient("a table left rows unprocessed".to_owned()));
        }
    }
    Ok(())
}
