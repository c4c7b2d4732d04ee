//! The Lambda Runtime API, for one function.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fmt, io};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The function's ARN in every invocation.
const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:test";
const TRACE_ID: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";

/// A Runtime API on a free port, until it is dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: String,
    requests: mpsc::UnboundedReceiver<Request>,
    invocations: mpsc::UnboundedSender<Invocation>,
    invoked: usize,
    server: JoinHandle<io::Result<()>>,
}

/// A request of the function, with its time.
#[derive(Debug)]
enum Request {
    Next(Instant),
    Response(Instant, String, Bytes),
    Error(String, Bytes),
    InitError(Bytes),
}

#[derive(Debug)]
struct Invocation {
    request_id: String,
    deadline: Duration,
    event: Bytes,
}

/// Why a function has no response.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The function reported an error.
    #[error("the function failed: {0}")]
    Failed(ErrorReport),
    /// The function sent nothing in time, or ended.
    #[error("the function does not answer")]
    NoAnswer,
    /// The function did not follow the protocol.
    #[error("the function sent {0} unexpectedly")]
    Unexpected(&'static str),
}

/// An error in the format of Lambda.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorReport {
    /// Name of the error.
    pub error_type: String,
    /// Its text.
    pub error_message: String,
}

impl fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.error_message)
    }
}

/// What the routes share.
#[derive(Clone)]
struct Shared {
    requests: mpsc::UnboundedSender<Request>,
    invocations: Arc<Mutex<mpsc::UnboundedReceiver<Invocation>>>,
}

impl RuntimeApi {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> io::Result<Self> {
        let (requests_sender, requests) = mpsc::unbounded_channel();
        let (invocations, receiver) = mpsc::unbounded_channel();
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{request}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Shared { requests: requests_sender, invocations: Arc::new(Mutex::new(receiver)) });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, requests, invocations, invoked: 0, server })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API` for the function.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the function requests an invocation, and returns when it did.
    ///
    /// # Errors
    /// When it reports a failed init, or nothing in this time.
    pub async fn ready(&mut self, within: Duration) -> Result<Instant, Error> {
        match self.request(within).await? {
            Request::Next(at) => Ok(at),
            Request::Response(..) => Err(Error::Unexpected("a response")),
            Request::InitError(report) | Request::Error(_, report) => Err(failed(&report)),
        }
    }

    /// Invokes a function that is [ready](Self::ready), and returns when it responded and its
    /// response. This time is the invocation's deadline.
    ///
    /// # Errors
    /// When it reports an error, or nothing in this time.
    pub async fn invoke(&mut self, event: Bytes, within: Duration) -> Result<(Instant, Bytes), Error> {
        self.invoked += 1;
        let invoked = format!("8476a536-e9f4-11e8-9739-{:012}", self.invoked);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + within;
        let invocation = Invocation { request_id: invoked.clone(), deadline, event };
        self.invocations.send(invocation).map_err(|_| Error::NoAnswer)?;
        match self.request(within).await? {
            Request::Response(at, request, body) if request == invoked => Ok((at, body)),
            Request::Error(request, report) if request == invoked => Err(failed(&report)),
            Request::Next(_) => Err(Error::Unexpected("no response")),
            _ => Err(Error::Unexpected("a response to another invocation")),
        }
    }

    async fn request(&mut self, within: Duration) -> Result<Request, Error> {
        timeout(within, self.requests.recv()).await.ok().flatten().ok_or(Error::NoAnswer)
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn failed(report: &Bytes) -> Error {
    Error::Failed(serde_json::from_slice(report).unwrap_or_default())
}

async fn next(State(shared): State<Shared>) -> impl IntoResponse {
    let accepted = shared.requests.send(Request::Next(Instant::now()));
    let invocation = shared.invocations.lock().await.recv().await;
    let Some(Invocation { request_id, deadline, event }) = invocation.filter(|_| accepted.is_ok()) else {
        return Err(StatusCode::GONE);
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", request_id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", FUNCTION_ARN.to_owned()),
        ("lambda-runtime-trace-id", TRACE_ID.to_owned()),
    ];
    Ok((headers, event))
}

async fn response(
    State(shared): State<Shared>,
    Path(request): Path<String>,
    body: Bytes,
) -> impl IntoResponse {
    accept(&shared, Request::Response(Instant::now(), request, body))
}

async fn error(State(shared): State<Shared>, Path(request): Path<String>, body: Bytes) -> impl IntoResponse {
    accept(&shared, Request::Error(request, body))
}

async fn init_error(State(shared): State<Shared>, body: Bytes) -> impl IntoResponse {
    accept(&shared, Request::InitError(body))
}

fn accept(shared: &Shared, request: Request) -> (StatusCode, Json<Value>) {
    match shared.requests.send(request) {
        Ok(()) => (StatusCode::ACCEPTED, Json(serde_json::json!({ "status": "OK" }))),
        Err(_) => (StatusCode::GONE, Json(Value::Null)),
    }
}
