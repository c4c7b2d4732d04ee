//! A function behind a WebSocket API of API Gateway: it handles connects, messages and disconnects.
//!
//! A [`Handler`] receives the events of connections. Its response to a message is sent on the same
//! connection, and so are its problems, as frames of the type `problem`. [`ConnectionClient`] sends
//! frames to other connections, or without a message to respond to.

use std::collections::HashMap;

use aws_sdk_apigatewaymanagement::Client;
use aws_smithy_types::Blob;
use axum::http::StatusCode;
use lambda_runtime::{Context, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Problem;
use crate::aws::Aws;
use crate::aws::AwsError;
use crate::config::{self, ConfigError};
use crate::json;
use crate::start;
use crate::telemetry::{self, Invocation, Outcome};

/// Maximum size of a message, in bytes (API Gateway quota).
pub const MAX_BYTES: usize = 128 * 1024;

/// Handles the events of connections. Rely on the event's type, never on its route: a client may be
/// able to select the route with a frame.
pub trait Handler {
    /// Handles an event and returns the frame for the client. Only messages are answered. A problem
    /// on connect rejects the client.
    fn handle(&self, event: ConnectionEvent) -> impl Future<Output = Result<Option<String>, Problem>> + Send;
}

/// An event of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEvent {
    /// Identifies the connection while it lasts.
    pub connection_id: String,
    /// What happened.
    pub event: WebSocketEvent,
}

/// The events of connections. Messages of clients must not be logged.
#[derive(Clone, PartialEq, Eq)]
pub enum WebSocketEvent {
    /// A client connects, with this context from the API's authorizer. Nothing can be sent to the
    /// client until this event is answered.
    Connected(HashMap<String, String>),
    /// A client sent a message.
    Message(String),
    /// A client disconnected. API Gateway does not always report this.
    Disconnected,
}

impl std::fmt::Debug for WebSocketEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connected(_) => "Connected",
            Self::Message(_) => "Message",
            Self::Disconnected => "Disconnected",
        })
    }
}

/// The event in API Gateway's format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent {
    request_context: RequestContext,
    #[serde(default)]
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    connection_id: String,
    event_type: EventType,
    route_key: String,
    #[serde(default)]
    authorizer: HashMap<String, ContextValue>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum EventType {
    Connect,
    Message,
    Disconnect,
}

/// A value of the authorizer's context, to which API Gateway adds its own numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum ContextValue {
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// The response in API Gateway's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// Whether a connecting client is accepted.
    pub status_code: u16,
    /// The frame that is sent to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A frame as text.
///
/// # Errors
/// When it does not serialize.
pub fn frame(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(Problem::internal)
}

/// Runs a function that a WebSocket API calls. `build` makes its handler, at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run<H: Handler + 'static>(
    build: impl AsyncFnOnce() -> Result<H, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    start::run(build, |handler, event: LambdaEvent<Box<RawValue>>| {
        Box::pin(async move {
            let response = invoke(&*handler, event.payload.get(), Some(&event.context)).await;
            Ok::<_, lambda_runtime::Error>(response)
        })
    })
    .await
}

/// Handles one event of a connection. Without a context (in tests) there is no deadline.
pub async fn invoke<H: Handler>(handler: &H, event: &str, context: Option<&Context>) -> Response {
    let invocation = Invocation::begin(context);
    let event = json::read::<ProxyEvent>(event);
    // A message is answered with 200 even if it fails; that status must not accept a connecting
    // client.
    let answers = event.as_ref().is_ok_and(|event| event.request_context.event_type == EventType::Message);
    let done = invocation.run(async { handle(handler, event.map_err(Problem::internal)?).await }).await;
    let result = done.unwrap_or_else(|| Err(Problem::out_of_time()));
    let status = result.as_ref().err().map_or(StatusCode::OK, Problem::status);
    let outcome = match status {
        StatusCode::OK => Outcome::Ok,
        refused if refused.is_client_error() => Outcome::Refused,
        _ => Outcome::Failed,
    };
    // A refused message is answered, too.
    let status_code = if answers { StatusCode::OK.as_u16() } else { status.as_u16() };
    let body = invocation.scope(|| result.unwrap_or_else(|problem| Some(problem.into_frame())));
    invocation.end(outcome);
    Response { status_code, body }
}

async fn handle<H: Handler>(handler: &H, event: ProxyEvent) -> Result<Option<String>, Problem> {
    let ProxyEvent { request_context, body } = event;
    let RequestContext { connection_id, event_type, route_key, authorizer } = request_context;
    telemetry::correlate(&telemetry::request_id());
    telemetry::field("route", &route_key);
    let event = match event_type {
        EventType::Connect => WebSocketEvent::Connected(texts(authorizer)),
        EventType::Message => WebSocketEvent::Message(body.unwrap_or_default()),
        EventType::Disconnect => WebSocketEvent::Disconnected,
    };
    handler.handle(ConnectionEvent { connection_id, event }).await
}

fn texts(authorizer: HashMap<String, ContextValue>) -> HashMap<String, String> {
    let text = |(name, value)| match value {
        ContextValue::Text(text) => Some((name, text)),
        ContextValue::Other(_) => None,
    };
    authorizer.into_iter().filter_map(text).collect()
}

/// The connections of one stage of a WebSocket API.
#[derive(Clone, Debug)]
pub struct ConnectionClient {
    client: Client,
}

/// The result of sending a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// API Gateway accepted the frame.
    Sent,
    /// The connection does not exist, or no longer exists.
    Gone,
}

impl ConnectionClient {
    /// The connections of the stage with this callback URL.
    #[must_use]
    pub fn new(aws: &Aws, callback_url: &str) -> Self {
        Self { client: aws.connections(callback_url) }
    }

    /// The connections of the stage whose callback URL is in this variable.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn from_env(aws: &Aws, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(aws, &config::required(variable)?))
    }

    /// Sends a frame to a client.
    ///
    /// # Errors
    /// When API Gateway neither accepted the frame nor reported that the connection is gone.
    pub async fn post(&self, connection_id: &str, frame: &str) -> Result<Delivery, AwsError> {
        let data = Blob::new(frame);
        match self.client.post_to_connection().connection_id(connection_id).data(data).send().await {
            Ok(_) => Ok(Delivery::Sent),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_gone_exception() => Ok(Delivery::Gone),
                _ => Err(error.into()),
            },
        }
    }

    /// Closes a connection. A connection that is already gone is not an error.
    ///
    /// # Errors
    /// When API Gateway did not confirm the close.
    pub async fn close(&self, connection_id: &str) -> Result<(), AwsError> {
        match self.client.delete_connection().connection_id(connection_id).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_gone_exception() => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use serde_json::{Value, json};

    use super::*;
    use crate::testing::events::{websocket_connect, websocket_disconnect, websocket_message};

    const ID: &str = "L0SM9cOFvHcCIhw=";

    /// Accepts clients with a user name, and echoes every message.
    struct Parrot;

    impl Handler for Parrot {
        async fn handle(&self, event: ConnectionEvent) -> Result<Option<String>, Problem> {
            assert_eq!(event.connection_id, ID);
            match event.event {
                WebSocketEvent::Connected(found) if found.contains_key("userName") => Ok(None),
                WebSocketEvent::Connected(_) => Err(Problem::unauthorized("nobody")),
                WebSocketEvent::Message(text) if text.is_empty() => {
                    Err(Problem::bad_request("Say something."))
                }
                WebSocketEvent::Message(text) => Ok(Some(text)),
                WebSocketEvent::Disconnected => Ok(None),
            }
        }
    }

    /// Never responds.
    struct Sleeper;

    impl Handler for Sleeper {
        async fn handle(&self, _: ConnectionEvent) -> Result<Option<String>, Problem> {
            std::future::pending().await
        }
    }

    async fn happen(event: &Value) -> Response {
        invoke(&Parrot, &event.to_string(), None).await
    }

    #[tokio::test]
    async fn a_client_may_connect_or_not() {
        let found = json!({ "userName": "grace", "principalId": "grace", "integrationLatency": 7 });
        let welcome = happen(&websocket_connect(ID, &found)).await;
        assert_eq!(welcome, Response { status_code: 200, body: None });
        assert_eq!(happen(&websocket_connect(ID, &json!({}))).await.status_code, 401);
    }

    #[tokio::test]
    async fn connections_are_refused_while_keys_are_unavailable() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut hasty = Context::default();
        hasty.deadline = u64::try_from(now.as_millis()).unwrap() + 100;
        let event = websocket_connect(ID, &json!({}));
        let response = invoke(&Sleeper, &event.to_string(), Some(&hasty)).await;
        assert!(response.status_code >= 500, "{response:?}");
        assert!(invoke(&Parrot, "no event", None).await.status_code >= 500);
    }

    #[tokio::test]
    async fn messages_are_answered_and_refusals_are_frames() {
        let answer = happen(&websocket_message(ID, "hello")).await;
        assert_eq!(answer, Response { status_code: 200, body: Some("hello".to_owned()) });
        let refusal = happen(&websocket_message(ID, "")).await;
        assert_eq!(refusal.status_code, 200);
        let frame: Value = serde_json::from_str(&refusal.body.unwrap()).unwrap();
        assert_eq!(frame["type"], "problem");
        assert_eq!((&frame["status"], &frame["title"]), (&json!(400), &json!("Bad request")));
        assert_eq!(frame["detail"], "Say something.");
    }

    #[tokio::test]
    async fn messages_are_messages_by_whatever_route_they_come() {
        for route in ["$connect", "$disconnect", "$default"] {
            let mut event = websocket_message(ID, "hello");
            event["requestContext"]["routeKey"] = json!(route);
            let answer = happen(&event).await;
            assert_eq!(answer, Response { status_code: 200, body: Some("hello".to_owned()) }, "{route}");
        }
    }

    #[tokio::test]
    async fn disconnects_are_not_answered() {
        assert_eq!(happen(&websocket_disconnect(ID)).await, Response { status_code: 200, body: None });
    }

    #[test]
    fn client_messages_are_not_logged() {
        let said = format!("{:?}", WebSocketEvent::Message("my address".to_owned()));
        assert_eq!(said, "Message");
    }
}
