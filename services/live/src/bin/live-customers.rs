//! Hands over a customer's chat, or erases it.

use lambdakit::aws::Aws;
use lambdakit::publish::Publisher;
use lambdakit::queue;
use lambdakit::table::Table;
use live::privacy::ChatData;
use live::store::{ChatStore, ConnectionStore};
use shopkit::privacy::PrivacyHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let dynamodb = aws.dynamodb();
        let connections = ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?);
        let chats = ChatStore::new(Table::from_env(&dynamodb, "CHAT_TABLE")?);
        Ok(PrivacyHandler::new(ChatData::new(connections, chats), Publisher::from_env(&aws)?))
    })
    .await
}
