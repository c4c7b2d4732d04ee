//! Payment outcomes, for payment and ordering.

use serde::{Deserialize, Serialize};

/// Why a payment was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeclineReason {
    /// The customer's bank declined without a reason.
    Declined,
    /// The account has insufficient funds.
    InsufficientFunds,
    /// The token is unknown to the provider, or missing.
    UnknownToken,
}
