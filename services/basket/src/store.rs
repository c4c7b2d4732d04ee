//! The tables of this service, one struct each. No other module accesses DynamoDB.

mod baskets;
mod checkouts;
mod prices;

pub use baskets::{BasketStore, Version, Versioned};
pub(crate) use checkouts::CheckoutRecord;
pub use checkouts::{CheckoutOutcome, CheckoutStore};
pub use prices::{OnSale, PriceStore, PriceUpdate};
