//! A client of the local AWS for the growth benchmark.

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The local AWS treats any twelve digits as an account, if they are the access key of a call.
pub const ACCOUNT: &str = "100000000001";

/// Clients of its services. The local AWS checks no signatures, so requests are not signed.
#[derive(Clone)]
pub struct Aws {
    endpoint: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Aws {
    pub fn at(endpoint: &str) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Self { endpoint, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Calls a DynamoDB operation.
    pub async fn dynamodb(&self, operation: &str, input: &Value) -> Result<Value> {
        self.call("dynamodb", &format!("DynamoDB_20120810.{operation}"), input).await
    }

    /// Calls an SQS operation.
    pub async fn sqs(&self, operation: &str, input: &Value) -> Result<Value> {
        self.call("sqs", &format!("AmazonSQS.{operation}"), input).await
    }

    async fn call(&self, service: &str, target: &str, input: &Value) -> Result<Value> {
        let request = request(Method::POST, "/", service)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target);
        let answer = self.send(request.body(Full::new(input.to_string().into()))?).await?;
        let (head, body) = answer.into_parts();
        ensure!(head.status.is_success(), "{target}: {}", String::from_utf8_lossy(&body));
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).with_context(|| format!("{target}: the answer is not JSON"))
    }

    /// Calls S3: creates or deletes a bucket or an object.
    pub async fn s3(&self, method: Method, path: &str, content: Vec<u8>) -> Result<()> {
        let shown = format!("{method} {path}");
        let request = request(method, path, "s3").body(Full::new(content.into()))?;
        let answer = self.send(request).await?;
        ensure!(answer.status().is_success(), "{shown}: {}", String::from_utf8_lossy(answer.body()));
        Ok(())
    }

    /// Forwards a request unchanged.
    pub async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
        *request.uri_mut() = format!("{}{}", self.endpoint, request.uri().path()).parse()?;
        let answer = self.client.request(request).await.context("the local AWS does not answer")?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.context("the local AWS stopped in its answer")?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}

fn request(method: Method, path: &str, service: &str) -> hyper::http::request::Builder {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260131/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=none"
    );
    let request = Request::builder().method(method).uri(path).header("user-agent", "bench");
    request.header("authorization", authorization)
}
