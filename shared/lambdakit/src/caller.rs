//! Who calls, and what they may do: the only place that decides it.
//!
//! API Gateway's Cognito authorizer verifies the token; what it found there comes with the request.
//! A handler says who may call it by what it takes: [`Staff`], [`Owner`] of the data under a path, or
//! any [`Caller`]. A handler that takes none of them is public.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde::Deserialize;
use serde_json::json;

use crate::api::path_field;
use crate::{ConfigError, Problem, config, telemetry};

/// The group of the user pool whose members may do everything.
pub(crate) const STAFF: &str = "staff";

/// The app clients whose tokens are taken. A REST API's Cognito authorizer takes those of any client of
/// its user pool, so it is looked at here.
#[derive(Clone, Debug)]
pub struct TokenClients(Arc<[String]>);

impl TokenClients {
    /// What `TOKEN_CLIENTS` says: ids, separated by commas.
    ///
    /// # Errors
    /// When the variable is not there.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self::new(config::required("TOKEN_CLIENTS")?.split(',')))
    }

    /// These app clients.
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self(ids.into_iter().map(ToOwned::to_owned).collect())
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Caller {
    user_name: String,
    email: Option<String>,
    is_staff: bool,
}

/// Their address is not for logs.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user_name, is_staff, email: _ } = self;
        f.debug_struct("Caller")
            .field("user_name", user_name)
            .field("is_staff", is_staff)
            .finish_non_exhaustive()
    }
}

/// What the authorizer found in an ID token. All claims are text by the time that they come here.
#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "cognito:username")]
    user_name: String,
    #[serde(rename = "cognito:groups", default)]
    groups: String,
    email: Option<String>,
    aud: String,
    token_use: String,
}

impl Caller {
    /// The name that they signed in with, in the spelling they chose when they signed up.
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// Their e-mail address, where the token tells it.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Gives the user name back where the caller may act for its bearer: customers for themselves,
    /// staff for everybody.
    ///
    /// # Errors
    /// A 404 problem: whether there is such a customer is nobody else's business.
    pub fn acting_for<T: AsRef<str>>(&self, user_name: T) -> Result<T, Problem> {
        if self.is_staff || user_name.as_ref() == self.user_name {
            Ok(user_name)
        } else {
            Err(Problem::not_found("There is no such customer."))
        }
    }

    fn read(parts: &Parts) -> Result<Self, Problem> {
        let context = parts.request_context_ref();
        let Some(claims) = context.and_then(claims) else {
            return Err(Problem::unauthorized("no claims: the route has no authorizer"));
        };
        let clients = parts.extensions.get::<TokenClients>();
        if claims.token_use != "id" || !clients.is_some_and(|clients| clients.0.contains(&claims.aud)) {
            return Err(Problem::unauthorized("the token is not an ID token for an app client of ours"));
        }
        let caller = Self {
            is_staff: groups(&claims.groups).any(|group| group == STAFF),
            user_name: claims.user_name,
            email: claims.email,
        };
        telemetry::note("caller", if caller.is_staff { "staff" } else { "customer" });
        Ok(caller)
    }
}

fn claims(context: &RequestContext) -> Option<Claims> {
    match context {
        RequestContext::ApiGatewayV1(context) => {
            Claims::deserialize(context.authorizer.fields.get("claims")?).ok()
        }
        RequestContext::ApiGatewayV2(context) => {
            let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
            Claims::deserialize(json!(claims)).ok()
        }
        _ => None,
    }
}

/// Several groups come as one text, in brackets or not, with commas or spaces between them.
fn groups(claim: &str) -> impl Iterator<Item = &str> {
    claim.trim_start_matches('[').trim_end_matches(']').split([',', ' '])
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::read(parts)
    }
}

/// A member of the staff; everybody else gets a 403 problem.
#[derive(Clone, Copy, Debug)]
pub struct Staff;

impl<S: Send + Sync> FromRequestParts<S> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        if Caller::read(parts)?.is_staff {
            return Ok(Self);
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", "This is for staff only."))
    }
}

/// Whose data the path names (`{userName}`), where the caller may act for them.
#[derive(Clone, Debug)]
pub struct Owner<T>(pub T);

impl<T: FromStr<Err: Display>, S: Send + Sync> FromRequestParts<S> for Owner<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::read(parts)?;
        let parameters = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let user_name = parameters.iter().find_map(|(name, value)| (name == "userName").then_some(value));
        let user_name = caller.acting_for(user_name.unwrap_or_default())?;
        path_field("userName", user_name).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde_json::Value;

    use super::*;

    fn parts(claims: &Value) -> Parts {
        let event = json!({
            "httpMethod": "GET", "path": "/", "resource": "/",
            "requestContext": { "httpMethod": "GET", "authorizer": { "claims": claims } },
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let (mut parts, _) = request.into_parts();
        parts.extensions.insert(TokenClients::new(["web", "partner"]));
        parts
    }

    fn token(change: &Value) -> Value {
        let mut claims = json!({ "cognito:username": "grace", "aud": "web", "token_use": "id" });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn caller(change: &Value) -> Result<Caller, Problem> {
        Caller::read(&parts(&token(change)))
    }

    #[test]
    fn a_caller_is_who_the_token_says() {
        let caller = caller(&json!({ "aud": "partner", "email": "g@example.com" })).unwrap();
        assert_eq!(caller.user_name(), "grace");
        assert_eq!(caller.email(), Some("g@example.com"));
        assert!(!format!("{caller:?}").contains("g@example.com"));
        assert!(caller.acting_for("grace").is_ok());
        assert_eq!(caller.acting_for("ada").unwrap_err().status(), StatusCode::NOT_FOUND);
        assert_eq!(caller.acting_for("Grace").unwrap_err().status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn staff_may_act_for_everybody() {
        for groups in ["staff", "[staff]", "[sales staff]", "sales,staff"] {
            let caller = caller(&json!({ "cognito:groups": groups })).unwrap();
            assert!(caller.acting_for("ada").is_ok(), "{groups}");
        }
        for groups in ["", "[]", "sales", "[staffing not-staff]", "STAFF"] {
            let caller = caller(&json!({ "cognito:groups": groups })).unwrap();
            assert!(caller.acting_for("ada").is_err(), "{groups}");
        }
    }

    #[test]
    fn tokens_for_others_and_for_other_uses_are_refused() {
        for change in [json!({ "aud": "other" }), json!({ "aud": "" }), json!({ "token_use": "access" })] {
            assert_eq!(caller(&change).unwrap_err().status(), StatusCode::UNAUTHORIZED, "{change}");
        }
    }

    #[test]
    fn nobody_is_let_in_without_claims() {
        let no_claims = [json!(null), json!({}), json!("grace"), json!({ "cognito:username": "grace" })];
        for claims in no_claims {
            assert_eq!(Caller::read(&parts(&claims)).unwrap_err().status(), StatusCode::UNAUTHORIZED);
        }
        let (plain, ()) = Request::new(()).into_parts();
        assert_eq!(Caller::read(&plain).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn an_http_api_tells_claims_in_its_own_way() {
        let event = json!({
            "version": "2.0", "routeKey": "GET /", "rawPath": "/", "headers": {}, "isBase64Encoded": false,
            "requestContext": {
                "http": { "method": "GET" },
                "authorizer": { "jwt": { "claims": token(&json!({})), "scopes": null } },
            },
        });
        let (mut parts, _) = lambda_http::request::from_str(&event.to_string()).unwrap().into_parts();
        parts.extensions.insert(TokenClients::new(["web"]));
        assert_eq!(Caller::read(&parts).unwrap().user_name(), "grace");
    }

    #[test]
    fn no_token_is_taken_by_a_function_that_knows_no_app_client() {
        let mut parts = parts(&token(&json!({})));
        parts.extensions.remove::<TokenClients>();
        assert_eq!(Caller::read(&parts).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }
}
