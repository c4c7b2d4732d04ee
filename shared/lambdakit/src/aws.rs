//! AWS clients with only what a function uses: keys from the environment, one HTTP pool for all
//! clients, and time limits that leave room to answer.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::config::{self, ConfigError};

/// What all clients of a function share.
#[derive(Clone, Debug)]
pub struct Aws {
    region: Region,
    credentials: Credentials,
    endpoint: Option<String>,
    http: SharedHttpClient,
}

// The clients' builders have these methods in common but no trait.
macro_rules! client {
    ($aws:expr, $sdk:ident) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region($aws.region.clone())
            .credentials_provider($aws.credentials.clone())
            .http_client($aws.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts());
        config.set_endpoint_url($aws.endpoint.clone());
        $sdk::Client::from_conf(config.build())
    }};
}

impl Aws {
    /// Region and keys as Lambda sets them, and `AWS_ENDPOINT_URL` where the AWS is a local one.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self::new(
            config::required("AWS_REGION")?,
            Credentials::new(
                config::required("AWS_ACCESS_KEY_ID")?,
                config::required("AWS_SECRET_ACCESS_KEY")?,
                config::required("AWS_SESSION_TOKEN").ok(),
                None,
                "environment",
            ),
            config::required("AWS_ENDPOINT_URL").ok(),
        ))
    }

    /// The AWS of a region, or of an endpoint.
    #[must_use]
    pub fn new(region: String, credentials: Credentials, endpoint: Option<String>) -> Self {
        // A plain-HTTP endpoint needs no certificates, which take time to load.
        let plain = endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
        let http = aws_smithy_http_client::Builder::new();
        let http = if plain {
            http.build_http()
        } else {
            http.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
        };
        Self { region: Region::new(region), credentials, endpoint, http }
    }

    /// A client of DynamoDB.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(self, aws_sdk_dynamodb)
    }

    /// A client of EventBridge.
    #[must_use]
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        client!(self, aws_sdk_eventbridge)
    }

    /// A client of SQS.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        client!(self, aws_sdk_sqs)
    }
}

/// Three attempts and their pauses fit into the shortest function timeout (10 s).
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(7))
        .build()
}
