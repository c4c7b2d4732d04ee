//! A stand-in for the AWS data services: answers each call at once with what it was told to, and counts.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What was asked of it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Calls by operation.
    pub calls: BTreeMap<String, u64>,
    /// Connections that were opened.
    pub connections: u64,
}

struct State {
    /// Answers by `Operation TABLE`.
    answers: BTreeMap<String, Bytes>,
    seen: Mutex<Seen>,
}

/// A running stand-in.
pub struct StandIn {
    address: SocketAddr,
    tls: bool,
    state: Arc<State>,
    server: tokio::task::JoinHandle<()>,
}

impl StandIn {
    /// Starts one; with `certificate_file` it speaks TLS, and writes there what clients have to trust.
    pub async fn start(answers: &BTreeMap<String, Value>, certificate_file: Option<&Path>) -> Result<Self> {
        let acceptor = certificate_file.map(acceptor).transpose()?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the stand-in")?;
        let address = listener.local_addr()?;
        let answers = answers.iter().map(|(call, answer)| (call.clone(), Bytes::from(answer.to_string())));
        let state = Arc::new(State { answers: answers.collect(), seen: Mutex::default() });
        let tls = acceptor.is_some();
        let server = tokio::spawn(serve(listener, acceptor, Arc::clone(&state)));
        Ok(Self { address, tls, state, server })
    }

    /// `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        // Certificates are for names.
        let (scheme, host) = if self.tls { ("https", "localhost") } else { ("http", "127.0.0.1") };
        format!("{scheme}://{host}:{}", self.address.port())
    }

    /// What the report calls it.
    pub fn transport(&self) -> &'static str {
        if self.tls { "TLS" } else { "HTTP" }
    }

    /// What was asked since this was called last.
    pub fn take_seen(&self) -> Seen {
        std::mem::take(&mut *self.state.seen())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where systems keep the roots that they trust.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A certificate made for this run. It is written behind all those of the system, which a function on Lambda would load
/// as well.
fn acceptor(certificate_file: &Path) -> Result<TlsAcceptor> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()])?;
    let system = std::fs::read_to_string(SYSTEM_ROOTS).unwrap_or_default();
    std::fs::write(certificate_file, system + &cert.pem()).context("cannot write the certificate")?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(listener: TcpListener, acceptor: Option<TlsAcceptor>, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).ok();
        state.seen().connections += 1;
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            match acceptor {
                // A client that does not like the certificate says so itself.
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, state).await;
                    }
                }
                None => connection(stream, state).await,
            }
        });
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<State>) {
    let service = service_fn(move |request| answer(Arc::clone(&state), request));
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let target =
        request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let table = table(&body);
    let call = if table.is_empty() { operation.clone() } else { format!("{operation} {table}") };
    let answer = state.answers.get(&call).or_else(|| state.answers.get(&operation)).cloned();
    *state.seen().calls.entry(call).or_default() += 1;
    let status = if answer.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::new(answer.unwrap_or_default())).unwrap_or_default())
}

/// The table that a call names, where it names one.
fn table(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let of_batch = body["RequestItems"].as_object().and_then(|tables| tables.keys().next());
    body["TableName"].as_str().map(ToOwned::to_owned).or_else(|| of_batch.cloned()).unwrap_or_default()
}
