//! The Lambda Runtime API, for one function at a time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

/// Nothing that is measured takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the function did, and when.
enum Step {
    /// It asks for work.
    Ready(Instant),
    /// It has done it.
    Answered(Instant, Bytes),
    /// It says that it cannot.
    Failed(Bytes),
}

struct State {
    steps: mpsc::UnboundedSender<Step>,
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
}

/// A Runtime API that waits for a function.
pub struct RuntimeApi {
    address: SocketAddr,
    steps: mpsc::UnboundedReceiver<Step>,
    events: mpsc::UnboundedSender<Bytes>,
    server: tokio::task::JoinHandle<()>,
}

impl RuntimeApi {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the Runtime API")?;
        let address = listener.local_addr()?;
        let (steps_sender, steps) = mpsc::unbounded_channel();
        let (events, events_receiver) = mpsc::unbounded_channel();
        let state = Arc::new(State { steps: steps_sender, events: Mutex::new(events_receiver) });
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).ok();
                let state = Arc::clone(&state);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Ok(Self { address, steps, events, server })
    }

    /// `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits until the function asks for work.
    pub async fn ready(&mut self) -> Result<Instant> {
        match self.step().await? {
            Step::Ready(at) => Ok(at),
            Step::Answered(..) => bail!("an answer to nothing"),
            Step::Failed(error) => {
                bail!("the function failed: {}", String::from_utf8_lossy(&error))
            }
        }
    }

    /// Has the function, which is ready, do some work; gives the time it took and its answer.
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
        let step = timeout(PATIENCE, self.steps.recv()).await;
        step.context("the function does not say anything")?.context("the Runtime API is gone")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if request.method() == Method::GET {
        state.steps.send(Step::Ready(Instant::now())).ok();
        // The harness is gone when there is no event any more, and the function soon, too.
        let event = state.events.lock().await.recv().await.unwrap_or_default();
        return Ok(invocation(event));
    }
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let at = Instant::now();
    let step = if path.ends_with("/response") { Step::Answered(at, body) } else { Step::Failed(body) };
    state.steps.send(step).ok();
    let mut accepted = Response::new(Full::default());
    *accepted.status_mut() = StatusCode::ACCEPTED;
    Ok(accepted)
}

fn invocation(event: Bytes) -> Response<Full<Bytes>> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + Duration::from_secs(30);
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
