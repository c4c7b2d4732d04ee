//! The Lambda Runtime API, for one function at a time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::server::Server;

/// A request of the function, with its time.
enum Step {
    /// It requests the next invocation.
    Ready(Instant),
    /// It has sent a response.
    Answered(Instant, Bytes),
    /// It has reported an error.
    Failed(Bytes),
}

struct State {
    steps: mpsc::UnboundedSender<Step>,
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
    timeout: Duration,
}

/// A Runtime API that waits for a function.
pub struct RuntimeApi {
    server: Server,
    steps: mpsc::UnboundedReceiver<Step>,
    events: mpsc::UnboundedSender<Bytes>,
    timeout: Duration,
}

impl RuntimeApi {
    /// Starts a server for a function with this timeout.
    pub async fn start(timeout: Duration) -> Result<Self> {
        let (steps_sender, steps) = mpsc::unbounded_channel();
        let (events, events_receiver) = mpsc::unbounded_channel();
        let state = Arc::new(State { steps: steps_sender, events: Mutex::new(events_receiver), timeout });
        let server = Server::start(None, move |request| answer(Arc::clone(&state), request)).await?;
        Ok(Self { server, steps, events, timeout })
    }

    /// `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.server.address.to_string()
    }

    /// Waits until the function requests an invocation.
    pub async fn ready(&mut self) -> Result<Instant> {
        match self.step().await? {
            Step::Ready(at) => Ok(at),
            Step::Answered(..) => bail!("an answer to nothing"),
            Step::Failed(error) => {
                bail!("the function failed: {}", String::from_utf8_lossy(&error))
            }
        }
    }

    /// Invokes the function, which must be ready. Returns the duration and the response.
    pub async fn invoke(&mut self, event: &Bytes) -> Result<(Duration, Bytes)> {
        let started = Instant::now();
        self.events.send(event.clone()).context("the function is gone")?;
        match self.step().await? {
            Step::Answered(at, body) => Ok((at - started, body)),
            Step::Ready(_) => bail!("no answer"),
            Step::Failed(error) => {
                bail!("the function failed: {}", String::from_utf8_lossy(&error))
            }
        }
    }

    async fn step(&mut self) -> Result<Step> {
        let step = timeout(self.timeout, self.steps.recv()).await;
        step.context("the function does not say anything")?.context("the Runtime API is gone")
    }
}

async fn answer(state: Arc<State>, request: Request<Bytes>) -> Response<Full<Bytes>> {
    let at = Instant::now();
    if request.method() == Method::GET {
        state.steps.send(Step::Ready(at)).ok();
        // Without another event, the harness has ended, and the function soon ends, too.
        let event = state.events.lock().await.recv().await.unwrap_or_default();
        return invocation(event, state.timeout);
    }
    let answered = request.uri().path().ends_with("/response");
    let body = request.into_body();
    let step = if answered { Step::Answered(at, body) } else { Step::Failed(body) };
    state.steps.send(step).ok();
    let mut accepted = Response::new(Full::default());
    *accepted.status_mut() = StatusCode::ACCEPTED;
    accepted
}

fn invocation(event: Bytes, timeout: Duration) -> Response<Full<Bytes>> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + timeout;
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:bench",
        );
    response.body(Full::new(event)).unwrap_or_default()
}
