//! The shop's staff: members of a group of the user pool, who may do everything.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use lambdakit::auth::caller::Caller;
use lambdakit::{Problem, telemetry};

/// The user pool group.
pub const STAFF: &str = "staff";

/// Whether a caller is a member of staff. The log line contains the result.
pub(crate) fn is_staff(caller: &Caller) -> bool {
    let is_staff = caller.is_in_group(STAFF);
    telemetry::field("caller", if is_staff { "staff" } else { "customer" });
    is_staff
}

/// A caller who is a member of staff; any other signed-in caller gets a 403 problem.
#[derive(Clone, Copy, Debug)]
pub struct Staff;

impl<S: Send + Sync> FromRequestParts<S> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if is_staff(&Caller::from_request_parts(parts, state).await?) {
            return Ok(Self);
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", "This is for staff only."))
    }
}
