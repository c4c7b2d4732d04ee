//! The functions of the live service: what runs, by the name of the handler.

use lambdakit::aws::Aws;
use lambdakit::jwt::Tokens;
use lambdakit::publish::Publisher;
use lambdakit::table::Table;
use lambdakit::{ConfigError, authorizer, handler, queue, socket};
use live::connections::Connections;
use live::messages::Messages;
use live::privacy::ChatData;
use live::push::Pusher;
use live::store::{ChatStore, ConnectionStore};
use live::updates::Updates;
use shopkit::privacy::PrivacyHandler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "live-authorizer" => authorizer::run(Tokens::from_env).await,
        "live-connections" => socket::run(connections).await,
        "live-customers" => queue::run(privacy_requests).await,
        "live-messages" => socket::run(messages).await,
        "live-updates" => queue::run(updates).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Keeps in mind who is connected.
async fn connections() -> Result<Connections, ConfigError> {
    let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
    Ok(Connections::new(ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?)))
}

/// Hands over a customer's chat, or erases it.
async fn privacy_requests() -> Result<PrivacyHandler<ChatData>, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let dynamodb = aws.dynamodb();
    let connections = ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?);
    let chats = ChatStore::new(Table::from_env(&dynamodb, "CHAT_TABLE")?);
    Ok(PrivacyHandler::new(ChatData::new(connections, chats), Publisher::from_env(&aws)?))
}

/// Answers what clients say.
async fn messages() -> Result<Messages, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let dynamodb = aws.dynamodb();
    let connections = ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?);
    let chats = ChatStore::new(Table::from_env(&dynamodb, "CHAT_TABLE")?);
    let pusher = Pusher::new(socket::Connections::from_env(&aws, "CALLBACK_URL")?, connections.clone());
    Ok(Messages::new(connections, chats, pusher))
}

/// Tells customers where their orders stand.
async fn updates() -> Result<Updates, ConfigError> {
    let aws = Aws::connected_to("dynamodb").await?;
    let connections = ConnectionStore::new(Table::from_env(&aws.dynamodb(), "CONNECTION_TABLE")?);
    let pusher = Pusher::new(socket::Connections::from_env(&aws, "CALLBACK_URL")?, connections.clone());
    Ok(Updates::new(connections, pusher))
}
