//! Checkout: a basket becomes an order, once.
//!
//! The order's id and date are fixed here. The basket's emptying, the event that will become the
//! order, and the idempotency key are one transaction, so whatever fails, there is an order to
//! be or the basket is still there: never both, never neither.

use axum::http::StatusCode;
use domain::basket::PricedBasket;
use domain::customer::Customer;
use domain::event::{BasketCheckedOut, CheckedOutLine, Event};
use domain::order::OrderStatus;
use domain::{Amount, Currency, Money, MoneyError, OrderId, Timestamp};
use lambdakit::idempotency::{IdempotencyStore, Request, SavedResponse};
use lambdakit::{AwsError, Problem, telemetry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::request::Checkout;
use crate::store::{BasketStore, CheckoutOutcome, CheckoutStore, PriceStore, Versioned};

/// Where customers fill their baskets and check out.
#[derive(Clone, Debug)]
pub struct CheckoutService {
    /// The baskets.
    pub baskets: BasketStore,
    /// What products cost today.
    pub prices: PriceStore,
    /// The outbox.
    pub checkouts: CheckoutStore,
    /// The requests that were completed.
    pub idempotency: IdempotencyStore,
    /// What the shop sells in.
    pub currency: Currency,
}

/// What the customer is told of an accepted checkout.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The order to be.
    pub order_id: OrderId,
    /// When it was placed.
    pub order_date: Timestamp,
    /// What it costs.
    pub total_price: Amount,
    /// What the total is in.
    pub currency: Currency,
    /// Where it stands.
    pub status: OrderStatus,
}

/// Why a checkout was not accepted. The basket is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Nothing in it.
    #[error("The basket is empty.")]
    Empty,
    /// Somebody changed it, or checked it out, at the same time.
    #[error("The basket has changed meanwhile: look at it again.")]
    Changed,
    /// Some of its products have left the catalogue.
    #[error("The basket holds what is no longer sold: {0}.")]
    NotSold(String),
    /// The total is another than the customer was shown.
    #[error("The total is {total}, not {expected}.")]
    OtherTotal {
        /// What it is.
        total: Money,
        /// What it was expected to be.
        expected: Money,
    },
    /// The idempotency key belongs to another request.
    #[error("The Idempotency-Key was used for a checkout with another body.")]
    KeyReused,
    /// The prices do not add up.
    #[error("the basket has no total: {0}")]
    Money(#[from] MoneyError),
    /// The answer could not be written down.
    #[error("unwritable receipt: {0}")]
    Receipt(#[from] serde_json::Error),
    /// The store did not answer.
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
    /// Makes a customer's basket into an order. A request with a key that was completed before
    /// gets the same receipt again.
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
        // Only now: a first try, which is most of them, need not pay for this look.
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
        let fact = BasketCheckedOut {
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
        let event = Event::new(Uuid::now_v7(), telemetry::correlation_id(), now, fact);
        let key =
            key.map(|key| Ok::<_, CheckoutError>((key, serde_json::to_string(&receipt)?))).transpose()?;
        match self.checkouts.place(&version, &event, key).await? {
            CheckoutOutcome::Done => {
                telemetry::count("Checkouts", 1);
                Ok(receipt)
            }
            // Who used the key, and for what, is looked up next.
            CheckoutOutcome::BasketChanged | CheckoutOutcome::KeyUsed => Err(CheckoutError::Changed),
        }
    }
}

/// The lines as they are sold, or which of them are not.
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
