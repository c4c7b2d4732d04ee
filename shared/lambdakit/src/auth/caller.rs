//! The signed-in caller of an HTTP request.
//!
//! API Gateway's Cognito authorizer verifies the token and passes its claims with the request. A
//! handler that extracts a [`Caller`] refuses callers who are not signed in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde::Deserialize;
use serde_json::json;

use crate::masking::Redacted;
use crate::{Problem, config};

/// The app clients whose tokens are accepted. A REST API's Cognito authorizer accepts tokens for
/// any client of its user pool, so the audience is checked here.
#[derive(Clone, Debug)]
pub struct TokenClients(Arc<[String]>);

impl TokenClients {
    /// Reads `TOKEN_CLIENTS`: app client ids, separated by commas. If it is not set, no token is
    /// accepted.
    #[must_use]
    pub fn from_env() -> Self {
        let ids = config::optional("TOKEN_CLIENTS");
        Self::new(ids.iter().flat_map(|ids| ids.split(',')))
    }

    /// Accepts tokens for these app clients.
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self(ids.into_iter().map(ToOwned::to_owned).collect())
    }
}

/// A signed-in user.
#[derive(Clone, Debug)]
pub struct Caller {
    subject: String,
    user_name: String,
    email: Option<Redacted<String>>,
    groups: Vec<String>,
}

/// The claims of an ID token, from the authorizer. API Gateway passes all of them as text.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(rename = "cognito:username")]
    user_name: String,
    #[serde(rename = "cognito:groups", default)]
    groups: String,
    email: Option<Redacted<String>>,
    aud: String,
    token_use: String,
}

impl Caller {
    /// The account's `sub` claim. It identifies the account permanently (`OpenID` Connect Core
    /// section 2).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whether the user is a member of a group of the user pool.
    #[must_use]
    pub fn is_in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|member_of| member_of == group)
    }

    /// The name that the user signed in with, as spelled at sign-up. Another user can have it
    /// later.
    #[must_use]
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// The e-mail address, if the token contains one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_ref().map(|email| email.reveal().as_str())
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
        Ok(Self {
            groups: groups(&claims.groups).map(ToOwned::to_owned).collect(),
            subject: claims.sub,
            user_name: claims.user_name,
            email: claims.email,
        })
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

/// Several groups arrive as one text, with or without brackets, separated by commas or spaces.
fn groups(claim: &str) -> impl Iterator<Item = &str> {
    claim.trim_start_matches('[').trim_end_matches(']').split([',', ' '])
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::read(parts)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{Request, StatusCode};
    use serde_json::Value;

    use super::*;
    use crate::testing::events::HttpRequest;

    fn parts(claims: &Value) -> Parts {
        let event = HttpRequest::new("GET", "/").claims(claims).rest_api();
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let (mut parts, _) = request.into_parts();
        parts.extensions.insert(TokenClients::new(["web", "partner"]));
        parts
    }

    fn token(change: &Value) -> Value {
        let mut claims =
            json!({ "sub": "s-1", "cognito:username": "grace", "aud": "web", "token_use": "id" });
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
        assert_eq!((caller.subject(), caller.user_name()), ("s-1", "grace"));
        assert_eq!(caller.email(), Some("g@example.com"));
        assert!(!format!("{caller:?}").contains("g@example.com"));
        assert!(!caller.is_in_group("staff"));
    }

    #[test]
    fn members_of_a_group_are_recognized() {
        for groups in ["staff", "[staff]", "[sales staff]", "sales,staff"] {
            let caller = caller(&json!({ "cognito:groups": groups })).unwrap();
            assert!(caller.is_in_group("staff"), "{groups}");
        }
        for groups in ["", "[]", "sales", "[staffing not-staff]", "STAFF"] {
            let caller = caller(&json!({ "cognito:groups": groups })).unwrap();
            assert!(!caller.is_in_group("staff"), "{groups}");
        }
    }

    #[test]
    fn tokens_for_others_and_for_other_uses_are_refused() {
        for change in [json!({ "aud": "other" }), json!({ "aud": "" }), json!({ "token_use": "access" })] {
            assert_eq!(caller(&change).unwrap_err().status(), StatusCode::UNAUTHORIZED, "{change}");
        }
    }

    #[test]
    fn requests_without_claims_are_refused() {
        let mut no_subject = token(&json!({}));
        no_subject.as_object_mut().unwrap().remove("sub");
        let no_claims = [json!(null), json!({}), json!("grace"), json!({ "sub": "s-1" }), no_subject];
        for claims in no_claims {
            assert_eq!(Caller::read(&parts(&claims)).unwrap_err().status(), StatusCode::UNAUTHORIZED);
        }
        let (plain, ()) = Request::new(()).into_parts();
        assert_eq!(Caller::read(&plain).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }

    /// A request through the JWT authorizer of an HTTP API.
    fn http_caller(authorizer: &Value) -> Result<Caller, Problem> {
        let event = json!({
            "version": "2.0", "routeKey": "GET /", "rawPath": "/", "headers": {}, "isBase64Encoded": false,
            "requestContext": { "http": { "method": "GET" }, "authorizer": authorizer },
        });
        let (mut parts, _) = lambda_http::request::from_str(&event.to_string()).unwrap().into_parts();
        parts.extensions.insert(TokenClients::new(["web"]));
        Caller::read(&parts)
    }

    #[test]
    fn http_apis_pass_each_claim_as_text() {
        // The gateway passes each claim as text, a list in brackets.
        let claims = token(&json!({
            "cognito:groups": "[sales staff]", "email_verified": "true", "exp": "1764423600", "email": "g@example.com",
        }));
        for scopes in [json!(null), json!([])] {
            let caller = http_caller(&json!({ "jwt": { "claims": claims, "scopes": scopes } })).unwrap();
            assert_eq!((caller.subject(), caller.user_name()), ("s-1", "grace"));
            assert_eq!(caller.email(), Some("g@example.com"));
            assert!(caller.is_in_group("staff") && !caller.is_in_group("[sales"));
        }
    }

    #[test]
    fn an_http_api_accepts_other_tokens_of_the_client_which_are_refused_here() {
        // An access token has no audience, and a JWT authorizer accepts its client.
        let mut access = token(&json!({ "token_use": "access", "client_id": "web" }));
        access.as_object_mut().unwrap().remove("aud");
        let other = token(&json!({ "aud": "other" }));
        for authorizer in [
            json!(null),
            json!({ "jwt": { "claims": access } }),
            json!({ "jwt": { "claims": other } }),
            json!({ "jwt": { "claims": token(&json!({ "token_use": "access" })) } }),
            json!({ "lambda": token(&json!({})) }),
        ] {
            assert_eq!(
                http_caller(&authorizer).unwrap_err().status(),
                StatusCode::UNAUTHORIZED,
                "{authorizer}"
            );
        }
    }

    #[test]
    fn no_token_is_taken_by_a_function_that_knows_no_app_client() {
        let mut parts = parts(&token(&json!({})));
        parts.extensions.remove::<TokenClients>();
        assert_eq!(Caller::read(&parts).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }
}
