//! Answers what clients say.

use lambdakit::aws::Aws;
use lambdakit::socket::{self, Connections};
use lambdakit::table::Table;
use live::messages::Messages;
use live::push::Pusher;
use live::store::{ChatStore, ConnectionStore};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    socket::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let dynamodb = aws.dynamodb();
        let connections = ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?);
        let chats = ChatStore::new(Table::from_env(&dynamodb, "CHAT_TABLE")?);
        let pusher = Pusher::new(Connections::from_env(&aws, "CALLBACK_URL")?, connections.clone());
        Ok(Messages::new(connections, chats, pusher))
    })
    .await
}
