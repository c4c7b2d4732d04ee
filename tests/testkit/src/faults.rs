//! An HTTP proxy between a client and AWS that injects the faults of networks and services. It
//! refuses calls, loses responses, delays, throttles and fails.
//!
//! Clients need no change: the proxy is their endpoint in the place of AWS.

mod call;
mod rule;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

use call::Call;
pub use rule::{Fault, Rule};
use rule::{Rules, Verdict};

use crate::{TIMEOUT, eventually};

/// A pause that outlasts every client; [`FaultProxy::release_delayed`] ends it.
pub const UNTIL_RELEASED: Duration = TIMEOUT;

/// The proxy, until it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    endpoint: String,
    state: Arc<State>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    rules: Mutex<Rules>,
    delayed: AtomicUsize,
    /// Ends the pauses of delayed calls.
    resumed: Notify,
    /// A permit for each call whose response is held.
    held: Semaphore,
    /// A permit for each held response that may be lost.
    released: Semaphore,
}

/// The call or its response was lost: the connection closes without a response.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lost on purpose")
    }
}

impl std::error::Error for Lost {}

impl FaultProxy {
    /// Starts a proxy to `upstream` on a port of its own. Its random faults follow from the seed.
    pub async fn start(upstream: &str, seed: u64) -> Self {
        Self::start_at("127.0.0.1:0", upstream, seed).await
    }

    /// Starts a proxy to `upstream` at a given address.
    pub async fn start_at(address: &str, upstream: &str, seed: u64) -> Self {
        let listener = TcpListener::bind(address).await.expect("an address to listen at");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let client = Client::builder(TokioExecutor::new()).build_http();
        let rules = Mutex::new(Rules::new(seed));
        let delayed = AtomicUsize::new(0);
        let (held, released) = (Semaphore::new(0), Semaphore::new(0));
        let upstream = upstream.to_owned();
        let resumed = Notify::new();
        let state = Arc::new(State { upstream, client, rules, delayed, resumed, held, released });
        let server = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { endpoint, state, server }
    }

    /// The endpoint for clients.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Adds a rule after the existing ones.
    pub fn add(&self, rule: Rule) {
        self.state.rules.lock().expect("the rules").add(rule);
    }

    /// Removes all rules: calls are passed on from here.
    pub fn clear(&self) {
        self.state.rules.lock().expect("the rules").clear();
    }

    /// The number of calls so far, by fault and operation.
    #[must_use]
    pub fn injected(&self) -> BTreeMap<String, u64> {
        self.state.rules.lock().expect("the rules").injected()
    }

    /// Runs `call`, whose next AWS call of this kind takes effect without a response, and lets
    /// `others` write in between: after that effect, and before the client retries.
    pub async fn meanwhile<T>(
        &self,
        operation: &str,
        call: impl Future<Output = T>,
        others: impl Future<Output = ()>,
    ) -> T {
        self.add(Rule::new(Fault::HoldAnswer).on(operation).times(1));
        // On the heap: in a debug build, SDK calls fill the stack of a test's thread.
        let mut call = Box::pin(call);
        tokio::select! {
            held = self.state.held.acquire() => held.expect("an open semaphore").forget(),
            _ = &mut call => panic!("it never came to {operation}"),
        }
        let others = Box::pin(async {
            others.await;
            self.state.released.add_permits(1);
        });
        tokio::join!(call, others).0
    }

    /// The number of calls that are delayed, or still to be repeated.
    #[must_use]
    pub fn delayed(&self) -> usize {
        self.state.delayed.load(Ordering::SeqCst)
    }

    /// Ends the pauses of all delayed calls, and waits until they have taken effect.
    pub async fn release_delayed(&self) {
        eventually("the delayed calls", async || {
            self.state.resumed.notify_waiters();
            (self.delayed() == 0).then_some(())
        })
        .await;
    }

    /// The number of calls of an operation so far, with or without a fault.
    #[must_use]
    pub fn calls(&self, operation: &str) -> u64 {
        self.state.rules.lock().expect("the rules").calls(operation)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        // The client retries a connection that fails while it is opened.
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(connection(stream, Arc::clone(&state)));
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { state.answer(request).await }
    });
    // This fails whenever a response is lost on purpose.
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

impl State {
    async fn answer(self: &Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
        let call = Call::read(&head, &body);
        let request = Request::from_parts(head, Full::new(body.clone()));
        let verdict = self.rules.lock().expect("the rules").judge(&call);
        match verdict {
            Verdict::Pass => self.forward(request).await,
            Verdict::Refuse => Err(Lost),
            Verdict::LoseAnswer => {
                self.forward(request).await?;
                Err(Lost)
            }
            Verdict::HoldAnswer => {
                self.forward(request).await?;
                self.held.add_permits(1);
                self.released.acquire().await.map_err(|_| Lost)?.forget();
                Err(Lost)
            }
            Verdict::Delay(pause) => {
                self.delayed.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(self);
                // A separate task: the call is made even if its client has given up by then.
                let late = tokio::spawn(async move {
                    state.pause(pause).await;
                    let answer = state.forward(request).await;
                    state.delayed.fetch_sub(1, Ordering::SeqCst);
                    answer
                });
                late.await.map_err(|_| Lost)?
            }
            Verdict::Repeat(pause) => {
                let again = copy(&request);
                let answer = self.forward(request).await?;
                self.delayed.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(self);
                tokio::spawn(async move {
                    state.pause(pause).await;
                    // No client waits for this response.
                    state.forward(again).await.ok();
                    state.delayed.fetch_sub(1, Ordering::SeqCst);
                });
                Ok(answer)
            }
            Verdict::Answer(status, body) => Ok(answer(status, body)),
            Verdict::Split(split) => {
                let answer = self.forward(replace_body(request, split.forwarded)).await?;
                Ok(map_body(answer, |body| split.merge.apply(&body)).await)
            }
        }
    }

    /// Waits until the pause is over, or a test ends it.
    async fn pause(&self, pause: Duration) {
        tokio::time::timeout(pause, self.resumed.notified()).await.ok();
    }

    async fn forward(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Lost> {
        let uri: Uri = format!("{}{}", self.upstream, request.uri()).parse().map_err(|_| Lost)?;
        *request.uri_mut() = uri;
        let answer = self.client.request(request).await.map_err(|_| Lost)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
        Ok(Response::from_parts(head, Full::new(body)))
    }
}

fn answer(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/x-amz-json-1.0"));
    answer
}

fn copy(request: &Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let mut copy = Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

fn replace_body(request: Request<Full<Bytes>>, body: Bytes) -> Request<Full<Bytes>> {
    let (mut head, _) = request.into_parts();
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Request::from_parts(head, Full::new(body))
}

async fn map_body(
    answer: Response<Full<Bytes>>,
    change: impl FnOnce(Bytes) -> Bytes,
) -> Response<Full<Bytes>> {
    let (mut head, body) = answer.into_parts();
    let Ok(body) = body.collect().await.map_err(|never: Infallible| never);
    let body = change(body.to_bytes());
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Response::from_parts(head, Full::new(body))
}
