//! A relay between a function and the local AWS: it forwards every call and records its cost.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::CONTENT_LENGTH;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::aws::Aws;
use super::units::{self, Units};
use crate::call::Call;
use crate::server::Server;
use crate::stand_in::{Answers, Calls};

/// The AWS usage of a function.
#[derive(Default)]
pub struct Usage {
    pub calls: Calls,
    pub reads: Units,
    pub writes: Units,
    /// The responses of AWS, for a stand-in to repeat.
    pub answers: Answers,
    /// Failed calls. A function may retry them, so they would count twice.
    failed: Vec<String>,
}

pub struct Relay {
    server: Server,
    usage: Arc<Mutex<Usage>>,
}

impl Relay {
    pub async fn start(aws: Aws) -> Result<Self> {
        let usage = Arc::new(Mutex::new(Usage::default()));
        let seen = Arc::clone(&usage);
        let server = Server::start(None, move |request| {
            let (aws, seen) = (aws.clone(), Arc::clone(&seen));
            async move { relay(&aws, request, &seen).await }
        });
        Ok(Self { server: server.await?, usage })
    }

    /// `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The usage since the last call of this method.
    pub fn take(&self) -> Result<Usage> {
        let usage = std::mem::take(&mut *self.usage.lock().unwrap_or_else(PoisonError::into_inner));
        ensure!(usage.failed.is_empty(), "the local AWS refused {}", usage.failed.join("; "));
        Ok(usage)
    }
}

async fn relay(aws: &Aws, request: Request<Bytes>, seen: &Mutex<Usage>) -> Response<Full<Bytes>> {
    let mut call = Call::of(&request);
    if call.operation.is_empty() {
        // Not a call, but a connection that is opened in advance.
        return Response::new(Full::default());
    }
    let (mut head, mut body) = request.into_parts();
    if units::is_write(&call.operation) {
        call.body["ReturnConsumedCapacity"] = json!("INDEXES");
        body = call.body.to_string().into();
        head.headers.insert(CONTENT_LENGTH, body.len().into());
    }
    let answer = aws.send(Request::from_parts(head, Full::new(body))).await.and_then(|answer| {
        let (head, body) = answer.into_parts();
        ensure!(head.status.is_success(), "{}: {}", head.status, String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).context("the answer is not JSON")
    });
    let mut usage = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, answer) = match answer {
        Ok(answer) => (StatusCode::OK, usage.note(&call, answer)),
        Err(error) => {
            usage.failed.push(format!("{call}: {error:#}"));
            (StatusCode::BAD_GATEWAY, Value::Null)
        }
    };
    let mut response = Response::new(Full::new(answer.to_string().into()));
    *response.status_mut() = status;
    response
}

impl Usage {
    /// Records a call. Returns the response as the function would have received it without the
    /// relay.
    fn note(&mut self, call: &Call, mut answer: Value) -> Value {
        *self.calls.entry(call.to_string()).or_default() += 1;
        add(&mut self.reads, units::read(call, &answer));
        if let Some(consumed) = answer.as_object_mut().and_then(|answer| answer.remove("ConsumedCapacity")) {
            add(&mut self.writes, units::written(&consumed));
        }
        let answers = self.answers.entry(call.to_string()).or_insert_with(|| json!([]));
        if let Some(answers) = answers.as_array_mut() {
            answers.push(answer.clone());
        }
        answer
    }
}

fn add(sum: &mut Units, units: Units) {
    for (table, units) in units {
        *sum.entry(table).or_default() += units;
    }
}
