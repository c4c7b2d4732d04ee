//! A client of what is no AWS service: the API of another company, or a webhook of a program that waits for one.
//!
//! Each client knows one place. Its connections are kept, it never tries again by itself, and a call ends at the
//! deadline, whatever the other side does.
//!
//! An AWS of one's own (`AWS_ENDPOINT_URL`) also serves what AWS would under a name of its own: the URLs of functions
//! and of APIs. Nobody can look those names up, so such a call goes to the endpoint, with the name in its `Host`, as
//! with any AWS SDK.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::http::Request;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use axum::http::uri::InvalidUri;
use axum::http::{StatusCode, Uri};

use crate::config::{self, ConfigError};

/// What the names of AWS end in that belong to customers' functions and APIs.
const OF_AWS: [&str; 2] = [".amazonaws.com", ".on.aws"];

/// A client of one place.
#[derive(Clone, Debug)]
pub struct Http {
    connector: SharedHttpConnector,
    /// Scheme and authority that connections go to, and the path that all others are below.
    base: String,
    /// Where the place's own name is another one.
    host: Option<String>,
    deadline: Duration,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there was no answer. What was asked for may have been done all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Not within the deadline.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// No connection, or one that ended before the answer did.
    #[error("no answer: {0}")]
    Lost(String),
}

impl Http {
    /// A client of the place whose URL is in this variable.
    ///
    /// # Errors
    /// When the variable is not there or holds no URL.
    pub fn from_env(variable: &'static str, deadline: Duration) -> Result<Self, ConfigError> {
        let url = config::required(variable)?;
        let endpoint = config::required("AWS_ENDPOINT_URL").ok();
        Self::new(&url, endpoint.as_deref(), deadline)
            .map_err(|error| ConfigError::Invalid { name: variable, reason: error.to_string() })
    }

    /// A client of the place at this URL. Names of AWS are found at the endpoint, if there is one.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn new(url: &str, endpoint: Option<&str>, deadline: Duration) -> Result<Self, InvalidUri> {
        let uri: Uri = url.parse()?;
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let of_aws = OF_AWS.iter().any(|suffix| uri.host().is_some_and(|host| host.ends_with(suffix)));
        let endpoint = endpoint.filter(|_| of_aws);
        let origin = match endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("{}://{authority}", uri.scheme_str().unwrap_or("https")),
        };
        let settings = HttpConnectorSettings::builder().connect_timeout(deadline).build();
        let connector = Connector::builder().connector_settings(settings);
        // Certificates take time to load, which a plain connection need not.
        let connector = if origin.starts_with("http://") {
            connector.build_http()
        } else {
            connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
        };
        Ok(Self {
            connector: SharedHttpConnector::new(connector),
            base: format!("{origin}{}", uri.path().trim_end_matches('/')),
            host: endpoint.map(|_| authority),
            deadline,
        })
    }

    /// Asks for what is at a path below the place.
    ///
    /// # Errors
    /// When there is no answer, of whatever status.
    pub async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Answer, NoAnswer> {
        self.send("GET", path, headers, String::new()).await
    }

    /// Sends JSON to a path below the place.
    ///
    /// # Errors
    /// When there is no answer, of whatever status.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Answer, NoAnswer> {
        self.send("POST", path, headers, body).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Answer, NoAnswer> {
        let answer = self.exchange(method, path, headers, body);
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(answer) => answer.map_err(NoAnswer::Lost),
            Err(_) => Err(NoAnswer::Late(self.deadline)),
        }
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Answer, String> {
        let request = self.request(method, path, headers, body)?;
        let response = self.connector.call(request).await.map_err(|error| causes(&error))?;
        let status = StatusCode::from_u16(response.status().as_u16()).map_err(|error| error.to_string())?;
        let body = ByteStream::new(response.into_body()).collect().await.map_err(|error| causes(&error))?;
        Ok(Answer { status, body: body.to_vec() })
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Request, String> {
        let has_body = !body.is_empty();
        let mut request = Request::new(SdkBody::from(body));
        request.set_method(method).map_err(|error| error.to_string())?;
        request.set_uri(format!("{}{path}", self.base)).map_err(|error| error.to_string())?;
        let content_type = has_body.then_some(("content-type", "application/json"));
        let host = self.host.as_deref().map(|host| ("host", host));
        for (name, value) in headers.iter().copied().chain(content_type).chain(host) {
            // The value may be a secret, so the error must not tell it.
            let inserted = request.headers_mut().try_insert(name, value.to_owned());
            inserted.map_err(|_| format!("the header {name} cannot be sent"))?;
        }
        Ok(request)
    }
}

/// An error with all that caused it.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        causes = format!("{causes}: {error}");
        next = error.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_millis(100);

    fn client(url: &str, endpoint: Option<&str>) -> Http {
        Http::new(url, endpoint, DEADLINE).unwrap()
    }

    fn sent(client: &Http, headers: &[(&'static str, &str)]) -> Request {
        client.request("POST", "/charges", headers, "{}".to_owned()).unwrap()
    }

    #[test]
    fn a_place_is_called_by_its_name() {
        for endpoint in [None, Some("http://127.0.0.1:4566")] {
            let request =
                sent(&client("http://pay.example.com/v1/", endpoint), &[("authorization", "Bearer k")]);
            assert_eq!(request.uri(), "http://pay.example.com/v1/charges");
            assert_eq!(request.headers().get("authorization"), Some("Bearer k"));
            assert_eq!(request.headers().get("content-type"), Some("application/json"));
            assert_eq!(request.headers().get("host"), None);
        }
    }

    #[test]
    fn a_name_of_aws_is_found_at_an_aws_of_ones_own() {
        let url = "https://abc.lambda-url.eu-central-1.on.aws/";
        let request = sent(&client(url, Some("http://127.0.0.1:4566/")), &[]);
        assert_eq!(request.uri(), "http://127.0.0.1:4566/charges");
        assert_eq!(request.headers().get("host"), Some("abc.lambda-url.eu-central-1.on.aws"));
        assert_eq!(sent(&client(url, None), &[]).uri(), format!("{url}charges"));
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_not_told() {
        let client = client("http://pay.example.com", None);
        let error = client.request("GET", "/", &[("authorization", "se\ncret")], String::new()).unwrap_err();
        assert_eq!(error, "the header authorization cannot be sent");
    }

    #[tokio::test]
    async fn who_does_not_answer_is_not_waited_for() {
        // Connections are made, and nobody takes them.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = client(&format!("http://{}", listener.local_addr().unwrap()), None);
        assert_eq!(silent.get("/", &[]).await, Err(NoAnswer::Late(DEADLINE)));
        drop(listener);
        assert!(matches!(silent.get("/", &[]).await, Err(NoAnswer::Lost(_))));
    }
}
