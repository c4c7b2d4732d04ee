//! A stand-in for the AWS data services: it returns configured responses at once and counts the
//! calls.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::call::Call;
use crate::server::Server;

/// Responses of AWS, by `Operation TABLE` or `Operation` alone: one, or several that take turns.
pub type Answers = BTreeMap<String, Value>;

/// Calls by `Operation TABLE`.
pub type Calls = BTreeMap<String, u64>;

struct State {
    turns: BTreeMap<String, Turns>,
    calls: Mutex<Calls>,
}

struct Turns {
    answers: Vec<Bytes>,
    next: AtomicUsize,
}

/// A running stand-in.
pub struct StandIn {
    tls: bool,
    state: Arc<State>,
    server: Server,
}

impl StandIn {
    /// Starts a stand-in. With `certificate_file`, it uses TLS and writes the certificates that
    /// clients have to trust to that file.
    pub async fn start(answers: &Answers, certificate_file: Option<&Path>) -> Result<Self> {
        let acceptor = certificate_file.map(acceptor).transpose()?;
        let tls = acceptor.is_some();
        let turns = answers.iter().map(|(call, answers)| (call.clone(), Turns::of(answers)));
        let state = Arc::new(State { turns: turns.collect(), calls: Mutex::default() });
        let answering = Arc::clone(&state);
        let server = Server::start(acceptor, move |request| {
            let answer = answering.answer(&request);
            async { answer }
        });
        Ok(Self { tls, state, server: server.await? })
    }

    /// `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        // Certificates are issued for names.
        let (scheme, host) = if self.tls { ("https", "localhost") } else { ("http", "127.0.0.1") };
        format!("{scheme}://{host}:{}", self.server.address.port())
    }

    /// The transport's name in the report.
    pub fn transport(&self) -> &'static str {
        if self.tls { "TLS" } else { "HTTP" }
    }

    /// The calls since the last call of this method.
    pub fn take_calls(&self) -> Calls {
        std::mem::take(&mut *self.state.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The number of connections opened so far.
    pub fn connections(&self) -> u64 {
        self.server.connections()
    }
}

impl State {
    fn answer(&self, request: &Request<Bytes>) -> Response<Full<Bytes>> {
        let call = Call::of(request);
        let name = call.to_string();
        let answer = self.turns.get(&name).or_else(|| self.turns.get(&call.operation)).and_then(Turns::next);
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
        let status = if answer.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let response =
            Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
        response.body(Full::new(answer.unwrap_or_default())).unwrap_or_default()
    }
}

impl Turns {
    fn of(answers: &Value) -> Self {
        let answers = answers.as_array().map_or(std::slice::from_ref(answers), Vec::as_slice);
        let answers = answers.iter().map(|answer| Bytes::from(answer.to_string())).collect();
        Self { answers, next: AtomicUsize::new(0) }
    }

    fn next(&self) -> Option<Bytes> {
        let place = self.next.fetch_add(1, Ordering::SeqCst).checked_rem(self.answers.len())?;
        self.answers.get(place).cloned()
    }
}

/// The root certificates of the system.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Creates a certificate for this run. It is written after all those of the system, which a
/// function on Lambda loads, too.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_answers_take_turns_and_a_single_one_is_given_every_time() {
        let texts = |answers: Value| {
            let turns = Turns::of(&answers);
            [turns.next(), turns.next(), turns.next()].map(Option::unwrap_or_default)
        };
        assert_eq!(texts(json!([{ "a": 1 }, { "b": 2 }])), ["{\"a\":1}", "{\"b\":2}", "{\"a\":1}"]);
        assert_eq!(texts(json!({ "a": 1 })), ["{\"a\":1}"; 3]);
        assert_eq!(Turns::of(&json!([])).next(), None);
    }
}
