//! A client of Step Functions: starts executions of a workflow and completes waiting tasks.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::send_task_failure::SendTaskFailureError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use serde::Serialize;

use crate::aws::AwsError;

/// Starts executions of one workflow.
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

    /// Starts an execution with this name, unless one exists or existed: Step Functions keeps names
    /// for 90 days.
    ///
    /// # Errors
    /// When Step Functions did not confirm the start.
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

/// Completes waiting tasks of workflows, each by its task token.
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

    /// Reports that the task succeeded. A task that no longer waits is not an error.
    ///
    /// # Errors
    /// When Step Functions did not confirm the call.
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

    /// Reports that the task failed, with an error name that the workflow may catch. A task that no
    /// longer waits is not an error.
    ///
    /// # Errors
    /// When Step Functions did not confirm the call.
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
