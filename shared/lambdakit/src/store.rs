//! What can go wrong with a store, as far as a caller can act on it.

use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError};
use std::error::Error;

/// Why a store did not answer. What a store refuses on purpose (a failed condition) is not an
/// error but an answer; its methods say so in their own types.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// It may work in a moment: throttling, a time-out, a lost connection, a conflict.
    #[error("store unavailable: {0}")]
    Transient(String),
    /// It will not work until someone repairs it: a denied call, a missing table, an unreadable item.
    #[error("store broken: {0}")]
    Permanent(String),
    /// The page asked for begins where no item of the list can be.
    #[error("no such position in the list")]
    InvalidCursor,
}

/// Error codes that pass: of DynamoDB those that its "Error handling" page marks "OK to retry", of all services those of
/// their "Common errors", of SQS and Step Functions their own.
const TRANSIENT_CODES: [&str; 15] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "KmsThrottled",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Throttling",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

impl<E, R> From<SdkError<E, R>> for AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let passing = match &error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
            // What answers without a code stands between us and the service, as a load balancer does.
            SdkError::ServiceError(error) => {
                error.err().code().is_none_or(|code| TRANSIENT_CODES.contains(&code))
            }
            _ => false,
        };
        let cause = cause(&error);
        if passing { Self::Transient(cause) } else { Self::Permanent(cause) }
    }
}

/// Why an AWS call failed, for the log: what the service said, without what it was asked.
pub(crate) fn cause<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    match error.as_service_error() {
        Some(service) => format!(
            "{}: {}",
            service.code().unwrap_or("no error code"),
            service.message().unwrap_or("no message"),
        ),
        None => DisplayErrorContext(error).to_string(),
    }
}

impl From<BuildError> for AwsError {
    fn from(error: BuildError) -> Self {
        Self::Permanent(error.to_string())
    }
}

impl From<serde_dynamo::Error> for AwsError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Permanent(format!("unreadable item: {error}"))
    }
}
