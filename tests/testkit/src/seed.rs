use std::collections::HashMap;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use lambdakit::dynamodb::item::Item;
use lambdakit::dynamodb::table::Table;

/// The maximum number of items in a `BatchWriteItem` call.
const BATCH: usize = 25;

/// Writes many items into a table.
pub async fn seed(table: &Table, items: impl IntoIterator<Item = Item>) {
    let requests: Vec<WriteRequest> = items
        .into_iter()
        .map(|item| {
            let put = PutRequest::builder().set_item(Some(item)).build().expect("an item");
            WriteRequest::builder().put_request(put).build()
        })
        .collect();
    for batch in requests.chunks(BATCH) {
        let write = table.client().batch_write_item().request_items(table.name(), batch.to_vec());
        let written = write.send().await.expect("a batch");
        assert!(written.unprocessed_items().is_none_or(HashMap::is_empty));
    }
}
