//! Code shared by the floors: a client as the SDK's documentation creates it, and the key names.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

/// A client with the SDK's defaults.
pub async fn client() -> Client {
    Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)
}

/// The `sub` of the caller, as the gateway's authorizer found it.
pub fn caller(request: &Request) -> String {
    let Some(RequestContext::ApiGatewayV1(context)) = request.request_context_ref() else {
        return String::new();
    };
    context.authorizer.fields["claims"]["sub"].as_str().unwrap_or_default().to_owned()
}

/// A text as an attribute.
pub fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}
