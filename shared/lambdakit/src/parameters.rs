//! Parameters and secrets of SSM Parameter Store, which may change while a function runs.
//!
//! A function's environment has the name of a parameter, and never its value. A [`Parameter`] is
//! read when the function starts, a [`LazyParameter`] when it is used first: for a value that is
//! stored after the function is deployed.
//!
//! A value is cached for [`TIME_TO_LIVE`]. The first use after that starts a refresh and still
//! returns the old value, so no invocation waits. If the refresh fails, the old value stays, the
//! next log line has a `refreshError`, and a use after [`RETRY_PAUSE`] starts another refresh. An
//! execution environment that was idle therefore uses the old value once.
//!
//! Values are decoded by [`FromStr`], for example into a `String`, a number, a
//! [`Secret`] or [`WebhookSecrets`](crate::webhooks::WebhookSecrets); JSON is decoded into
//! [`Json`].

use std::any::type_name;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::aws::{Aws, AwsError, Ssm};
use crate::config::{self, ConfigError};
use crate::json::{self, Unreadable};
use crate::masking::Redacted;
use crate::telemetry;

/// How long a value is cached: as long as by default in Powertools for AWS Lambda (Python). While
/// an environment is busy, a change takes effect within this time.
pub const TIME_TO_LIVE: Duration = Duration::from_mins(5);
/// The least time between two refreshes. It is longer than one takes with its retries.
pub const RETRY_PAUSE: Duration = Duration::from_secs(30);

/// Error codes of a parameter, or a version of one, that does not exist.
const NOT_FOUND: [&str; 2] = ["ParameterNotFound", "ParameterVersionNotFound"];

/// Why a parameter has no value. The error has its name, and never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// No parameter has this name.
    #[error("there is no parameter {0}")]
    NotFound(String),
    /// The value cannot be decoded.
    #[error("the parameter {name} is no valid {expected}")]
    Invalid {
        /// Name of the parameter.
        name: String,
        /// The type that it is decoded into.
        expected: &'static str,
    },
    /// The call of SSM failed.
    #[error("cannot read the parameter {name}")]
    Unavailable {
        /// Name of the parameter.
        name: String,
        /// Why the call failed.
        source: AwsError,
    },
}

/// A parameter whose value is always known. Clones share it.
pub struct Parameter<T>(Arc<Shared<T>>);

/// A parameter that is read when it is used first. Clones share it.
pub struct LazyParameter<T> {
    source: Source,
    parameter: Arc<OnceCell<Parameter<T>>>,
}

/// A value that a parameter has as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

struct Shared<T> {
    /// `None` for a fixed value.
    source: Option<Source>,
    cached: Mutex<Cached<T>>,
}

struct Cached<T> {
    /// An unchanged text is not decoded again.
    text: Redacted<String>,
    value: Arc<T>,
    refresh_at: Instant,
    /// Why the last refresh failed, until it is logged.
    error: Option<ParameterError>,
}

/// Where a parameter is read.
#[derive(Clone, Debug)]
struct Source {
    ssm: Ssm,
    name: String,
    time_to_live: Duration,
}

impl<T: FromStr + Send + Sync + 'static> Parameter<T> {
    /// Reads the parameter whose name is in this variable.
    ///
    /// # Errors
    /// When the variable is not set, or the parameter cannot be read or decoded.
    pub async fn from_env(aws: &Aws, variable: &'static str) -> Result<Self, ConfigError> {
        let read = Self::read(aws, config::required(variable)?, TIME_TO_LIVE).await;
        read.map_err(|error| ConfigError::Invalid { name: variable, reason: telemetry::causes(&error) })
    }

    /// Reads the parameter of this name, and refreshes it when it is older than `time_to_live`.
    ///
    /// # Errors
    /// When the parameter cannot be read or decoded.
    pub async fn read(aws: &Aws, name: String, time_to_live: Duration) -> Result<Self, ParameterError> {
        Self::first(Source { ssm: aws.ssm(), name, time_to_live }).await
    }

    /// The current value. It may start a refresh, which needs a Tokio runtime.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        let mut cached = self.0.cached();
        if let Some(error) = cached.error.take() {
            telemetry::add_to_set("refreshError", &telemetry::causes(&error));
        }
        if let Some(source) = &self.0.source {
            let now = Instant::now();
            if cached.refresh_at <= now {
                cached.refresh_at = now + source.retry_pause();
                tokio::spawn(Arc::clone(&self.0).refresh(source.clone()));
            }
        }
        Arc::clone(&cached.value)
    }

    async fn first(source: Source) -> Result<Self, ParameterError> {
        let text = source.text().await?;
        let value = Arc::new(source.decode(&text)?);
        let refresh_at = Instant::now() + source.time_to_live;
        let cached = Mutex::new(Cached { text, value, refresh_at, error: None });
        Ok(Self(Arc::new(Shared { source: Some(source), cached })))
    }
}

impl<T> Parameter<T> {
    /// A parameter that always has this value, for code that runs without SSM.
    #[must_use]
    pub fn fixed(value: T) -> Self {
        let text = Redacted::default();
        let cached = Cached { text, value: Arc::new(value), refresh_at: Instant::now(), error: None };
        Self(Arc::new(Shared { source: None, cached: Mutex::new(cached) }))
    }
}

impl<T: FromStr> Shared<T> {
    async fn refresh(self: Arc<Self>, source: Source) {
        let read = source.text().await;
        let mut cached = self.cached();
        let changed = read.and_then(|text| {
            let is_known = text.reveal() == cached.text.reveal();
            let value = if is_known { None } else { Some(Arc::new(source.decode(&text)?)) };
            Ok((text, value))
        });
        match changed {
            Ok((text, value)) => {
                cached.text = text;
                if let Some(value) = value {
                    cached.value = value;
                }
                cached.refresh_at = Instant::now() + source.time_to_live;
            }
            Err(error) => cached.error = Some(error),
        }
    }
}

impl<T> Shared<T> {
    fn cached(&self) -> MutexGuard<'_, Cached<T>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: FromStr + Send + Sync + 'static> LazyParameter<T> {
    /// The parameter whose name is in this variable.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn from_env(aws: &Aws, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(aws, config::required(variable)?))
    }

    /// The parameter of this name.
    #[must_use]
    pub fn new(aws: &Aws, name: String) -> Self {
        let source = Source { ssm: aws.ssm(), name, time_to_live: TIME_TO_LIVE };
        Self { source, parameter: Arc::default() }
    }

    /// The current value. Concurrent first uses read it once; a failed one leaves it to the next.
    ///
    /// # Errors
    /// When the first read fails.
    pub async fn get(&self) -> Result<Arc<T>, ParameterError> {
        let parameter = self.parameter.get_or_try_init(|| Parameter::first(self.source.clone())).await?;
        Ok(parameter.get())
    }
}

impl Source {
    fn retry_pause(&self) -> Duration {
        RETRY_PAUSE.min(self.time_to_live)
    }

    async fn text(&self) -> Result<Redacted<String>, ParameterError> {
        self.ssm.get_parameter(&self.name).await.map_err(|error| {
            let name = self.name.clone();
            if error.code().is_some_and(|code| NOT_FOUND.contains(&code)) {
                ParameterError::NotFound(name)
            } else {
                ParameterError::Unavailable { name, source: error.into() }
            }
        })
    }

    /// The error of `FromStr` is dropped, because it may contain the value.
    fn decode<T: FromStr>(&self, text: &Redacted<String>) -> Result<T, ParameterError> {
        let invalid = |_| ParameterError::Invalid { name: self.name.clone(), expected: type_name::<T>() };
        text.reveal().parse().map_err(invalid)
    }
}

impl<T: DeserializeOwned> FromStr for Json<T> {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        json::read(text).map(Self)
    }
}

impl<T> Clone for Parameter<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Clone for LazyParameter<T> {
    fn clone(&self) -> Self {
        Self { source: self.source.clone(), parameter: Arc::clone(&self.parameter) }
    }
}

impl<T> fmt::Debug for Parameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.source.as_ref().map_or("a fixed value", |source| &source.name);
        f.debug_tuple("Parameter").field(&name).finish()
    }
}

impl<T> fmt::Debug for LazyParameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyParameter").field(&self.source.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};

    use aws_credential_types::Credentials;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::CallLimits;
    use crate::masking::Secret;

    const NAME: &str = "/shop/test/key";

    /// SSM with one parameter.
    #[derive(Clone)]
    struct FakeSsm {
        endpoint: String,
        state: Arc<Mutex<State>>,
    }

    struct State {
        /// Status and body of each response.
        answer: (u16, String),
        requests: Vec<Request>,
    }

    #[derive(Clone)]
    struct Request {
        headers: BTreeMap<String, String>,
        body: Value,
    }

    impl FakeSsm {
        fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let endpoint = format!("http://{}", listener.local_addr().unwrap());
            let state = Arc::new(Mutex::new(State { answer: (500, String::new()), requests: Vec::new() }));
            let ssm = Self { endpoint, state };
            let server = ssm.clone();
            std::thread::spawn(move || listener.incoming().for_each(|stream| server.serve(stream.unwrap())));
            ssm
        }

        fn with(value: &str) -> Self {
            let ssm = Self::start();
            ssm.put(value);
            ssm
        }

        fn serve(&self, mut stream: TcpStream) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let headers = reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty());
            let headers: BTreeMap<String, String> = headers
                .filter_map(|line| {
                    line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                })
                .collect();
            let mut body = vec![0; headers["content-length"].parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let mut state = self.state.lock().unwrap();
            state.requests.push(Request { headers, body: serde_json::from_slice(&body).unwrap() });
            let (status, body) = &state.answer;
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }

        fn answer(&self, status: u16, body: &Value) {
            self.state.lock().unwrap().answer = (status, body.to_string());
        }

        fn put(&self, value: &str) {
            self.answer(200, &json!({ "Parameter": { "Name": NAME, "Value": value } }));
        }

        fn requests(&self) -> Vec<Request> {
            self.state.lock().unwrap().requests.clone()
        }

        fn aws(&self) -> Aws {
            let credentials = Credentials::new("AKID", "hush", Some("token".to_owned()), None, "test");
            let limits = CallLimits { attempts: 2, attempt_timeout: Duration::from_secs(5) };
            Aws::new("eu-west-1".to_owned(), credentials, Some(self.endpoint.clone()), limits)
        }

        async fn read<T: FromStr + Send + Sync + 'static>(
            &self,
            time_to_live: Duration,
        ) -> Result<Parameter<T>, ParameterError> {
            Parameter::read(&self.aws(), NAME.to_owned(), time_to_live).await
        }
    }

    /// Uses a parameter until a check of its value holds.
    async fn eventually<T: FromStr + Send + Sync + 'static>(
        parameter: &Parameter<T>,
        holds: impl Fn(&T) -> bool,
    ) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !holds(&parameter.get()) {
            assert!(Instant::now() < deadline, "the value has not changed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_parameter_is_read_decrypted_by_a_signed_request() {
        let ssm = FakeSsm::with("hush");
        let parameter = ssm.read::<Secret>(TIME_TO_LIVE).await.unwrap();
        assert_eq!(parameter.get().reveal(), "hush");
        let [Request { headers, body }] = &ssm.requests()[..] else { panic!("one request") };
        assert_eq!(*body, json!({ "Name": NAME, "WithDecryption": true }));
        assert_eq!(headers["x-amz-target"], "AmazonSSM.GetParameter");
        assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
        assert_eq!(headers["x-amz-security-token"], "token");
        let authorization = &headers["authorization"];
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{authorization}");
        assert!(authorization.contains("/eu-west-1/ssm/aws4_request"), "{authorization}");
    }

    #[tokio::test]
    async fn values_are_cached_for_their_time_to_live() {
        let ssm = FakeSsm::with("1");
        let parameter = ssm.read::<u8>(TIME_TO_LIVE).await.unwrap();
        ssm.put("2");
        for _ in 0..3 {
            assert_eq!(*parameter.get(), 1);
            tokio::task::yield_now().await;
        }
        assert_eq!(ssm.requests().len(), 1);
    }

    #[tokio::test]
    async fn old_values_are_used_while_a_refresh_runs() {
        let ssm = FakeSsm::with("1");
        let parameter = ssm.read::<u8>(Duration::ZERO).await.unwrap();
        ssm.put("2");
        assert_eq!(*parameter.get(), 1);
        eventually(&parameter.clone(), |value| *value == 2).await;
    }

    #[tokio::test]
    async fn one_refresh_runs_at_a_time() {
        let ssm = FakeSsm::with("1");
        let parameter = ssm.read::<u8>(TIME_TO_LIVE).await.unwrap();
        ssm.put("2");
        parameter.0.cached().refresh_at = Instant::now();
        for _ in 0..100 {
            assert_eq!(*parameter.get(), 1);
        }
        eventually(&parameter, |value| *value == 2).await;
        assert_eq!(ssm.requests().len(), 2);
    }

    #[tokio::test]
    async fn unchanged_values_are_not_decoded_again() {
        let ssm = FakeSsm::with("1");
        let parameter = ssm.read::<String>(Duration::ZERO).await.unwrap();
        let first = parameter.get();
        eventually(&parameter, |_| ssm.requests().len() > 3).await;
        assert!(Arc::ptr_eq(&first, &parameter.get()));
    }

    #[tokio::test]
    async fn failed_refreshes_keep_the_value_and_are_retried() {
        let ssm = FakeSsm::with("1");
        let parameter = ssm.read::<u8>(Duration::ZERO).await.unwrap();
        for (status, answer) in [
            (400, json!({ "__type": "AccessDeniedException", "message": "no" })),
            (200, json!({ "Parameter": { "Value": "hush" } })),
            (200, json!({ "unknown": "hush" })),
        ] {
            ssm.answer(status, &answer);
            let deadline = Instant::now() + Duration::from_secs(10);
            let error = loop {
                assert_eq!(*parameter.get(), 1);
                assert!(Instant::now() < deadline, "{answer}");
                tokio::time::sleep(Duration::from_millis(5)).await;
                if let Some(error) = parameter.0.cached().error.take() {
                    break error;
                }
            };
            assert!(!telemetry::causes(&error).contains("hush"), "{error:?}");
        }
        ssm.put("2");
        eventually(&parameter, |value| *value == 2).await;
    }

    #[tokio::test]
    async fn errors_name_the_parameter_and_not_its_value() {
        let ssm = FakeSsm::start();
        ssm.answer(400, &json!({ "__type": "com.amazonaws.ssm#ParameterNotFound", "message": null }));
        let missing = ssm.read::<Secret>(TIME_TO_LIVE).await.unwrap_err();
        assert_eq!(missing.to_string(), "there is no parameter /shop/test/key");
        ssm.put("hush");
        let invalid = ssm.read::<u8>(TIME_TO_LIVE).await.unwrap_err();
        assert_eq!(invalid.to_string(), "the parameter /shop/test/key is no valid u8");
        ssm.put("");
        let empty = ssm.read::<Secret>(TIME_TO_LIVE).await.unwrap_err();
        assert!(matches!(empty, ParameterError::Invalid { .. }), "{empty}");
        for answer in [json!({ "Parameter": { "Value": 7, "Secret": "hush" } }), json!("hush")] {
            ssm.answer(200, &answer);
            let unreadable = telemetry::causes(&ssm.read::<Secret>(TIME_TO_LIVE).await.unwrap_err());
            assert!(unreadable.contains(NAME) && !unreadable.contains("hush"), "{unreadable}");
        }
        ssm.answer(400, &json!({ "__type": "AccessDeniedException", "Message": "not for you" }));
        let denied = ssm.read::<Secret>(TIME_TO_LIVE).await.unwrap_err();
        assert!(matches!(denied, ParameterError::Unavailable { source: AwsError::Permanent(_), .. }));
        assert!(telemetry::causes(&denied).ends_with("AccessDeniedException: not for you"), "{denied:?}");
    }

    #[tokio::test]
    async fn calls_that_may_succeed_later_are_retried() {
        for (status, answer) in [
            (503, json!("unavailable")),
            (400, json!({ "__type": "ThrottlingException", "message": "Rate exceeded" })),
        ] {
            let ssm = FakeSsm::start();
            ssm.answer(status, &answer);
            let error = ssm.read::<Secret>(TIME_TO_LIVE).await.unwrap_err();
            let is_transient =
                matches!(error, ParameterError::Unavailable { source: AwsError::Transient(_), .. });
            assert!(is_transient, "{answer}: {error:?}");
            assert_eq!(ssm.requests().len(), 2, "{answer}");
        }
    }

    #[tokio::test]
    async fn lazy_parameters_are_read_when_they_are_used() {
        let ssm = FakeSsm::start();
        ssm.answer(400, &json!({ "__type": "ParameterNotFound" }));
        let parameter = LazyParameter::<String>::new(&ssm.aws(), NAME.to_owned());
        assert!(ssm.requests().is_empty());
        assert_eq!(parameter.get().await.unwrap_err(), ParameterError::NotFound(NAME.to_owned()));
        ssm.put("https://shop.example.com/");
        let (one, other) = tokio::join!(parameter.get(), parameter.get());
        assert!(Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
        assert_eq!(ssm.requests().len(), 2);
    }

    #[tokio::test]
    async fn values_may_be_json() {
        #[derive(Deserialize)]
        struct Limits {
            orders: u8,
        }
        let ssm = FakeSsm::with(r#"{"orders": 7}"#);
        assert_eq!(ssm.read::<Json<Limits>>(TIME_TO_LIVE).await.unwrap().get().0.orders, 7);
        ssm.put(r#"{"orders": "hush"}"#);
        assert!(ssm.read::<Json<Limits>>(TIME_TO_LIVE).await.is_err());
    }

    #[tokio::test]
    async fn values_show_in_no_debug_output() {
        let ssm = FakeSsm::with("hush");
        let read = ssm.read::<String>(TIME_TO_LIVE).await.unwrap();
        let lazy = LazyParameter::<String>::new(&ssm.aws(), NAME.to_owned());
        lazy.get().await.unwrap();
        let fixed = Parameter::fixed("hush".to_owned());
        assert_eq!(*fixed.get(), "hush");
        let shown = format!("{read:?} {lazy:?} {fixed:?}");
        assert!(shown.contains(NAME) && !shown.contains("hush"), "{shown}");
    }
}
