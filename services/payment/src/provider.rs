//! The interface to any payment provider.
//!
//! A charge has two names: the provider's id, which its response contains, and the shop's key,
//! which exists before the request. The key makes repeated charge requests idempotent. It also
//! refunds a charge whose id the shop never received.

use domain::checkout::PaymentToken;
use domain::payment::DeclineReason;
use domain::{Money, OrderId};

/// A charge, as the provider reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The provider's id of the charge.
    pub id: String,
    /// The amount charged.
    pub price: Money,
    /// Its state.
    pub state: ChargeState,
}

/// The state of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeState {
    /// The provider has no result yet.
    Pending,
    /// It was charged.
    Settled {
        /// The total refunded so far: at most the price, in its currency.
        refunded: Money,
    },
    /// It was not charged, and will not be.
    Declined(DeclineReason),
    /// It was cancelled before it was charged.
    Canceled,
}

/// Why a call to a provider has no result. The provider may have done what was requested all the
/// same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The failure is temporary: a retry may succeed.
    #[error("the payment provider is unavailable: {0}")]
    Unavailable(String),
    /// An operator must investigate: a wrong key, or a response that makes no sense.
    #[error("the payment provider does not do what it should: {0}")]
    Broken(String),
}

/// A payment provider. Each of these calls can be repeated, and takes effect once.
pub trait Provider: Send + Sync {
    /// Charges an order's price.
    fn charge(
        &self,
        order_id: OrderId,
        price: Money,
        source: &PaymentToken,
    ) -> impl Future<Output = Result<Charge, ProviderError>> + Send;

    /// Ensures that nothing is charged for an order, now or ever. Returns the total refunded of the
    /// charge, earlier refunds included; `None` for a charge that was never requested. The charge
    /// request may still be on its way.
    fn refund(&self, order_id: OrderId) -> impl Future<Output = Result<Option<Money>, ProviderError>> + Send;

    /// The current state of a charge.
    fn find(&self, charge_id: &str) -> impl Future<Output = Result<Charge, ProviderError>> + Send;
}
