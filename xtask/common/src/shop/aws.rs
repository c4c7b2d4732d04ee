//! AWS API calls, local or real. The few operations do not justify as many SDK crates: `cargo xtask`
//! is built first on every fresh checkout. Real signatures and TLS are left to the operators'
//! commands, for the same reason.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::config::ConfigBuilder;
use ureq::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use ureq::typestate::AgentScope;

pub use ureq::http::Request;

/// The local AWS treats a twelve-digit access key as an account of its own.
pub const ACCOUNT: &str = "000000000000";
pub const SECRET_KEY: &str = "test";
pub const REGION: &str = "us-east-1";

pub(super) const S3: &str = "s3";
pub(super) const CLOUDFRONT: &str = "cloudfront";

/// AWS services by the names they are signed for.
#[derive(Clone, Copy)]
pub enum Service {
    Sqs,
    Logs,
    Cognito,
    DynamoDb,
    EventBridge,
    Ssm,
    StepFunctions,
}

impl Service {
    fn signing_name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Logs => "logs",
            Self::Cognito => "cognito-idp",
            Self::DynamoDb => "dynamodb",
            Self::EventBridge => "events",
            Self::Ssm => "ssm",
            Self::StepFunctions => "states",
        }
    }

    fn target(self, operation: &str) -> String {
        match self {
            Self::Sqs => format!("AmazonSQS.{operation}"),
            Self::Logs => format!("Logs_20140328.{operation}"),
            Self::Cognito => format!("AWSCognitoIdentityProviderService.{operation}"),
            Self::DynamoDb => format!("DynamoDB_20120810.{operation}"),
            Self::EventBridge => format!("AWSEvents.{operation}"),
            Self::Ssm => format!("AmazonSSM.{operation}"),
            Self::StepFunctions => format!("AWSStepFunctions.{operation}"),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Sqs | Self::DynamoDb | Self::StepFunctions => "application/x-amz-json-1.0",
            Self::Logs | Self::Cognito | Self::EventBridge | Self::Ssm => "application/x-amz-json-1.1",
        }
    }
}

/// Authenticates requests to AWS.
pub trait Sign {
    /// Adds the headers of a signature for `service` in `region`.
    fn sign(&self, request: &mut Request<Vec<u8>>, service: &str, region: &str) -> Result<()>;
}

/// Names the account, service and region. The local AWS reads these from a signature, and does not
/// verify the one of an account's root.
struct LocalSigner;

impl Sign for LocalSigner {
    fn sign(&self, request: &mut Request<Vec<u8>>, service: &str, region: &str) -> Result<()> {
        let scope = format!("{ACCOUNT}/20000101/{region}/{service}/aws4_request");
        let header =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={SECRET_KEY}");
        let header = HeaderValue::from_str(&header).context("malformed request")?;
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }
}

pub struct Aws {
    /// Endpoint of the local AWS, the same for all services.
    endpoint: Option<String>,
    region: String,
    /// None for unauthenticated calls.
    signer: Option<Box<dyn Sign>>,
    agent: ureq::Agent,
}

impl Aws {
    /// The local AWS.
    pub fn local(endpoint: &str) -> Self {
        Self {
            endpoint: Some(endpoint.to_owned()),
            region: REGION.to_owned(),
            signer: Some(Box::new(LocalSigner)),
            agent: agent(),
        }
    }

    /// The real AWS.
    pub fn of(signer: impl Sign + 'static, region: &str) -> Self {
        Self {
            endpoint: None,
            region: region.to_owned(),
            signer: Some(Box::new(signer)),
            agent: configured(ureq::Agent::config_builder()),
        }
    }

    /// Either AWS without credentials, for signing in to the shop.
    pub fn anonymous(endpoint: Option<&str>, region: &str) -> Self {
        Self {
            endpoint: endpoint.map(str::to_owned),
            region: region.to_owned(),
            signer: None,
            agent: match endpoint {
                Some(_) => agent(),
                None => configured(ureq::Agent::config_builder()),
            },
        }
    }

    /// Calls an operation of a service that speaks JSON.
    pub fn call(&self, service: Service, operation: &str, input: &Value) -> Result<Value> {
        let target = service.target(operation);
        let headers = [("content-type", service.content_type()), ("x-amz-target", &target)];
        let answer = self.send("POST", service.signing_name(), "/", &headers, &input.to_string());
        let answer = answer.with_context(|| format!("{operation} failed"))?;
        serde_json::from_str(&answer).with_context(|| format!("{operation} answered what is not JSON"))
    }

    /// Invokes a function and returns its response.
    pub fn invoke(&self, function: &str, payload: &Value) -> Result<Value> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let answer = self.request("POST", "lambda", &path, &[], payload.to_string().as_bytes());
        let (headers, text) = answer.with_context(|| format!("cannot invoke {function}"))?;
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if headers.contains_key("x-amz-function-error") {
            bail!("{function} failed: {}", answer["errorMessage"].as_str().unwrap_or(&text));
        }
        Ok(answer)
    }

    /// Queues an event for a function: Lambda invokes it, and retries it.
    pub fn invoke_later(&self, function: &str, payload: &Value) -> Result<()> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let headers = [("x-amz-invocation-type", "Event")];
        let answer = self.request("POST", "lambda", &path, &headers, payload.to_string().as_bytes());
        answer.map(drop).with_context(|| format!("cannot invoke {function}"))
    }

    /// The ARNs of the sources whose records Lambda passes to a function.
    pub fn event_sources(&self, function: &str) -> Result<Vec<String>> {
        let path = format!("/2015-03-31/event-source-mappings/?FunctionName={function}");
        let answer = self.send("GET", "lambda", &path, &[], "");
        let answer = answer.with_context(|| format!("cannot look up the event sources of {function}"))?;
        let answer: Value = serde_json::from_str(&answer).context("Lambda answered what is not JSON")?;
        let mappings = answer["EventSourceMappings"].as_array().into_iter().flatten();
        Ok(mappings.filter_map(|mapping| mapping["EventSourceArn"].as_str().map(str::to_owned)).collect())
    }

    /// The number of schedules in a group, up to the hundred of one response.
    pub fn schedules(&self, group: &str) -> Result<usize> {
        let path = format!("/schedules?ScheduleGroup={group}&MaxResults=100");
        let answer = self.send("GET", "scheduler", &path, &[], "");
        let answer = answer.with_context(|| format!("cannot list the schedules of {group}"))?;
        let answer: Value = serde_json::from_str(&answer).context("Scheduler answered what is not JSON")?;
        Ok(answer["Schedules"].as_array().map_or(0, Vec::len))
    }

    /// The endpoints that subscribe to a topic.
    pub fn subscribers(&self, topic_arn: &str) -> Result<Vec<String>> {
        let form = format!("Action=ListSubscriptionsByTopic&Version=2010-03-31&TopicArn={topic_arn}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send("POST", "sns", "/", &headers, &form);
        let answer = answer.with_context(|| format!("cannot list the subscribers of {topic_arn}"))?;
        let endpoints = answer.split("<Endpoint>").skip(1);
        Ok(endpoints.filter_map(|rest| rest.split('<').next().map(str::to_owned)).collect())
    }

    /// The log group a function writes to.
    pub fn log_group(&self, function: &str) -> Result<String> {
        let configuration = self.configuration(function)?;
        let configured = configuration["LoggingConfig"]["LogGroup"].as_str().map(str::to_owned);
        Ok(configured.unwrap_or_else(|| format!("/aws/lambda/{function}")))
    }

    /// The environment variables of a function.
    pub fn variables(&self, function: &str) -> Result<BTreeMap<String, String>> {
        let mut configuration = self.configuration(function)?;
        serde_json::from_value(configuration["Environment"]["Variables"].take())
            .with_context(|| format!("the function {function} has no variables"))
    }

    fn configuration(&self, function: &str) -> Result<Value> {
        let path = format!("/2015-03-31/functions/{function}/configuration");
        let answer = self.send("GET", "lambda", &path, &[], "");
        let answer = answer.with_context(|| format!("cannot look up the function {function}"))?;
        serde_json::from_str(&answer).context("Lambda answered what is not JSON")
    }

    /// The status of a deployed stack, such as `CREATE_COMPLETE`; none if there is no such stack.
    pub fn stack_status(&self, stack: &str) -> Result<Option<String>> {
        Ok(self.describe_stack(stack)?.map(|(status, _)| status))
    }

    /// The outputs of a deployed stack, unless it is being deleted.
    pub fn stack_outputs(&self, stack: &str) -> Result<Option<BTreeMap<String, String>>> {
        let described = self.describe_stack(stack)?;
        let Some((_, answer)) = described.filter(|(status, _)| !status.starts_with("DELETE_")) else {
            return Ok(None);
        };
        let (_, outputs) = answer.split_once("<Outputs>").unwrap_or_default();
        let (outputs, _) = outputs.split_once("</Outputs>").unwrap_or_default();
        let output = |member| {
            Some((element(member, "OutputKey")?.to_owned(), element(member, "OutputValue")?.to_owned()))
        };
        Ok(Some(outputs.split("<member>").filter_map(output).collect()))
    }

    /// The status and the description of a stack that is not deleted.
    fn describe_stack(&self, stack: &str) -> Result<Option<(String, String)>> {
        let form = format!("Action=DescribeStacks&Version=2010-05-15&StackName={stack}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = match self.send("POST", "cloudformation", "/", &headers, &form) {
            Err(error) if error.downcast_ref().is_some_and(Refusal::is_of_missing_stack) => return Ok(None),
            answer => answer.with_context(|| format!("cannot look up the stack {stack}"))?,
        };
        let status = element(&answer, "StackStatus").with_context(|| format!("{stack} has no status"))?;
        let status = status.to_owned();
        Ok((status != "DELETE_COMPLETE").then_some((status, answer)))
    }

    /// The status of each of these stacks that exists.
    pub fn stack_statuses(&self, stacks: &[String]) -> Result<BTreeMap<String, String>> {
        let status = |stack: &String| Ok(self.stack_status(stack)?.map(|status| (stack.clone(), status)));
        stacks.iter().filter_map(|stack| status(stack).transpose()).collect()
    }

    /// Starts to delete a stack.
    pub fn delete_stack(&self, stack: &str) -> Result<()> {
        let form = format!("Action=DeleteStack&Version=2010-05-15&StackName={stack}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send("POST", "cloudformation", "/", &headers, &form);
        answer.map(drop).with_context(|| format!("cannot delete {stack}"))
    }

    fn send(
        &self,
        method: &str,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<String> {
        self.request(method, service, path, headers, body.as_bytes()).map(|(_, text)| text)
    }

    /// Sends a request, and returns the headers and the body of a successful response.
    pub(super) fn request(
        &self,
        method: &str,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(HeaderMap, String)> {
        let endpoint = self.endpoint.clone().unwrap_or_else(|| endpoint(service, &self.region));
        let url = format!("{endpoint}{path}");
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.to_vec()).context("malformed request")?;
        if let Some(signer) = &self.signer {
            // CloudFront is one service for all regions.
            let region = if service == CLOUDFRONT { "us-east-1" } else { &self.region };
            signer.sign(&mut request, service, region)?;
        }
        let mut answer = self.agent.run(request).with_context(|| match self.endpoint {
            Some(_) => format!("the local AWS at {endpoint} does not answer; `cargo xtask up` starts it"),
            None => format!("{endpoint} does not answer; is this machine online?"),
        })?;
        let text = answer.body_mut().read_to_string().context("the answer broke off")?;
        if !answer.status().is_success() {
            return Err(Refusal::of(answer.status().as_u16(), &text).into());
        }
        Ok((answer.headers().clone(), text))
    }
}

/// An HTTP client that returns every status as a response and always times out eventually.
pub fn agent() -> ureq::Agent {
    // Requests to this machine bypass the network's proxy.
    configured(ureq::Agent::config_builder().proxy(None))
}

fn configured(config: ConfigBuilder<AgentScope>) -> ureq::Agent {
    config.http_status_as_error(false).timeout_global(Some(Duration::from_secs(30))).build().into()
}

/// The Cognito endpoint for browsers and Postman.
pub fn cognito_url(local: Option<&str>, region: &str) -> String {
    local.map_or_else(|| endpoint(Service::Cognito.signing_name(), region), str::to_owned)
}

fn endpoint(service: &str, region: &str) -> String {
    if service == CLOUDFRONT {
        return "https://cloudfront.amazonaws.com".to_owned();
    }
    let country = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{service}.{region}.amazonaws.com{country}")
}

/// An error response of AWS.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    /// Error code such as `NotAuthorizedException`; empty when AWS sent none.
    pub kind: String,
    pub message: String,
}

impl Refusal {
    /// From JSON, or from XML as `CloudFormation` answers.
    fn of(status: u16, text: &str) -> Self {
        let error: Value = serde_json::from_str(text).unwrap_or_default();
        let kind = error["__type"].as_str().or_else(|| element(text, "Code")).unwrap_or_default();
        let message = error["message"].as_str().or(error["Message"].as_str());
        let message = message.or_else(|| element(text, "Message")).unwrap_or(text);
        Self {
            status,
            // Some services prefix it with a namespace.
            kind: kind.rsplit('#').next().unwrap_or_default().to_owned(),
            message: message.to_owned(),
        }
    }

    /// `CloudFormation` has no error code for it.
    fn is_of_missing_stack(&self) -> bool {
        self.kind == "ValidationError" && self.message.ends_with("does not exist")
    }
}

/// The text of the first such element of an XML document.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(text, _)| text)
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "answered {}: {}", self.status, self.message)
    }
}

impl std::error::Error for Refusal {}

/// An AWS for tests.
#[cfg(test)]
pub(crate) mod fake {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    use super::Aws;

    /// An AWS that answers one request, which the thread returns.
    pub(crate) fn answering(status: u16, body: &'static str) -> (Aws, JoinHandle<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let aws = Aws::local(&format!("http://{}", listener.local_addr().unwrap()));
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let is_whole = |request: &[u8]| {
                let text = String::from_utf8_lossy(request).to_lowercase();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
                let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                length.is_none_or(|length| body.len() >= length.parse().unwrap())
            };
            while !is_whole(&request) {
                let mut part = [0; 4096];
                let length = stream.read(&mut part).unwrap();
                request.extend(&part[..length]);
            }
            let head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all((head + body).as_bytes()).unwrap();
            String::from_utf8_lossy(&request).into_owned()
        });
        (aws, server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_endpoints_of_its_own() {
        assert_eq!(endpoint("sqs", "eu-west-1"), "https://sqs.eu-west-1.amazonaws.com");
        assert_eq!(endpoint("cloudfront", "eu-west-1"), "https://cloudfront.amazonaws.com");
        assert_eq!(endpoint("logs", "cn-north-1"), "https://logs.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn a_refusal_shows_the_message_of_aws() {
        let refusal = Refusal::of(400, r#"{"__type": "com.amazonaws.sqs#X", "message": "no such queue"}"#);
        assert_eq!(
            (refusal.kind.as_str(), refusal.to_string().as_str()),
            ("X", "answered 400: no such queue")
        );
        assert_eq!(Refusal::of(400, "<html>").to_string(), "answered 400: <html>");
    }

    #[test]
    fn a_stack_has_a_status_or_is_missing_and_other_answers_are_errors() {
        let status = |status, body| fake::answering(status, body).0.stack_status("ferrocart-dev-audit");
        let there = "<member><StackName>x</StackName><StackStatus>DELETE_FAILED</StackStatus></member>";
        assert_eq!(status(200, there).unwrap().as_deref(), Some("DELETE_FAILED"));
        let missing = "<Code>ValidationError</Code><Message>Stack with id x does not exist</Message>";
        assert_eq!(status(400, missing).unwrap(), None);
        let expired = "<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message>";
        let error = format!("{:#}", status(403, expired).unwrap_err());
        assert!(
            error.contains("ferrocart-dev-audit")
                && error.contains("token included in the request is expired"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_stack_is_known_from_other_refusals() {
        let refusal = |code: &str, message: &str| {
            let error =
                format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
            Refusal::of(400, &format!("<ErrorResponse>{error}</ErrorResponse>"))
        };
        let missing = refusal("ValidationError", "Stack with id ferrocart-dev does not exist");
        assert!(missing.is_of_missing_stack());
        let expired = refusal("ExpiredToken", "The security token included in the request is expired");
        assert!(!expired.is_of_missing_stack());
        assert_eq!(
            expired.to_string(),
            "answered 400: The security token included in the request is expired"
        );
        assert!(!refusal("ValidationError", "1 validation error detected").is_of_missing_stack());
    }
}
