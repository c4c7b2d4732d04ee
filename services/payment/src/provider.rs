//! What is asked of a payment provider, whoever it is.
//!
//! A charge has two names: the provider's, which its answer tells, and ours, which was there before. By ours it is
//! charged once however often it is asked for, and given back whether or not anybody ever heard its other name.

use domain::checkout::PaymentToken;
use domain::payment::DeclineReason;
use domain::{Money, OrderId};

/// A charge, as the provider sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What the provider calls it.
    pub id: String,
    /// What it charges.
    pub price: Money,
    /// Where it stands.
    pub state: ChargeState,
}

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeState {
    /// The provider does not know yet.
    Pending,
    /// It was charged.
    Settled {
        /// How much of it has gone back so far, in all: at most the price, in its currency.
        refunded: Money,
    },
    /// It was not, and will not be.
    Declined(DeclineReason),
    /// It was cancelled before it was charged.
    Canceled,
}

/// Why a provider did not say what came of it. It may have done what was asked all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It may answer in a moment.
    #[error("the payment provider is unavailable: {0}")]
    Unavailable(String),
    /// Somebody has to look at it: a wrong key, an answer that makes no sense.
    #[error("the payment provider does not do what it should: {0}")]
    Broken(String),
}

/// A payment provider. Each of these can be asked again and again, and is done once.
pub trait Provider: Send + Sync {
    /// Charges an order's price.
    fn charge(
        &self,
        order_id: OrderId,
        price: Money,
        source: &PaymentToken,
    ) -> impl Future<Output = Result<Charge, ProviderError>> + Send;

    /// Sees to it that nothing is charged for an order, now or ever, and says how much of the charge has gone back in
    /// all, earlier refunds included; nothing of a charge that was never asked for. The charge may not be there yet: it
    /// may be on its way.
    fn refund(&self, order_id: OrderId) -> impl Future<Output = Result<Option<Money>, ProviderError>> + Send;

    /// How a charge stands now.
    fn find(&self, charge_id: &str) -> impl Future<Output = Result<Charge, ProviderError>> + Send;
}
