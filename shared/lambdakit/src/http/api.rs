//! The runtime of functions that answer HTTP requests: an `axum` router behind API Gateway.

use std::fmt::Display;
use std::str::FromStr;

use axum::Router;
use axum::extract::{self, DefaultBodyLimit, FromRequest, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use lambda_http::RequestExt;
use serde::de::DeserializeOwned;
use tower::Layer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use uuid::Uuid;

use crate::auth::caller::TokenClients;
use crate::http::gateway::{self, Unreadable};
use crate::http::stage_variables::StageVariables;
use crate::start::start;
use crate::telemetry::{self, Invocation, Outcome};
use crate::{ConfigError, Problem};

/// Maximum size of a request body, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Runs a function that answers HTTP requests of API Gateway (REST API or HTTP API) or a function
/// URL. `build` creates its routes at init.
///
/// Browsers may call it from the origins in the API's stage variable `allowedOrigins`, separated by
/// commas, and [`Caller`](crate::auth::caller::Caller) accepts tokens for the app clients in
/// `TOKEN_CLIENTS`. Without these variables, no browser may call it from another origin, and no
/// token is accepted.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run(
    build: impl AsyncFnOnce() -> Result<Router, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    let app = start(async || Ok(app(build().await?, TokenClients::from_env()))).await?;
    gateway::run(cors().layer(app)).await
}

/// The routes with problem responses for unknown routes and methods, the deadline, correlation ids,
/// the log line and security headers. Tokens for `clients` are accepted.
pub fn app(routes: Router, clients: TokenClients) -> Router {
    let routes = routes.fallback(unknown_route).method_not_allowed_fallback(unknown_method);
    // One layer for all of this, because each layer costs every request heap allocations.
    routes.layer(middleware::from_fn_with_state(clients, around))
}

/// The API and not the function knows which pages may call it: the API is deployed after them.
fn cors() -> CorsLayer {
    CorsLayer::new().allow_origin(AllowOrigin::predicate(is_allowed)).expose_headers([
        header::ETAG,
        header::LOCATION,
        header::RETRY_AFTER,
        CORRELATION_ID,
    ])
}

fn is_allowed(origin: &HeaderValue, request: &Parts) -> bool {
    let variables = request.extensions.get::<StageVariables>();
    let allowed = variables.and_then(|variables| variables.get("allowedOrigins")).unwrap_or_default();
    allowed.split(',').any(|allowed| !allowed.is_empty() && origin.as_bytes() == allowed.as_bytes())
}

async fn unknown_route(uri: Uri) -> Problem {
    Problem::not_found(format!("There is nothing at {}.", uri.path()))
}

async fn unknown_method(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Method not allowed",
        format!("{} does not take {method}.", uri.path()),
    )
}

/// Handles a request as one invocation.
async fn around(State(clients): State<TokenClients>, mut request: Request, next: Next) -> Response {
    let invocation = Invocation::begin(request.lambda_context_ref());
    let correlation_id = correlation_id(request.headers());
    let path = request.extensions().get::<MatchedPath>().map_or("*", MatchedPath::as_str);
    let route = format!("{} {path}", request.method());
    request.extensions_mut().insert(clients);
    let unreadable = request.extensions_mut().remove::<Unreadable>();
    let answer = invocation.run(async {
        telemetry::correlate(&correlation_id);
        telemetry::field("route", &route);
        match unreadable {
            Some(Unreadable(problem)) => problem.into_response(),
            None => next.run(request).await,
        }
    });
    let answer = answer.await;
    invocation.scope(|| {
        let mut response = answer.unwrap_or_else(|| Problem::out_of_time().into_response());
        telemetry::field("status", &response.status().as_u16());
        if let Ok(id) = HeaderValue::from_str(&correlation_id) {
            response.headers_mut().insert(CORRELATION_ID, id);
        }
        secure(response.headers_mut());
        invocation.end(match response.status().as_u16() {
            ..400 => Outcome::Ok,
            400..500 => Outcome::Refused,
            _ => Outcome::Failed,
        });
        response
    })
}

/// Adds the headers that OWASP recommends for every REST API response. Responses are not cached
/// unless the handler sets `Cache-Control`.
fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The client's correlation id if it is safe to log and pass on, else a new one.
fn correlation_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let sent = headers.get(CORRELATION_ID).and_then(|id| id.to_str().ok()).filter(plain);
    sent.map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

/// The bytes of a request body. A body that is too large is a 413 problem. A body that is
/// compressed, or in a charset other than UTF-8, is a 415 problem.
#[derive(Debug)]
pub struct Body(pub axum::body::Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        check_encoding(request.headers())?;
        DefaultBodyLimit::max(MAX_BODY_BYTES).apply(&mut request);
        match axum::body::Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "Too large",
                format!("The body must be at most {MAX_BODY_BYTES} bytes."),
            )),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// A REST API passes text to a function, so a compressed body arrives damaged. JSON is UTF-8 (RFC
/// 8259 section 8.1). The media type does not matter.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    for codings in headers.get_all(header::CONTENT_ENCODING) {
        let codings = codings.to_str().unwrap_or("unreadable");
        let is_none = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        if let Some(coding) = codings.split(',').map(str::trim).find(|coding| !is_none(coding)) {
            return Err(Problem::unsupported_media_type(format!(
                "The body must not be compressed: its Content-Encoding is {coding}."
            )));
        }
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|text| text.parse::<mime::Mime>().ok());
    let charset = media_type.as_ref().and_then(|media_type| media_type.get_param(mime::CHARSET));
    // ASCII is UTF-8.
    match charset {
        Some(charset) if !["utf-8", "utf8", "us-ascii"].iter().any(|read| charset == *read) => Err(
            Problem::unsupported_media_type(format!("The body must be in UTF-8: its charset is {charset}.")),
        ),
        _ => Ok(()),
    }
}

/// The path parameters of a request, as text; a parameter that cannot be read is a 400 problem.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// Parses a path parameter.
///
/// # Errors
/// A 422 problem that names the parameter.
pub fn path_field<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: T::Err| Problem::invalid_field(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: HeaderName, value: &str) -> u16 {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_bytes(value.as_bytes()).unwrap())]);
        check_encoding(&headers).err().map_or(200, |problem| problem.status().as_u16())
    }

    #[test]
    fn only_pages_of_allowed_origins_may_call() {
        let is_allowed_by = |variables: &str, origin: &'static str| {
            let variables: StageVariables = serde_json::from_str(variables).unwrap();
            let (mut parts, ()) = axum::http::Request::new(()).into_parts();
            parts.extensions.insert(variables);
            is_allowed(&HeaderValue::from_static(origin), &parts)
        };
        let two = r#"{ "allowedOrigins": "https://a.example,https://b.example:8443" }"#;
        for origin in ["https://a.example", "https://b.example:8443"] {
            assert!(is_allowed_by(two, origin), "{origin}");
        }
        for origin in ["https://a.example.evil", "https://b.example", "http://a.example", "null", ""] {
            assert!(!is_allowed_by(two, origin), "{origin}");
        }
        for none in ["{}", r#"{ "allowedOrigins": "" }"#] {
            assert!(!is_allowed_by(none, "https://a.example"));
            assert!(!is_allowed_by(none, ""));
        }
    }

    #[test]
    fn bodies_are_plain_utf_8() {
        for (name, value, expected) in [
            (header::CONTENT_ENCODING, "identity", 200),
            (header::CONTENT_ENCODING, "Identity, ,", 200),
            (header::CONTENT_ENCODING, "", 200),
            (header::CONTENT_ENCODING, "gzip", 415),
            (header::CONTENT_ENCODING, "identity, br", 415),
            (header::CONTENT_ENCODING, "caf\u{e9}", 415),
            (header::CONTENT_TYPE, "application/json", 200),
            (header::CONTENT_TYPE, "application/json; charset=utf-8", 200),
            (header::CONTENT_TYPE, "application/json;charset=\"UTF-8\"", 200),
            (header::CONTENT_TYPE, "application/json; Charset=utf8", 200),
            (header::CONTENT_TYPE, "application/json; charset=US-ASCII", 200),
            (header::CONTENT_TYPE, "application/x-www-form-urlencoded", 200),
            (header::CONTENT_TYPE, "nonsense", 200),
            (header::CONTENT_TYPE, "application/json; charset=iso-8859-1", 415),
            (header::CONTENT_TYPE, "text/plain; CHARSET=\"utf-16\"", 415),
        ] {
            assert_eq!(status(name.clone(), value), expected, "{name}: {value}");
        }
    }
}
