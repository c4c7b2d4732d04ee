//! AWS clients, and the errors of their calls.

mod clients;
mod error;

pub use clients::{Aws, CallLimits};
pub use error::AwsError;
#[cfg(feature = "mail")]
pub(crate) use error::cause;
