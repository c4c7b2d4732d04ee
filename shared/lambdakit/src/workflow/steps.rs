//! A function that a Step Functions workflow calls as one of its steps.
//!
//! An expected refusal, such as too little stock, is a result ([`StepResult::Refused`]). The
//! invocation succeeds, so neither Lambda's `Errors` metric nor an alarm on it counts the refusal.
//! The workflow decides by the result, or the step completes the task of its task token.
//!
//! Only a failure is a [`StepError`]. Lambda reports its name as `errorType`, and the workflow
//! matches it in `ErrorEquals`. All steps share three names. [`UNAVAILABLE`] is a transient error,
//! the only one worth a retry. [`BROKEN`] is a permanent error, and [`UNREADABLE`] an invalid call.
//!
//! A call is a JSON object. Its `correlationId`, if it has one, is added to the log line.

use std::fmt::Display;

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::{self, Unreadable};
use crate::start;
use crate::telemetry::{self, Invocation, Outcome};
use crate::{AwsError, ConfigError};

/// A transient error: a retry may succeed.
pub const UNAVAILABLE: &str = "Unavailable";
/// A permanent error: an operator must repair its cause.
pub const BROKEN: &str = "Broken";
/// The call is not valid input of the step.
pub const UNREADABLE: &str = "Unreadable";

/// Handles a step. It must be idempotent: a step runs again after any error, and sometimes without
/// one.
pub trait Handler {
    /// The input from the workflow.
    type Step: DeserializeOwned + Send;
    /// The output to the workflow.
    type Output: Serialize + Send;

    /// Handles one call of the step.
    fn handle(
        &self,
        step: Self::Step,
    ) -> impl Future<Output = Result<StepResult<Self::Output>, StepError>> + Send;
}

/// The result of a step that did not fail. The workflow gets the output of either variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepResult<T> {
    /// The step was done.
    Done(T),
    /// The step was refused as expected, and the output says so.
    Refused {
        /// The reason, for the log line: a name without order data.
        reason: &'static str,
        /// The output to the workflow.
        output: T,
    },
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {cause}")]
pub struct StepError {
    name: &'static str,
    cause: String,
}

impl StepError {
    /// A transient error: the workflow retries the step.
    #[must_use]
    pub fn unavailable(cause: &impl Display) -> Self {
        Self::named(UNAVAILABLE, cause)
    }

    /// A permanent error that an operator must repair.
    #[must_use]
    pub fn broken(cause: &impl Display) -> Self {
        Self::named(BROKEN, cause)
    }

    /// An error with its own name that an operator must repair. It is never an expected refusal,
    /// which is a [`StepResult`].
    #[must_use]
    pub fn named(name: &'static str, cause: &impl Display) -> Self {
        Self { name, cause: cause.to_string() }
    }

    /// The name that the workflow matches.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl From<AwsError> for StepError {
    fn from(error: AwsError) -> Self {
        match error {
            AwsError::Transient(_) => Self::unavailable(&error),
            AwsError::Permanent(_) | AwsError::InvalidCursor => Self::broken(&error),
        }
    }
}

impl From<Unreadable> for StepError {
    fn from(error: Unreadable) -> Self {
        Self::named(UNREADABLE, &error)
    }
}

impl From<StepError> for Diagnostic {
    fn from(error: StepError) -> Self {
        Self { error_type: error.name.to_owned(), error_message: error.cause }
    }
}

/// The fields that are read from any call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    correlation_id: String,
}

/// Runs a function that a workflow calls. `build` makes its handler, at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run<H: Handler + 'static>(
    build: impl AsyncFnOnce() -> Result<H, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    start::run(build, |handler, event: LambdaEvent<Box<RawValue>>| {
        Box::pin(async move { invoke(&*handler, event.payload.get(), Some(&event.context)).await })
    })
    .await
}

/// Handles one step. Without a context (in tests) there is no deadline.
///
/// # Errors
/// The error that the workflow gets instead of an output.
pub async fn invoke<H: Handler>(
    handler: &H,
    call: &str,
    context: Option<&Context>,
) -> Result<H::Output, StepError> {
    let invocation = Invocation::begin(context);
    let done = invocation.run(async {
        // Only for the log line; the handler reads the input of the step.
        if let Ok(Call { correlation_id }) = serde_json::from_str(call) {
            telemetry::correlate(&correlation_id);
        }
        let result = async { handler.handle(json::read(call)?).await }.await;
        match &result {
            Ok(StepResult::Done(_)) => {}
            Ok(StepResult::Refused { reason, .. }) => telemetry::field("reason", *reason),
            Err(error) => {
                telemetry::field("error", error.name());
                telemetry::field("reason", &error.cause);
            }
        }
        result
    });
    let result = done.await.unwrap_or_else(|| Err(StepError::unavailable(&"the time is up")));
    let (outcome, result) = match result {
        Ok(StepResult::Done(output)) => (Outcome::Ok, Ok(output)),
        Ok(StepResult::Refused { output, .. }) => (Outcome::Refused, Ok(output)),
        Err(error) => (Outcome::Failed, Err(error)),
    };
    invocation.end(outcome);
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Till;

    #[derive(Deserialize)]
    #[serde(tag = "step", rename_all = "camelCase")]
    enum TillStep {
        Pay { cents: u32 },
    }

    impl Handler for Till {
        type Step = TillStep;
        type Output = u32;

        async fn handle(&self, TillStep::Pay { cents }: TillStep) -> Result<StepResult<u32>, StepError> {
            match cents {
                0 => Ok(StepResult::Refused { reason: "NothingToPay", output: 0 }),
                1 => Err(AwsError::Transient("busy".to_owned()).into()),
                2 => Err(AwsError::Permanent("denied".to_owned()).into()),
                3 => Err(StepError::named("Robbed", &"the till is empty")),
                cents => Ok(StepResult::Done(cents)),
            }
        }
    }

    async fn pay(call: serde_json::Value) -> Result<u32, String> {
        invoke(&Till, &call.to_string(), None).await.map_err(|error| Diagnostic::from(error).error_type)
    }

    #[tokio::test]
    async fn expected_refusals_are_results_and_no_lambda_errors() {
        assert_eq!(pay(json!({ "step": "pay", "cents": 0 })).await, Ok(0));
    }

    #[tokio::test]
    async fn a_workflow_is_told_the_answer_or_the_name_of_the_error() {
        assert_eq!(pay(json!({ "step": "pay", "cents": 4, "correlationId": "c-1" })).await, Ok(4));
        assert_eq!(pay(json!({ "step": "pay", "cents": 3 })).await, Err("Robbed".to_owned()));
        assert_eq!(pay(json!({ "step": "pay", "cents": 1 })).await, Err(UNAVAILABLE.to_owned()));
        assert_eq!(pay(json!({ "step": "pay", "cents": 2 })).await, Err(BROKEN.to_owned()));
        assert_eq!(pay(json!({ "step": "rob" })).await, Err(UNREADABLE.to_owned()));
    }
}
