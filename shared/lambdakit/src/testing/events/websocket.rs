//! Events of a WebSocket API.

use serde::Serialize;
use serde_json::{Value, json};

use super::{ACCOUNT, REGION};

/// A client connects, with this context from the API's authorizer.
#[must_use]
pub fn websocket_connect(connection_id: &str, context: &impl Serialize) -> Value {
    let mut event = event(connection_id, "CONNECT", "$connect");
    event["headers"] = json!({ "Host": host(), "Sec-WebSocket-Version": "13" });
    event["requestContext"]["authorizer"] = json!(context);
    event
}

/// A client sends a message.
#[must_use]
pub fn websocket_message(connection_id: &str, body: &str) -> Value {
    let mut event = event(connection_id, "MESSAGE", "$default");
    event["requestContext"]["messageId"] = json!("JDnF9cOFvHcCIhw=");
    event["body"] = json!(body);
    event
}

/// A client disconnected.
#[must_use]
pub fn websocket_disconnect(connection_id: &str) -> Value {
    let mut event = event(connection_id, "DISCONNECT", "$disconnect");
    event["requestContext"]["disconnectStatusCode"] = json!(1005);
    event["requestContext"]["disconnectReason"] = json!("");
    event
}

/// The event of the API's Lambda authorizer, for a client with this query.
#[must_use]
pub fn websocket_authorizer(query: &[(&str, &str)]) -> Value {
    let mut event = event("JDnF9cOFvHcCIhw=", "CONNECT", "$connect");
    event["type"] = json!("REQUEST");
    event["methodArn"] = json!(format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:abcdef1234/dev/$connect"));
    event["headers"] = json!({ "Host": host() });
    for (name, value) in query {
        event["queryStringParameters"][*name] = json!(value);
        event["multiValueQueryStringParameters"][*name] = json!([value]);
    }
    event
}

fn host() -> String {
    format!("abcdef1234.execute-api.{REGION}.amazonaws.com")
}

fn event(connection_id: &str, event_type: &str, route: &str) -> Value {
    json!({
        "requestContext": {
            "routeKey": route,
            "eventType": event_type,
            "extendedRequestId": "JDnGBFjtvHcFf2g=",
            "requestTime": "31/Jan/2026:12:00:00 +0000",
            "messageDirection": "IN",
            "stage": "dev",
            "connectedAt": 1_769_860_800_000_u64,
            "requestTimeEpoch": 1_769_860_800_001_u64,
            "identity": { "sourceIp": "192.0.2.1" },
            "requestId": "JDnGBFjtvHcFf2g=",
            "domainName": host(),
            "connectionId": connection_id,
            "apiId": "abcdef1234",
        },
        "isBase64Encoded": false,
    })
}
