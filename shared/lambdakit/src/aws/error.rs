//! Errors of AWS calls, classified by what a caller can do about them.

/// Why an AWS call failed. A failed condition is not an error: methods with conditions return it in
/// their own types.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// A retry may succeed: throttling, a timeout, a lost connection or a conflict.
    #[error("an AWS call failed, and may succeed later: {0}")]
    Transient(String),
    /// An operator must repair the cause: a denied call, a missing table or an unreadable item.
    #[error("an AWS call failed: {0}")]
    Permanent(String),
    /// The requested page does not start at a possible position in the list.
    #[error("no such position in the list")]
    InvalidCursor,
}

#[cfg(feature = "dynamodb")]
impl From<serde_dynamo::Error> for AwsError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Permanent(format!("unreadable item: {error}"))
    }
}
