//! A function behind a WebSocket API of API Gateway: clients come, say something, and go.
//!
//! A [`Handler`] is told what happened on a connection. What it answers to a message goes back on the same connection,
//! as do its problems, as frames of the type `problem`. Whoever wants to say something to other connections, or without
//! having been asked, has [`ConnectionClient`] for it.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_apigatewaymanagement::Client;
use aws_smithy_types::Blob;
use axum::http::StatusCode;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::aws::Aws;
use crate::config::{self, ConfigError};
use crate::start::start;
use crate::store::AwsError;
use crate::telemetry::{self, Invocation, Outcome};
use crate::{Problem, batch};

/// The most bytes that a message can have (API Gateway quota).
pub const MAX_BYTES: usize = 128 * 1024;

/// What is done when something happens on a connection. What it was is told by the event's type, never by its route, which
/// a frame may be able to select.
pub trait Handler {
    /// Does it, and says what goes back to the client. Only messages are answered; to a client that connects, a problem
    /// means that it may not.
    fn handle(&self, event: ConnectionEvent) -> impl Future<Output = Result<Option<String>, Problem>> + Send;
}

/// Something that happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEvent {
    /// Names the connection as long as it lasts.
    pub connection_id: String,
    /// What happened.
    pub event: WebSocketEvent,
}

/// What happens on connections. What clients say is not for logs.
#[derive(Clone, PartialEq, Eq)]
pub enum WebSocketEvent {
    /// A client has come, and the API's authorizer has said this of it. Until this is answered nothing can be sent to it.
    Connected(HashMap<String, String>),
    /// A client said something.
    Message(String),
    /// A client has gone. This is not always told.
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

/// As API Gateway tells it.
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

/// A value that an authorizer found. API Gateway adds numbers of its own to them.
#[derive(Deserialize)]
#[serde(untagged)]
enum ContextValue {
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// As API Gateway takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// Of a client that connects, whether it may.
    pub status_code: u16,
    /// The frame that goes back to the client.
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
pub async fn run<H: Handler>(
    build: impl AsyncFnOnce() -> Result<H, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    let handler = Arc::new(start(build).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        // Boxed, because the types of the SDK's futures nest too deeply for the compiler.
        Box::pin(async move {
            let response = invoke(&*handler, event.payload.get(), Some(&event.context)).await;
            Ok::<_, lambda_runtime::Error>(response)
        })
    }))
    .await
}

/// Handles what happened on one connection. Without a context (in tests) there is no deadline.
pub async fn invoke<H: Handler>(handler: &H, event: &str, context: Option<&Context>) -> Response {
    let invocation = Invocation::begin(context);
    let event = batch::read::<ProxyEvent>(event);
    // Who comes must not be let in by a status that is meant for a frame.
    let answers = event.as_ref().is_ok_and(|event| event.request_context.event_type == EventType::Message);
    let done = invocation.run(async { handle(handler, event.map_err(Problem::internal)?).await }).await;
    let result = done.unwrap_or_else(|| Err(Problem::out_of_time()));
    let status = result.as_ref().err().map_or(StatusCode::OK, Problem::status);
    let outcome = match status {
        StatusCode::OK => Outcome::Ok,
        refused if refused.is_client_error() => Outcome::Refused,
        _ => Outcome::Failed,
    };
    // To a message even a refusal is an answer.
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

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    Sent,
    /// There is no such connection, or none any more.
    Gone,
}

impl ConnectionClient {
    /// The connections of the stage that is called back at this URL.
    #[must_use]
    pub fn new(aws: &Aws, callback_url: &str) -> Self {
        Self { client: aws.connections(callback_url) }
    }

    /// The connections of the stage whose callback URL is in this variable.
    ///
    /// # Errors
    /// When the variable is not there.
    pub fn from_env(aws: &Aws, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(aws, &config::required(variable)?))
    }

    /// Sends a frame to a client.
    ///
    /// # Errors
    /// When it was not sent, as far as is known, and nobody said that the connection is gone.
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

    /// Ends a connection. One that is gone already need not be ended.
    ///
    /// # Errors
    /// When it was not ended, as far as is known.
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

    /// Greets who is welcome, and says everything again.
    struct Parrot;

    impl Handler for Parrot {
        async fn handle(&self, event: ConnectionEvent) -> Result<Option<String>, Problem> {
            assert_eq!(event.connection_id, "L0SM9cOFvHcCIhw=");
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

    /// Never says anything.
    struct Sleeper;

    impl Handler for Sleeper {
        async fn handle(&self, _: ConnectionEvent) -> Result<Option<String>, Problem> {
            std::future::pending().await
        }
    }

    async fn happen(event_type: &str, change: Value) -> Response {
        let mut event = json!({
            "requestContext": {
                "routeKey": "$default", "eventType": event_type, "connectionId": "L0SM9cOFvHcCIhw=",
                "connectedAt": 1_769_860_800_000_u64, "messageDirection": "IN",
            },
            "isBase64Encoded": false,
        });
        if let Some(body) = change.get("body") {
            event["body"] = body.clone();
        }
        event["requestContext"]["authorizer"] = change["authorizer"].clone();
        if event["requestContext"]["authorizer"].is_null() {
            event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        }
        invoke(&Parrot, &event.to_string(), None).await
    }

    #[tokio::test]
    async fn a_client_may_connect_or_not() {
        let found = json!({ "userName": "grace", "principalId": "grace", "integrationLatency": 7 });
        let welcome = happen("CONNECT", json!({ "authorizer": found })).await;
        assert_eq!(welcome, Response { status_code: 200, body: None });
        assert_eq!(happen("CONNECT", json!({})).await.status_code, 401);
    }

    #[tokio::test]
    async fn connections_are_refused_while_keys_are_unavailable() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut hasty = Context::default();
        hasty.deadline = u64::try_from(now.as_millis()).unwrap() + 100;
        let event = json!({ "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "connectionId": "L0SM9cOFvHcCIhw=",
        } });
        let response = invoke(&Sleeper, &event.to_string(), Some(&hasty)).await;
        assert!(response.status_code >= 500, "{response:?}");
        assert!(invoke(&Parrot, "no event", None).await.status_code >= 500);
    }

    #[tokio::test]
    async fn messages_are_answered_and_refusals_are_frames() {
        let answer = happen("MESSAGE", json!({ "body": "hello" })).await;
        assert_eq!(answer, Response { status_code: 200, body: Some("hello".to_owned()) });
        let refusal = happen("MESSAGE", json!({ "body": "" })).await;
        assert_eq!(refusal.status_code, 200);
        let frame: Value = serde_json::from_str(&refusal.body.unwrap()).unwrap();
        assert_eq!(frame["type"], "problem");
        assert_eq!((&frame["status"], &frame["title"]), (&json!(400), &json!("Bad request")));
        assert_eq!(frame["detail"], "Say something.");
    }

    #[tokio::test]
    async fn messages_are_messages_by_whatever_route_they_come() {
        for route in ["$connect", "$disconnect", "$default"] {
            let event = json!({ "body": "hello", "requestContext": {
                "routeKey": route, "eventType": "MESSAGE", "connectionId": "L0SM9cOFvHcCIhw=",
            } });
            let answer = invoke(&Parrot, &event.to_string(), None).await;
            assert_eq!(answer, Response { status_code: 200, body: Some("hello".to_owned()) }, "{route}");
        }
    }

    #[tokio::test]
    async fn disconnects_are_not_answered() {
        assert_eq!(happen("DISCONNECT", json!({})).await, Response { status_code: 200, body: None });
    }

    #[test]
    fn client_messages_are_not_logged() {
        let said = format!("{:?}", WebSocketEvent::Message("my address".to_owned()));
        assert_eq!(said, "Message");
    }
}
