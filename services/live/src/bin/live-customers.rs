//! Hands a customer's chat over, or forgets it.

use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;
use live::customer_requests::CustomerRequests;
use live::store::{ChatStore, ConnectionStore};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let dynamodb = aws.dynamodb();
        let connections = ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?);
        let chats = ChatStore::new(Table::from_env(&dynamodb, "CHAT_TABLE")?);
        Ok(CustomerRequests::new(connections, chats, Publisher::from_env(&aws)?))
    })
    .await
}
