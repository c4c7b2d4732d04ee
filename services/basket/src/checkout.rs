//! Checkout: turns a basket into an order, once.
//!
//! The order's id and date are fixed here. One transaction empties the basket, stores the event
//! that becomes the order, and completes the idempotency key. So after a failure, either the event
//! is stored or the basket is unchanged: never both, never neither.

use axum::http::StatusCode;
use contracts::Event;
use contracts::basket::{BasketCheckedOut, CheckedOutLine};
use domain::basket::PricedBasket;
use domain::customer::Customer;
use domain::order::OrderStatus;
use domain::{Amount, Currency, Money, MoneyError, OrderId, Timestamp};
use lambdakit::idempotency::{IdempotencyStore, Request, SavedResponse};
use lambdakit::{AwsError, Problem, telemetry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::request::Checkout;
use crate::store::{BasketStore, CheckoutOutcome, CheckoutStore, PriceStore, Versioned};

/// The baskets and checkouts of customers.
#[derive(Clone, Debug)]
pub struct CheckoutService {
    /// The baskets.
    pub baskets: BasketStore,
    /// The current prices of products.
    pub prices: PriceStore,
    /// The outbox.
    pub checkouts: CheckoutStore,
    /// The completed requests.
    pub idempotency: IdempotencyStore,
    /// The shop's currency.
    pub currency: Currency,
}

/// The response to an accepted checkout.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The id of the new order.
    pub order_id: OrderId,
    /// When it was placed.
    pub order_date: Timestamp,
    /// The order's total price.
    pub total_price: Amount,
    /// The total's currency.
    pub currency: Currency,
    /// The order's status.
    pub status: OrderStatus,
}

/// Why a checkout was rejected. The basket is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// The basket is empty.
    #[error("The basket is empty.")]
    Empty,
    /// A concurrent request changed the basket, or checked it out.
    #[error("The basket has changed meanwhile: look at it again.")]
    Changed,
    /// Some of its products are no longer in the catalogue.
    #[error("The basket holds what is no longer sold: {0}.")]
    NotSold(String),
    /// The total differs from the one that the customer was shown.
    #[error("The total is {total}, not {expected}.")]
    OtherTotal {
        /// The current total.
        total: Money,
        /// The expected total.
        expected: Money,
    },
    /// The idempotency key belongs to another request.
    #[error("The Idempotency-Key was used for a checkout with another body.")]
    KeyReused,
    /// The prices cannot be added.
    #[error("the basket has no total: {0}")]
    Money(#[from] MoneyError),
    /// The receipt cannot be serialized or deserialized.
    #[error("unwritable receipt: {0}")]
    Receipt(#[from] serde_json::Error),
    /// The request to the store failed.
    #[error(transparent)]
    Store(#[from] AwsError),
}

impl From<CheckoutError> for Problem {
    fn from(error: CheckoutError) -> Self {
        let conflict = |kind, title| Self::new(StatusCode::CONFLICT, kind, title, error.to_string());
        match error {
            CheckoutError::Empty => conflict("basket-empty", "Basket is empty"),
            CheckoutError::Changed => conflict("basket-changed", "Basket has changed"),
            CheckoutError::NotSold(_) => conflict("not-sold", "Product no longer sold"),
            CheckoutError::OtherTotal { .. } => conflict("other-total", "Total has changed"),
            CheckoutError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "Idempotency-Key reused",
                error.to_string(),
            ),
            CheckoutError::Money(_) | CheckoutError::Receipt(_) => Self::internal(error),
            CheckoutError::Store(error) => error.into(),
        }
    }
}

impl CheckoutService {
    /// Turns a customer's basket into an order. A request whose key was completed before gets the
    /// same receipt again.
    pub(crate) async fn check_out(
        &self,
        customer: Customer,
        checkout: Checkout,
        key: Option<&Request>,
    ) -> Result<Receipt, CheckoutError> {
        let refusal = match self.place(customer, checkout, key).await {
            Ok(receipt) => return Ok(receipt),
            Err(refusal) => refusal,
        };
        // Read only after a failure: most requests are first tries and need no read.
        let Some(key) = key else { return Err(refusal) };
        match self.idempotency.find(key).await? {
            SavedResponse::Completed(receipt) => Ok(serde_json::from_str(&receipt)?),
            SavedResponse::OtherPayload => Err(CheckoutError::KeyReused),
            SavedResponse::Unknown => Err(refusal),
        }
    }

    async fn place(
        &self,
        customer: Customer,
        checkout: Checkout,
        key: Option<&Request>,
    ) -> Result<Receipt, CheckoutError> {
        let Versioned { basket, version, .. } = self.baskets.get(&customer).await?;
        if basket.lines().is_empty() {
            return Err(CheckoutError::Empty);
        }
        let offers = self.prices.offers(basket.lines().iter().map(|line| line.product_id)).await?;
        let priced = basket.price(&offers, self.currency)?;
        let lines = sold(&priced)?;
        check_total(checkout.expected_total, priced.subtotal)?;

        let now = Timestamp::now();
        let receipt = Receipt {
            order_id: OrderId::new(now),
            order_date: now,
            total_price: priced.subtotal.amount(),
            currency: self.currency,
            status: OrderStatus::Pending,
        };
        let payload = BasketCheckedOut {
            order_id: receipt.order_id,
            order_date: now,
            customer_id: basket.customer.id,
            user_name: basket.customer.user_name,
            recipient: checkout.recipient,
            payment: checkout.payment,
            lines,
            total_price: receipt.total_price,
            currency: self.currency,
        };
        let event = Event::new(Uuid::now_v7(), telemetry::correlation_id(), now, payload);
        let key =
            key.map(|key| Ok::<_, CheckoutError>((key, serde_json::to_string(&receipt)?))).transpose()?;
        match self.checkouts.place(&version, &event, key).await? {
            CheckoutOutcome::Done => {
                telemetry::metric_count("Checkouts", 1);
                Ok(receipt)
            }
            // The caller then reads which request used the key.
            CheckoutOutcome::BasketChanged | CheckoutOutcome::KeyUsed => Err(CheckoutError::Changed),
        }
    }
}

/// The lines as they are sold, or an error with the products that are no longer sold.
fn sold(basket: &PricedBasket) -> Result<Vec<CheckedOutLine>, CheckoutError> {
    let (mut lines, mut gone) = (Vec::new(), Vec::new());
    for line in &basket.lines {
        match &line.product_name {
            Some(name) => lines.push(CheckedOutLine {
                product_id: line.product_id,
                product_name: name.clone(),
                color: line.color.clone(),
                quantity: line.quantity,
                price: line.price.amount(),
            }),
            None => gone.push(line.product_id.to_string()),
        }
    }
    if gone.is_empty() { Ok(lines) } else { Err(CheckoutError::NotSold(gone.join(", "))) }
}

fn check_total(expected: Option<Money>, total: Money) -> Result<(), CheckoutError> {
    match expected {
        Some(expected) if expected != total => Err(CheckoutError::OtherTotal { total, expected }),
        _ => Ok(()),
    }
}
