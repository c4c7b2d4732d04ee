//! An HTTP client for services outside AWS: third-party APIs and webhook receivers.
//!
//! Each client has one base URL. It keeps its connections open and never retries. A call ends at
//! the deadline, even if the server does not respond.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::http::Request;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use http::uri::InvalidUri;
use http::{StatusCode, Uri};

use crate::USER_AGENT;
use crate::config::{self, ConfigError};
use crate::telemetry::causes;

/// A client of one base URL.
#[derive(Clone, Debug)]
pub struct HttpClient {
    connector: SharedHttpConnector,
    /// The URL that all paths are appended to.
    base: String,
    deadline: Duration,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there was no response. The server may have processed the request all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpClientError {
    /// No response within the deadline.
    #[error("no response within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// No connection, or the connection ended before the response was complete.
    #[error("no response: {0}")]
    Disconnected(String),
}

impl HttpClient {
    /// A client of the base URL in this variable.
    ///
    /// # Errors
    /// When the variable is not set or holds no valid URL.
    pub fn from_env(variable: &'static str, deadline: Duration) -> Result<Self, ConfigError> {
        let url = config::required(variable)?;
        Self::new(&url, deadline)
            .map_err(|error| ConfigError::Invalid { name: variable, reason: error.to_string() })
    }

    /// A client of this base URL.
    ///
    /// # Errors
    /// When the URL is invalid.
    pub fn new(url: &str, deadline: Duration) -> Result<Self, InvalidUri> {
        let _: Uri = url.parse()?;
        let settings = HttpConnectorSettings::builder().connect_timeout(deadline).build();
        let connector = Connector::builder().connector_settings(settings);
        // Plain HTTP needs no certificates, which take time to load.
        let connector = if url.starts_with("http://") {
            connector.build_http()
        } else {
            connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
        };
        Ok(Self {
            connector: SharedHttpConnector::new(connector),
            base: url.trim_end_matches('/').to_owned(),
            deadline,
        })
    }

    /// Sends a GET request to a path below the base URL.
    ///
    /// # Errors
    /// When there is no response. A response of any status is no error.
    pub async fn get(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Response, HttpClientError> {
        self.send("GET", path, headers, String::new()).await
    }

    /// Posts JSON to a path below the base URL.
    ///
    /// # Errors
    /// When there is no response. A response of any status is no error.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Response, HttpClientError> {
        self.send("POST", path, headers, body).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Response, HttpClientError> {
        let response = self.exchange(method, path, headers, body);
        match tokio::time::timeout(self.deadline, response).await {
            Ok(response) => response.map_err(HttpClientError::Disconnected),
            Err(_) => Err(HttpClientError::Timeout(self.deadline)),
        }
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: String,
    ) -> Result<Response, String> {
        let request = self.request(method, path, headers, body)?;
        let response = self.connector.call(request).await.map_err(|error| causes(&error))?;
        let status = StatusCode::from_u16(response.status().as_u16()).map_err(|error| error.to_string())?;
        let body = ByteStream::new(response.into_body()).collect().await.map_err(|error| causes(&error))?;
        Ok(Response { status, body: body.to_vec() })
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
        let user_agent = [("user-agent", USER_AGENT)];
        for (name, value) in user_agent.into_iter().chain(headers.iter().copied()).chain(content_type) {
            // The value may be a secret, so the error must not contain it.
            let inserted = request.headers_mut().try_insert(name, value.to_owned());
            inserted.map_err(|_| format!("the header {name} cannot be sent"))?;
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_millis(100);

    fn client(url: &str) -> HttpClient {
        HttpClient::new(url, DEADLINE).unwrap()
    }

    #[test]
    fn paths_are_appended_to_the_base_url() {
        let client = client("https://pay.example.com/v1/");
        let headers = [("authorization", "Bearer k")];
        let request = client.request("POST", "/charges", &headers, "{}".to_owned()).unwrap();
        assert_eq!((request.method(), request.uri()), ("POST", "https://pay.example.com/v1/charges"));
        assert_eq!(request.headers().get("authorization"), Some("Bearer k"));
        assert_eq!(request.headers().get("content-type"), Some("application/json"));
        assert!(HttpClient::new("not a url", DEADLINE).is_err());
    }

    #[test]
    fn requests_have_a_user_agent() {
        let client = client("https://pay.example.com");
        for (method, body) in [("GET", ""), ("POST", "{}")] {
            let request = client.request(method, "/", &[], body.to_owned()).unwrap();
            let user_agent = request.headers().get("user-agent").unwrap();
            assert!(user_agent.starts_with("lambdakit/"), "{user_agent}");
        }
    }

    #[test]
    fn errors_contain_no_header_values() {
        let client = client("http://pay.example.com");
        let error = client.request("GET", "/", &[("authorization", "se\ncret")], String::new()).unwrap_err();
        assert_eq!(error, "the header authorization cannot be sent");
    }

    #[tokio::test]
    async fn unresponsive_servers_time_out() {
        // The listener never accepts a connection.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = client(&format!("http://{}", listener.local_addr().unwrap()));
        assert_eq!(silent.get("/", &[]).await, Err(HttpClientError::Timeout(DEADLINE)));
        drop(listener);
        assert!(matches!(silent.get("/", &[]).await, Err(HttpClientError::Disconnected(_))));
    }
}
