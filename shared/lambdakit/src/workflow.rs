//! A Step Functions workflow, as seen from outside: it is started, and answered when it waits.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::send_task_failure::SendTaskFailureError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use serde::Serialize;

use crate::store::AwsError;

/// Starts executions of one workflow, and answers those that wait.
#[derive(Clone, Debug)]
pub struct Workflow {
    client: Client,
    arn: String,
}

impl Workflow {
    /// The workflow with this ARN.
    #[must_use]
    pub fn new(client: Client, arn: String) -> Self {
        Self { client, arn }
    }

    /// Starts an execution with this name, unless there is or was one: Step Functions keeps names for 90 days.
    ///
    /// # Errors
    /// When it was not started, as far as is known.
    pub async fn start(&self, name: &str, input: &impl Serialize) -> Result<(), AwsError> {
        let input = serde_json::to_string(input).map_err(|error| AwsError::Permanent(error.to_string()))?;
        let started = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input);
        match started.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(StartExecutionError::ExecutionAlreadyExists(_)) => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}

/// Answers tasks of workflows that wait, each by its task token.
#[derive(Clone, Debug)]
pub struct Tasks {
    client: Client,
}

impl Tasks {
    /// The tasks of an account.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Lets the workflow go on. A task that waits no longer needs no answer.
    ///
    /// # Errors
    /// When it was not answered, as far as is known.
    pub async fn succeed(&self, token: &str) -> Result<(), AwsError> {
        match self.client.send_task_success().task_token(token).output("{}").send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(SendTaskSuccessError::TaskTimedOut(_) | SendTaskSuccessError::TaskDoesNotExist(_)) => {
                    Ok(())
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Tells the workflow that the task failed, with the name of an error that it may catch. A task that waits no
    /// longer needs no answer.
    ///
    /// # Errors
    /// When it was not answered, as far as is known.
    pub async fn fail(&self, token: &str, error: &str) -> Result<(), AwsError> {
        match self.client.send_task_failure().task_token(token).error(error).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(SendTaskFailureError::TaskTimedOut(_) | SendTaskFailureError::TaskDoesNotExist(_)) => {
                    Ok(())
                }
                _ => Err(error.into()),
            },
        }
    }
}
