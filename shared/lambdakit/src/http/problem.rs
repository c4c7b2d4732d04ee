//! Error responses to clients: problem details (RFC 9457), built in one place.
//!
//! The client receives the `type`, `title`, `status`, `detail` and `errors` of a [`Problem`]. Its
//! `cause` goes only to the log line.

use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::{AwsError, telemetry};

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// Which: `price`, `items[0].quantity`.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Why a request was refused or failed.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    cause: Option<String>,
}

impl Problem {
    /// A problem. `kind` identifies it for programs (it becomes the URN in `type`), `title` for
    /// people, and `detail` describes this occurrence.
    #[must_use]
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { status, kind, title, detail: detail.into(), errors: Vec::new(), cause: None }
    }

    /// 400: the request cannot be read at all.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "Bad request", detail)
    }

    /// 400: invalid query parameters.
    #[must_use]
    pub fn bad_parameters(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::bad_request("One or more query parameters are wrong.") }
    }

    /// 401: the caller is not signed in; `cause` is for the log. The gateway checks the token
    /// first, so this is not an ordinary client error.
    #[must_use]
    pub fn unauthorized(cause: impl ToString) -> Self {
        let problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Unauthorized",
            "Sign in, and send the ID token in the Authorization header.",
        );
        Self { cause: Some(cause.to_string()), ..problem }
    }

    /// 404.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 412: the resource does not, or no longer, have the version that the preconditions require.
    #[must_use]
    pub fn precondition_failed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition-failed",
            "Precondition failed",
            "The resource has another version than If-Match or If-None-Match asks for: read it again.",
        )
    }

    /// 415: the body's encoding or charset is not supported.
    #[must_use]
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        let (kind, title) = ("unsupported-media-type", "Unsupported media type");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, kind, title, detail)
    }

    /// 422: invalid fields.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation",
            "Validation failed",
            "One or more fields are wrong.",
        );
        Self { errors, ..problem }
    }

    /// 422: one invalid field.
    #[must_use]
    pub fn invalid_field(field: impl Into<String>, detail: impl ToString) -> Self {
        Self::invalid(vec![FieldError { field: field.into(), detail: detail.to_string() }])
    }

    /// 500: a server error; `cause` is for the log.
    #[must_use]
    pub fn internal(cause: impl ToString) -> Self {
        let problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "Something went wrong on our side.",
        );
        Self { cause: Some(cause.to_string()), ..problem }
    }

    /// 503: a transient error; `cause` is for the log.
    #[must_use]
    pub fn unavailable(cause: impl ToString) -> Self {
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily unavailable",
            "Try again in a moment.",
        );
        Self { cause: Some(cause.to_string()), ..problem }
    }

    /// 503: the deadline was reached, which the log line reports by itself.
    pub(crate) fn out_of_time() -> Self {
        Self { cause: None, ..Self::unavailable("") }
    }

    /// The status that the client gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Adds the problem to the log line.
    fn note(&self) {
        telemetry::field("problem", self.kind);
        if let Some(cause) = &self.cause {
            telemetry::field("error", cause);
        }
    }

    /// The problem as a WebSocket frame. In every frame `type` is the type of the frame, so the
    /// problem's own type is omitted.
    #[cfg(feature = "websocket")]
    #[must_use]
    pub fn into_frame(self) -> String {
        self.note();
        let frame = Body {
            r#type: "problem".to_owned(),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            request_id: telemetry::request_id(),
            errors: &self.errors,
        };
        serde_json::to_string(&frame).unwrap_or_else(|_| r#"{"type":"problem","status":500}"#.to_owned())
    }
}

impl From<AwsError> for Problem {
    fn from(error: AwsError) -> Self {
        match &error {
            AwsError::Transient(cause) => Self::unavailable(cause),
            AwsError::Permanent(cause) => Self::internal(cause),
            AwsError::InvalidCursor => Self::bad_parameters(vec![FieldError {
                field: "cursor".to_owned(),
                detail: error.to_string(),
            }]),
        }
    }
}

/// Why a request was not granted (RFC 9457).
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Problem"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body<'a> {
    /// Names the kind of problem for machines.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^urn:problem-type:[a-z-]+$")))]
    r#type: String,
    /// Names it for people.
    title: &'a str,
    /// The status; the gateway leaves it out where it does not know it.
    #[cfg_attr(feature = "openapi", schemars(range(min = 400, max = 599)))]
    status: u16,
    /// What is special this time.
    detail: &'a str,
    /// Names the request in the logs.
    request_id: String,
    /// Each field or parameter at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.note();
        let body = Body {
            r#type: format!("urn:problem-type:{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            request_id: telemetry::request_id(),
            errors: &self.errors,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // RFC 9110 section 15.5.16 asks for it if the content coding is not supported.
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            // RFC 9110 section 11.6.1 requires it.
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
