//! The functions of the realtime service, selected by the handler's name.

use lambdakit::auth::authorizer;
use lambdakit::auth::jwt::Tokens;
use lambdakit::aws::Aws;
use lambdakit::dynamodb::table::Table;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Publisher;
use lambdakit::websocket;
use lambdakit::{ConfigError, handler};
use mimalloc::MiMalloc;
use realtime::connections::ConnectionHandler;
use realtime::messages::MessageHandler;
use realtime::order_event::UpdateHandler;
use realtime::privacy::ChatData;
use realtime::push::Pusher;
use realtime::store::{ChatStore, ConnectionStore};
use shopkit::privacy::PrivacyHandler;

/// A request makes about 2,000 small allocations; this allocator shortens it by a fifth.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    match handler::name()?.as_str() {
        "realtime-authorizer" => authorizer::run(Tokens::from_env).await,
        "realtime-connections" => websocket::run(connections).await,
        "realtime-on-privacy" => consumer::run(privacy_requests).await,
        "realtime-messages" => websocket::run(messages).await,
        "realtime-on-order" => consumer::run(updates).await,
        unknown => Err(handler::unknown(unknown)),
    }
}

/// Stores and removes connections.
async fn connections() -> Result<ConnectionHandler, ConfigError> {
    let dynamodb = Aws::preconnected("dynamodb").await?.dynamodb();
    Ok(ConnectionHandler::new(ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?)))
}

/// Exports a customer's chat, or erases it.
async fn privacy_requests() -> Result<PrivacyHandler<ChatData>, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let dynamodb = aws.dynamodb();
    let connections = ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?);
    let chats = ChatStore::new(Table::from_env(&dynamodb, "CHAT_TABLE")?);
    Ok(PrivacyHandler::new(ChatData::new(connections, chats), Publisher::from_env(&aws)?))
}

/// Answers client messages.
async fn messages() -> Result<MessageHandler, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let dynamodb = aws.dynamodb();
    let connections = ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?);
    let chats = ChatStore::new(Table::from_env(&dynamodb, "CHAT_TABLE")?);
    let pusher =
        Pusher::new(websocket::ConnectionClient::from_env(&aws, "CALLBACK_URL")?, connections.clone());
    Ok(MessageHandler::new(connections, chats, pusher))
}

/// Pushes order status updates to customers.
async fn updates() -> Result<UpdateHandler, ConfigError> {
    let aws = Aws::preconnected("dynamodb").await?;
    let connections = ConnectionStore::new(Table::from_env(&aws.dynamodb(), "CONNECTION_TABLE")?);
    let pusher =
        Pusher::new(websocket::ConnectionClient::from_env(&aws, "CALLBACK_URL")?, connections.clone());
    Ok(UpdateHandler::new(connections, pusher))
}
