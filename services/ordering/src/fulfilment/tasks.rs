//! Completion of the workflow's waiting tasks.

use lambdakit::AwsError;
use lambdakit::workflow::executions::Tasks;

use crate::fulfilment::store::Answer;

/// Completes a waiting task with its answer.
pub(super) async fn complete_task(tasks: &Tasks, token: &str, answer: Answer) -> Result<(), AwsError> {
    match answer {
        Answer::Done => tasks.succeed(token).await,
        refusal => tasks.fail(token, refusal.name()).await,
    }
}
