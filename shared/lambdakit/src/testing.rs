//! Tests of functions without AWS: events as the triggers send them, and a Lambda Runtime API.
//!
//! A handler is tested without Lambda: `invoke` of its module takes an event as text. What is left
//! is whether the event is the one that AWS sends, and whether `main` works: its variables, its
//! panics, its log lines. [`events`] builds the events, and `Function` runs an executable as Lambda does.
//!
//! ```
//! use lambdakit::testing::events;
//! use serde_json::json;
//!
//! let event = events::event("bank", "AccountClosed", &json!({ "account": "7" }));
//! let batch = events::sqs_batch([events::sqs_message("m-1", &event.to_string())]);
//! assert_eq!(batch["Records"][0]["messageId"], "m-1");
//! ```
//!
//! # Limits
//!
//! - Events have the fields of AWS's documented samples with fixed values: account `123456789012`,
//!   region `us-east-1`. They are plain JSON, so that a test changes what it needs.
//! - The Runtime API runs one invocation at a time and neither freezes nor restarts a function.

pub mod events;
#[cfg(feature = "testing")]
mod function;
#[cfg(feature = "testing")]
mod runtime_api;

#[cfg(feature = "testing")]
pub use function::{Function, FunctionBuilder, StartError};
#[cfg(feature = "testing")]
pub use runtime_api::{Error, ErrorReport, RuntimeApi};
