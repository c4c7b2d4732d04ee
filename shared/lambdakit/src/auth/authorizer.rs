//! The Lambda authorizer of a WebSocket API: it decides which clients may connect.
//!
//! Browsers cannot send headers with a WebSocket's handshake, so the token is the query parameter
//! `token`.

use std::collections::BTreeMap;
use std::fmt;

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::auth::jwt::{SignedIn, TokenError, Tokens};
use crate::config::ConfigError;
use crate::json;
use crate::start;
use crate::telemetry::{self, Invocation, Outcome};

/// The authorizer's event. It has no `Debug`, because the token must not be logged.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method_arn: String,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
}

/// The authorizer's response to API Gateway: a policy, and the caller's data as context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    principal_id: String,
    policy_document: Policy,
    context: BTreeMap<&'static str, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

impl Verdict {
    fn allow(resource: String, SignedIn { subject, user_name, groups, expires_at }: SignedIn) -> Self {
        let context = BTreeMap::from([
            ("subject", subject.clone()),
            ("userName", user_name),
            // The name of a group contains no space.
            ("groups", groups.join(" ")),
            ("expiresAt", expires_at.to_string()),
        ]);
        Self { principal_id: subject, policy_document: Policy::of("Allow", resource), context }
    }

    fn deny(resource: String) -> Self {
        let policy_document = Policy::of("Deny", resource);
        Self { principal_id: "nobody".to_owned(), policy_document, context: BTreeMap::new() }
    }
}

impl Policy {
    fn of(effect: &'static str, resource: String) -> Self {
        let statement = [Statement { action: "execute-api:Invoke", effect, resource }];
        Self { version: "2012-10-17", statement }
    }
}

/// Why the authorizer could not decide. The client gets a 500.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizerError(String);

impl fmt::Display for AuthorizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<AuthorizerError> for Diagnostic {
    fn from(AuthorizerError(error_message): AuthorizerError) -> Self {
        Self { error_type: "AuthorizerError".to_owned(), error_message }
    }
}

/// Runs the authorizer. `build` creates the token verifier at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run(
    build: impl AsyncFnOnce() -> Result<Tokens, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    start::run(build, |tokens, event: LambdaEvent<Box<RawValue>>| {
        Box::pin(async move { invoke(&tokens, event.payload.get(), Some(&event.context)).await })
    })
    .await
}

/// Decides whether one client may connect. Without a context (in tests) there is no deadline.
///
/// # Errors
/// When the authorizer cannot decide: an unreadable event, missing keys, or the deadline.
pub async fn invoke(
    tokens: &Tokens,
    event: &str,
    context: Option<&Context>,
) -> Result<Verdict, AuthorizerError> {
    let invocation = Invocation::begin(context);
    let done = invocation.run(judge(tokens, event)).await;
    let (outcome, verdict) =
        done.unwrap_or_else(|| (Outcome::Failed, Err(AuthorizerError("no time left".to_owned()))));
    invocation.end(outcome);
    verdict
}

async fn judge(tokens: &Tokens, event: &str) -> (Outcome, Result<Verdict, AuthorizerError>) {
    let Request { method_arn, query_string_parameters } = match json::read(event) {
        Ok(request) => request,
        Err(error) => return failed(error.to_string()),
    };
    let token = query_string_parameters.and_then(|mut query| query.remove("token")).unwrap_or_default();
    match tokens.verify(&token).await {
        Ok(signed_in) => {
            telemetry::field("groups", &signed_in.groups);
            (Outcome::Ok, Ok(Verdict::allow(method_arn, signed_in)))
        }
        Err(error @ TokenError::Refused(_)) => {
            telemetry::field("error", &error.to_string());
            (Outcome::Refused, Ok(Verdict::deny(method_arn)))
        }
        Err(error @ TokenError::NoKeys(_)) => failed(error.to_string()),
    }
}

fn failed(reason: String) -> (Outcome, Result<Verdict, AuthorizerError>) {
    telemetry::field("error", &reason);
    (Outcome::Failed, Err(AuthorizerError("Who is there cannot be said right now.".to_owned())))
}
