//! AWS clients, and the errors of their calls.

#[cfg(feature = "aws")]
mod clients;
mod error;
#[cfg(feature = "aws")]
mod sdk_error;
#[cfg(feature = "parameters")]
mod ssm;

#[cfg(feature = "aws")]
pub use clients::{Aws, CallLimits};
pub use error::AwsError;
#[cfg(feature = "mail")]
pub(crate) use sdk_error::cause;
#[cfg(feature = "parameters")]
pub(crate) use ssm::Ssm;
