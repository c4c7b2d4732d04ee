//! AWS clients for Lambda functions: credentials from the environment, one HTTP connection pool for
//! all clients, and timeouts that leave time for a response.

use std::time::Duration;

use aws_credential_types::Credentials;
#[cfg(feature = "dynamodb")]
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::http::Request as HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::Region;

use crate::config::{self, ConfigError};

/// The configuration and connections that all AWS clients of a function share.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(super) region: Region,
    pub(super) credentials: Credentials,
    endpoint: Option<String>,
    pub(super) http: SharedHttpClient,
    /// The clients' connector, for opening connections early; `None` for a plain-HTTP endpoint.
    connector: Option<SharedHttpConnector>,
    pub(super) limits: CallLimits,
}

/// The limits of one AWS call. The sequential calls of a function must fit into its timeout, so set
/// both together.
#[derive(Clone, Copy, Debug)]
pub struct CallLimits {
    /// Maximum number of attempts per call, including the first.
    pub attempts: u32,
    /// Timeout of one attempt.
    pub attempt_timeout: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { attempts: 3, attempt_timeout: Duration::from_secs(1) }
    }
}

impl CallLimits {
    /// Maximum backoff before the second attempt; it doubles with each further attempt.
    const FIRST_PAUSE: Duration = Duration::from_millis(50);

    /// Reads `AWS_MAX_ATTEMPTS`, 3 by default, and `ATTEMPT_TIMEOUT_MS`, 1,000 by default.
    ///
    /// # Errors
    /// When one of them is not a number.
    pub fn from_env() -> Result<Self, ConfigError> {
        let Self { attempts, attempt_timeout } = Self::default();
        let millis: Option<u64> = config::parsed_optional("ATTEMPT_TIMEOUT_MS")?;
        Ok(Self {
            attempts: config::parsed_optional("AWS_MAX_ATTEMPTS")?.unwrap_or(attempts),
            attempt_timeout: millis.map_or(attempt_timeout, Duration::from_millis),
        })
    }

    /// Shorter than the attempt timeout, to distinguish a failed connection from a missing
    /// response.
    fn connect_timeout(self) -> Duration {
        self.attempt_timeout * 5 / 6
    }

    pub(super) fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect_timeout())
            .operation_attempt_timeout(self.attempt_timeout)
            .build()
    }

    pub(super) fn retries(self) -> RetryConfig {
        RetryConfig::standard().with_max_attempts(self.attempts).with_initial_backoff(Self::FIRST_PAUSE)
    }
}

// The SDK config builders share these methods but no trait.
macro_rules! config {
    ($aws:expr, $sdk:ident) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($aws.region.clone())
            .credentials_provider($aws.credentials.clone())
            .http_client($aws.http.clone())
            .retry_config($aws.limits.retries())
            .timeout_config($aws.limits.timeouts())
            // Each attempt has a timeout and bodies are small, so stalled streams need no
            // detection.
            .stalled_stream_protection($sdk::config::StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url($aws.endpoint.clone());
        config
    }};
}

impl Aws {
    /// Reads region and credentials as Lambda sets them, and `AWS_ENDPOINT_URL` for a local AWS.
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self::new(
            config::required("AWS_REGION")?,
            Credentials::new(
                config::required("AWS_ACCESS_KEY_ID")?,
                config::required("AWS_SECRET_ACCESS_KEY")?,
                config::optional("AWS_SESSION_TOKEN"),
                None,
                "environment",
            ),
            config::optional("AWS_ENDPOINT_URL"),
            CallLimits::from_env()?,
        ))
    }

    /// The same, with an open connection to a service (`dynamodb`, `events`). DNS lookup,
    /// certificate checks and the TLS handshake run at init, which has the full CPU, and not while
    /// a caller waits.
    ///
    /// # Errors
    /// As [`Aws::from_env`].
    pub async fn preconnected(service: &str) -> Result<Self, ConfigError> {
        let aws = Self::from_env()?;
        aws.connect_to(service).await;
        Ok(aws)
    }

    /// Opens a connection to one more service (`email` for SES), for a function that calls several.
    pub async fn connect_to(&self, service: &str) {
        let request = HttpRequest::get(self.endpoint_of(service));
        if let (Some(connector), Ok(request)) = (&self.connector, request) {
            let answer = async {
                // Read the whole body, so that the connection returns to the pool.
                let response = connector.call(request).await.ok()?;
                ByteStream::new(response.into_body()).collect().await.ok()
            };
            // This is not an API call, so any response will do. If there is none, the first API
            // call reports why.
            tokio::time::timeout(self.limits.attempt_timeout, answer).await.ok();
        }
    }

    /// The URL of a service.
    pub(super) fn endpoint_of(&self, service: &str) -> String {
        let endpoint = self.endpoint.clone();
        endpoint.unwrap_or_else(|| format!("https://{service}.{}.amazonaws.com/", self.region))
    }

    /// The AWS clients of a region, or of an endpoint.
    #[must_use]
    pub fn new(
        region: String,
        credentials: Credentials,
        endpoint: Option<String>,
        limits: CallLimits,
    ) -> Self {
        // A plain-HTTP endpoint needs no certificates, which take time to load.
        let plain = endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
        let connector = (!plain).then(|| {
            let settings = HttpConnectorSettings::builder().connect_timeout(limits.connect_timeout()).build();
            let connector = Connector::builder().connector_settings(settings);
            SharedHttpConnector::new(connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build())
        });
        let http = match connector.clone() {
            Some(connector) => http_client_fn(move |_, _| connector.clone()),
            None => aws_smithy_http_client::Builder::new().build_http(),
        };
        Self { region: Region::new(region), credentials, endpoint, http, connector, limits }
    }

    /// A client of DynamoDB.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
        use aws_sdk_dynamodb::operation::put_item::PutItemError;
        use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

        let config = config!(self, aws_sdk_dynamodb)
            .retry_classifier(conflict_is_transient::<PutItemError>())
            .retry_classifier(conflict_is_transient::<UpdateItemError>())
            .retry_classifier(conflict_is_transient::<DeleteItemError>());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of EventBridge.
    #[cfg(feature = "eventbridge")]
    #[must_use]
    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::from_conf(config!(self, aws_sdk_eventbridge).build())
    }

    /// A client of Cognito's user pools.
    #[cfg(feature = "cognito")]
    #[must_use]
    pub fn cognito(&self) -> aws_sdk_cognitoidentityprovider::Client {
        aws_sdk_cognitoidentityprovider::Client::from_conf(
            config!(self, aws_sdk_cognitoidentityprovider).build(),
        )
    }

    /// A client of SES, without retries: a mail whose response was lost may have been sent, so a
    /// retry could send it twice.
    #[cfg(feature = "mail")]
    #[must_use]
    pub fn mail(&self) -> aws_sdk_sesv2::Client {
        let config = config!(self, aws_sdk_sesv2).retry_config(RetryConfig::disabled());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }

    /// A client of SNS.
    #[cfg(feature = "sns")]
    #[must_use]
    pub fn topics(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::from_conf(config!(self, aws_sdk_sns).build())
    }

    /// A client of Step Functions.
    #[cfg(feature = "workflow")]
    #[must_use]
    pub fn workflows(&self) -> aws_sdk_sfn::Client {
        aws_sdk_sfn::Client::from_conf(config!(self, aws_sdk_sfn).build())
    }

    /// A client of EventBridge Scheduler.
    #[cfg(feature = "schedule")]
    #[must_use]
    pub fn scheduler(&self) -> aws_sdk_scheduler::Client {
        aws_sdk_scheduler::Client::from_conf(config!(self, aws_sdk_scheduler).build())
    }

    /// A client of the connections of a WebSocket API's stage, which has this callback URL.
    #[cfg(feature = "websocket")]
    #[must_use]
    pub fn connections(&self, callback_url: &str) -> aws_sdk_apigatewaymanagement::Client {
        let mut config = config!(self, aws_sdk_apigatewaymanagement);
        config.set_endpoint_url(Some(callback_url.to_owned()));
        aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
    }

    /// A client of SQS.
    #[cfg(feature = "sqs")]
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::from_conf(config!(self, aws_sdk_sqs).build())
    }
}

/// Classifies a conflict with another transaction as transient. By default the SDK does not retry
/// it.
#[cfg(feature = "dynamodb")]
fn conflict_is_transient<E>() -> AwsErrorCodeClassifier<E> {
    AwsErrorCodeClassifier::builder().transient_errors(vec!["TransactionConflictException"]).build()
}
