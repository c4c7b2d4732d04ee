//! Export and erasure of a customer's basket, for privacy requests.
//!
//! Receipts of checkouts and the outbox cannot be searched by customer: they expire within a day
//! and a week.

use domain::CustomerId;
use lambdakit::messaging::batch::HandlerError;
use shopkit::privacy::{DataHolder, Export};

use crate::api::BasketSummary;
use crate::store::BasketStore;

/// The baskets, as a holder of customer data.
#[derive(Clone, Debug)]
pub struct BasketData {
    baskets: BasketStore,
}

impl BasketData {
    /// The data in this store.
    #[must_use]
    pub fn new(baskets: BasketStore) -> Self {
        Self { baskets }
    }
}

impl DataHolder for BasketData {
    const SERVICE: &'static str = "basket";
    const SOURCE: &'static str = "shop.basket";

    async fn collect(&self, customer_id: CustomerId, export: &mut Export<'_>) -> Result<(), HandlerError> {
        match self.baskets.find(customer_id).await? {
            Some(basket) => export.add(&BasketSummary::from(basket)).await,
            None => Ok(()),
        }
    }

    async fn erase(&self, customer_id: CustomerId) -> Result<(), HandlerError> {
        Ok(self.baskets.erase(customer_id).await?)
    }
}
