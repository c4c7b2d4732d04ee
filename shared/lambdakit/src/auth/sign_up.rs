//! The pre sign-up trigger of a Cognito user pool: a function that decides which users may sign up.
//!
//! The trigger returns its event to accept a user, and fails to refuse a user. Cognito has no other
//! way, so every refusal counts as an error of the function; the log line's outcome is `refused`. The
//! user sees the error message after `PreSignUp failed with error`. (AWS, "Pre sign-up Lambda
//! trigger".)

use std::fmt::Display;

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Unreadable};
use crate::start;
use crate::telemetry::{self, Invocation, Outcome};

/// Why a user may not sign up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// The user name is not allowed, for this reason.
    #[error("The user name {0}.")]
    UserName(String),
    /// The event is not a pre sign-up event.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The deadline was reached.
    #[error("Try again in a moment.")]
    OutOfTime,
}

impl From<SignUpError> for Diagnostic {
    fn from(error: SignUpError) -> Self {
        Self { error_type: "SignUpRefused".to_owned(), error_message: error.to_string() }
    }
}

/// The fields that are read from the trigger's event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    trigger_source: String,
    user_name: String,
}

/// Runs the trigger. `check` returns an error for a user name that is not allowed.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run<E: Display>(
    check: impl Fn(&str) -> Result<(), E> + 'static,
) -> Result<(), lambda_runtime::Error> {
    let build = async || Ok(check);
    start::run(build, |check, event: LambdaEvent<Box<RawValue>>| {
        Box::pin(async move { invoke(&*check, event.payload, Some(&event.context)).await })
    })
    .await
}

/// Decides whether one user may sign up, and returns the event if so. Without a context (in tests)
/// there is no deadline.
///
/// # Errors
/// When the user may not sign up.
pub async fn invoke<E: Display>(
    check: impl Fn(&str) -> Result<(), E>,
    event: Box<RawValue>,
    context: Option<&Context>,
) -> Result<Box<RawValue>, SignUpError> {
    let invocation = Invocation::begin(context);
    let done = invocation.run(async {
        let log = |error: &Unreadable| telemetry::field("error", &error.to_string());
        let Event { trigger_source, user_name } = json::read(event.get()).inspect_err(log)?;
        telemetry::event(&trigger_source);
        check(&user_name).map_err(|reason| SignUpError::UserName(reason.to_string()))
    });
    let result = done.await.unwrap_or(Err(SignUpError::OutOfTime));
    let outcome = match &result {
        Ok(()) => Outcome::Ok,
        Err(SignUpError::UserName(_)) => Outcome::Refused,
        Err(SignUpError::Unreadable(_) | SignUpError::OutOfTime) => Outcome::Failed,
    };
    // The user name must not be logged.
    invocation.end(outcome);
    result.map(|()| event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user_name: &str) -> Result<(), &'static str> {
        if user_name.is_ascii() { Ok(()) } else { Err("must be ASCII") }
    }

    async fn sign_up(event: &str) -> Result<String, String> {
        let event = RawValue::from_string(event.to_owned()).unwrap();
        let answer = invoke(check, event, None).await;
        answer.map(|event| event.get().to_owned()).map_err(|error| Diagnostic::from(error).error_message)
    }

    #[tokio::test]
    async fn the_event_is_returned_as_it_came() {
        let event = r#"{"triggerSource": "PreSignUp_SignUp", "userName": "grace", "response": {"autoConfirmUser": false}}"#;
        assert_eq!(sign_up(event).await.unwrap(), event);
    }

    #[tokio::test]
    async fn refusals_say_why() {
        let refused = sign_up(r#"{"triggerSource": "PreSignUp_SignUp", "userName": "zoë"}"#).await;
        assert_eq!(refused.unwrap_err(), "The user name must be ASCII.");
        assert!(sign_up("{}").await.unwrap_err().contains("unreadable"));
    }
}
