//! Conversions of the SDK's errors into [`AwsError`].

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;

use crate::aws::error::AwsError;

/// Transient error codes. For DynamoDB, its "Error handling" page marks them "OK to retry". The
/// others are in the services' "Common errors", or are specific to SQS and Step Functions.
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
        let is_transient = match &error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
            SdkError::ServiceError(error) => is_transient(error.err().code()),
            _ => false,
        };
        let cause = cause(&error);
        if is_transient { Self::Transient(cause) } else { Self::Permanent(cause) }
    }
}

impl AwsError {
    /// The error of one entry of a batch call.
    pub(crate) fn of_code(code: Option<&str>, message: Option<&str>) -> Self {
        let cause = described(code, message);
        if is_transient(code) { Self::Transient(cause) } else { Self::Permanent(cause) }
    }
}

/// A response without an error code comes from an intermediary, such as a load balancer.
fn is_transient(code: Option<&str>) -> bool {
    code.is_none_or(|code| TRANSIENT_CODES.contains(&code))
}

fn described(code: Option<&str>, message: Option<&str>) -> String {
    format!("{}: {}", code.unwrap_or("no error code"), message.unwrap_or("no message"))
}

/// Why an AWS call failed, for the log: the error of the service, without the request.
pub(crate) fn cause<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    match error.as_service_error() {
        Some(service) => described(service.code(), service.message()),
        None => DisplayErrorContext(error).to_string(),
    }
}

impl From<BuildError> for AwsError {
    fn from(error: BuildError) -> Self {
        Self::Permanent(error.to_string())
    }
}
