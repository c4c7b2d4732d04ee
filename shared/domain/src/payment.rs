//! How an order is paid.

use serde::{Deserialize, Serialize};

/// Why a payment was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeclineReason {
    /// The customer's bank said no, and not why.
    Declined,
    /// There is not enough on the account.
    InsufficientFunds,
    /// The provider does not know the token, or there was none.
    UnknownToken,
}
