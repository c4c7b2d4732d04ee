//! AWS clients, and the errors of their calls.

mod clients;
mod error;
#[cfg(feature = "parameters")]
mod ssm;

pub use clients::{Aws, CallLimits};
pub use error::AwsError;
#[cfg(feature = "mail")]
pub(crate) use error::cause;
#[cfg(feature = "parameters")]
pub(crate) use ssm::Ssm;
