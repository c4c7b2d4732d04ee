//! A function that a Step Functions workflow calls as one of its steps.
//!
//! The workflow decides by an error's name what to do next, so a step fails with a [`StepError`], which has one. Lambda
//! hands it over as `errorType`; the workflow has it in `ErrorEquals`. Three names are every step's: [`UNAVAILABLE`] for
//! what passes, the only one worth a retry, [`BROKEN`] for what does not, and [`UNREADABLE`] for a call that makes no
//! sense. All others are the step's own: answers that the workflow has a way for.
//!
//! A call is a JSON object. Its `correlationId`, if it has one, gets into the log line.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::batch::{self, Unreadable};
use crate::start::start;
use crate::telemetry::{self, Invocation, Outcome};
use crate::{ConfigError, StoreError};

/// What failed may work in a moment.
pub const UNAVAILABLE: &str = "Unavailable";
/// What failed will not work until someone mends it.
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
    fn handle(&self, step: Self::Step) -> impl Future<Output = Result<Self::Output, StepError>> + Send;
}

/// Why a step was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {cause}")]
pub struct StepError {
    name: Cow<'static, str>,
    cause: String,
    outcome: Outcome,
}

impl StepError {
    /// An answer that the workflow has a way for: nothing went wrong.
    #[must_use]
    pub fn answer(name: &'static str, cause: &impl Display) -> Self {
        Self { name: name.into(), cause: cause.to_string(), outcome: Outcome::Refused }
    }

    /// Something passing: the workflow tries again.
    #[must_use]
    pub fn unavailable(cause: &impl Display) -> Self {
        Self { name: UNAVAILABLE.into(), cause: cause.to_string(), outcome: Outcome::Failed }
    }

    /// Something that a person has to mend.
    #[must_use]
    pub fn broken(cause: &impl Display) -> Self {
        Self { name: BROKEN.into(), cause: cause.to_string(), outcome: Outcome::Failed }
    }

    /// The name by which the workflow knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable(&error),
            StoreError::Broken(_) | StoreError::Position => Self::broken(&error),
        }
    }
}

impl From<Unreadable> for StepError {
    fn from(error: Unreadable) -> Self {
        Self { name: UNREADABLE.into(), cause: error.to_string(), outcome: Outcome::Failed }
    }
}

impl From<StepError> for Diagnostic {
    fn from(error: StepError) -> Self {
        Self { error_type: error.name.into_owned(), error_message: error.cause }
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
/// What the workflow is told instead of an answer.
pub async fn invoke<H: Handler>(
    handler: &H,
    call: &str,
    context: Option<&Context>,
) -> Result<H::Output, StepError> {
    let invocation = Invocation::begin(context);
    let done = invocation.run(async {
        if let Ok(Call { correlation_id }) = serde_json::from_str(call) {
            telemetry::correlate(&correlation_id);
        }
        let result = async { handler.handle(batch::read(call)?).await }.await;
        if let Err(error) = &result {
            telemetry::note("error", error.name());
            telemetry::note("reason", &error.cause);
        }
        result
    });
    let result = done.await.unwrap_or_else(|| Err(StepError::unavailable(&"the time is up")));
    invocation.end(result.as_ref().map_or_else(|error| error.outcome, |_| Outcome::Ok));
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

        async fn handle(&self, TillStep::Pay { cents }: TillStep) -> Result<u32, StepError> {
            match cents {
                0 => Err(StepError::answer("Nothing", &"to pay")),
                1 => Err(StoreError::Unavailable("busy".to_owned()).into()),
                2 => Err(StoreError::Broken("denied".to_owned()).into()),
                cents => Ok(cents),
            }
        }
    }

    async fn pay(call: serde_json::Value) -> Result<u32, String> {
        invoke(&Till, &call.to_string(), None).await.map_err(|error| Diagnostic::from(error).error_type)
    }

    #[tokio::test]
    async fn a_workflow_is_told_the_answer_or_the_name_of_the_error() {
        assert_eq!(pay(json!({ "step": "pay", "cents": 3, "correlationId": "c-1" })).await, Ok(3));
        assert_eq!(pay(json!({ "step": "pay", "cents": 0 })).await, Err("Nothing".to_owned()));
        assert_eq!(pay(json!({ "step": "pay", "cents": 1 })).await, Err(UNAVAILABLE.to_owned()));
        assert_eq!(pay(json!({ "step": "pay", "cents": 2 })).await, Err(BROKEN.to_owned()));
        assert_eq!(pay(json!({ "step": "rob" })).await, Err(UNREADABLE.to_owned()));
    }
}
