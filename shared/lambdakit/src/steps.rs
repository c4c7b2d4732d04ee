//! A function that a Step Functions workflow calls as one of its steps.
//!
//! An expected refusal, such as too little stock, is a result ([`StepResult::Refused`]): the invocation succeeds, and
//! neither Lambda's `Errors` metric nor an alarm on it counts it. The workflow decides by the result, or the step answers
//! the task of its token. Only a failure is a [`StepError`]. Lambda hands its name over as `errorType`; the workflow has
//! it in `ErrorEquals`. Three names are every step's: [`UNAVAILABLE`] for what passes, the only one worth a retry,
//! [`BROKEN`] for what does not, and [`UNREADABLE`] for a call that makes no sense.
//!
//! A call is a JSON object. Its `correlationId`, if it has one, gets into the log line.

use std::fmt::Display;
use std::sync::Arc;

use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::batch::{self, Unreadable};
use crate::start::start;
use crate::telemetry::{self, Invocation, Outcome};
use crate::{AwsError, ConfigError};

/// What failed may work in a moment.
pub const UNAVAILABLE: &str = "Unavailable";
/// What failed will not work until someone repairs it.
pub const BROKEN: &str = "Broken";
/// The call is not what the step takes.
pub const UNREADABLE: &str = "Unreadable";

/// What a step does. It is done again after any error, and now and then after none.
pub trait Handler {
    /// What the workflow asks for.
    type Step: DeserializeOwned + Send;
    /// What the workflow is told.
    type Output: Serialize + Send;

    /// Does it.
    fn handle(
        &self,
        step: Self::Step,
    ) -> impl Future<Output = Result<StepResult<Self::Output>, StepError>> + Send;
}

/// What came of a step that did not fail. The workflow gets the output of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepResult<T> {
    /// The step was done.
    Done(T),
    /// The step was refused, as it should be, and the output says so.
    Refused {
        /// Why, for the log line: a name, nothing of the order.
        reason: &'static str,
        /// What the workflow is told.
        output: T,
    },
}

/// Why a step was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {cause}")]
pub struct StepError {
    name: &'static str,
    cause: String,
}

impl StepError {
    /// Something passing: the workflow tries again.
    #[must_use]
    pub fn unavailable(cause: &impl Display) -> Self {
        Self::named(UNAVAILABLE, cause)
    }

    /// Something that a person has to mend.
    #[must_use]
    pub fn broken(cause: &impl Display) -> Self {
        Self::named(BROKEN, cause)
    }

    /// Something that a person has to mend and that has a name of its own. Never an expected refusal, which is a
    /// [`StepResult`].
    #[must_use]
    pub fn named(name: &'static str, cause: &impl Display) -> Self {
        Self { name, cause: cause.to_string() }
    }

    /// The name by which the workflow knows it.
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

/// As much of a call as is needed of any.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    correlation_id: String,
}

/// Runs a function that a workflow calls. `build` makes its handler, at init.
///
/// # Errors
/// When the configuration is wrong or the Lambda runtime fails.
pub async fn run<H: Handler>(
    build: impl AsyncFnOnce() -> Result<H, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    let handler = Arc::new(start(build).await?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        // Boxed, because the types of the SDK's futures nest too deeply for the compiler.
        Box::pin(async move { invoke(&*handler, event.payload.get(), Some(&event.context)).await })
    }))
    .await
}

/// Does one step. Without a context (in tests) there is no deadline.
///
/// # Errors
/// What the workflow is told instead of an output.
pub async fn invoke<H: Handler>(
    handler: &H,
    call: &str,
    context: Option<&Context>,
) -> Result<H::Output, StepError> {
    let invocation = Invocation::begin(context);
    let done = invocation.run(async {
        // Only for the log line; what the step needs of a call, its handler reads.
        if let Ok(Call { correlation_id }) = serde_json::from_str(call) {
            telemetry::correlate(&correlation_id);
        }
        let result = async { handler.handle(batch::read(call)?).await }.await;
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
