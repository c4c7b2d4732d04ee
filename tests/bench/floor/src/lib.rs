//! What the floors share: a client as the SDK's documentation makes it, and the names of keys.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

/// A client with the SDK's defaults.
pub async fn client() -> Client {
    Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)
}

/// A text as an attribute.
pub fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}
