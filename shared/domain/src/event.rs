//! The events that the services publish, named in the past tense, in one envelope.
//!
//! On the bus an event is an EventBridge entry. Its `source` is `shop.<service>`, its `detail-type`
//! is the event's name and its `detail` is an [`Event`]. Consumers ignore unknown fields. A change
//! that breaks existing consumers gets a new version.
//!
//! The services that fulfil orders also receive [commands](crate::command). A command has the same
//! envelope and is sent directly to the queue of its service.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::basket::{Color, Quantity};
use crate::checkout::{Payment, Recipient};
use crate::product::{Category, ImageFile, Product, ProductName};
use crate::{Amount, Currency, CustomerId, OrderId, ProductId, Timestamp, UserName};

pub mod inventory;
pub mod ordering;
pub mod payment;
pub mod privacy;
pub mod shipping;

/// Sets the name, version and source of events.
macro_rules! facts {
    ($source:literal: $($name:ident),* $(,)?) => {
        $(impl crate::event::Fact for $name {
            const DETAIL_TYPE: &'static str = stringify!($name);
            const VERSION: u32 = 1;
        }

        impl crate::event::Published for $name {
            const SOURCE: &'static str = $source;
        })*
    };
}
pub(crate) use facts;

/// The payload of an event: its `data`.
pub trait Fact: Serialize + DeserializeOwned {
    /// The event's name, as EventBridge's `detail-type`.
    const DETAIL_TYPE: &'static str;
    /// The version of its schema.
    const VERSION: u32;
}

/// The payload of an event that one service publishes.
pub trait Published: Fact {
    /// The service, as EventBridge's `source`.
    const SOURCE: &'static str;
}

/// An event's payload and metadata: the `detail` of an EventBridge entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event<D> {
    /// The metadata.
    pub metadata: Metadata,
    /// The payload.
    pub data: D,
}

/// The metadata of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Identifies the event; an event that is published again keeps its id.
    pub event_id: Uuid,
    /// The version of the payload's schema.
    pub version: u32,
    /// Correlates everything that one client request caused.
    pub correlation_id: String,
    /// The event that caused this one, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// When it happened, not when it was published.
    pub occurred_at: Timestamp,
}

impl<D: Fact> Event<D> {
    /// Creates an event that happened at `occurred_at`.
    pub fn new(event_id: Uuid, correlation_id: String, occurred_at: Timestamp, data: D) -> Self {
        let metadata =
            Metadata { event_id, version: D::VERSION, correlation_id, causation_id: None, occurred_at };
        Self { metadata, data }
    }

    /// Creates an event that this event caused. `name` distinguishes it from others with the same
    /// cause. The same `name` always gives the same event id.
    pub fn consequence<F: Fact>(&self, name: &str, occurred_at: Timestamp, fact: F) -> Event<F> {
        let Metadata { event_id, correlation_id, .. } = &self.metadata;
        let id = Uuid::new_v5(event_id, name.as_bytes());
        let mut event = Event::new(id, correlation_id.clone(), occurred_at, fact);
        event.metadata.causation_id = Some(*event_id);
        event
    }
}

/// A product, as published to the other services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductSnapshot {
    /// The product.
    pub id: ProductId,
    /// Its name.
    pub name: ProductName,
    /// Its category.
    pub category: Category,
    /// The file name or URL of its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_file: Option<ImageFile>,
    /// The unit price.
    pub price: Amount,
    /// The price's currency.
    pub currency: Currency,
    /// Counts the product's changes: the snapshot with the greater version is the later one.
    pub version: u64,
}

impl From<&Product> for ProductSnapshot {
    fn from(product: &Product) -> Self {
        let price = product.price.money();
        Self {
            id: product.id,
            name: product.name.clone(),
            category: product.category.clone(),
            image_file: product.image_file.clone(),
            price: price.amount(),
            currency: price.currency(),
            version: product.version,
        }
    }
}

/// A product was added to the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductCreated {
    /// The product as it is now.
    pub product: ProductSnapshot,
}

/// A product of the catalogue changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductUpdated {
    /// The product as it is now.
    pub product: ProductSnapshot,
    /// The price before and after, when it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_change: Option<PriceChange>,
}

/// A price before and after, both in the product's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceChange {
    /// The unit price.
    pub from: Amount,
    /// The new unit price.
    pub to: Amount,
}

/// A product was removed from the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductDeleted {
    /// The removed product.
    pub product_id: ProductId,
    /// Greater than the version of every snapshot of it.
    pub version: u64,
}

/// A customer checked out: their basket was emptied, and these lines become an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BasketCheckedOut {
    /// The order's id, fixed at checkout.
    pub order_id: OrderId,
    /// When the customer checked out.
    pub order_date: Timestamp,
    /// The customer who checked out.
    pub customer_id: CustomerId,
    /// The customer's user name, for display.
    pub user_name: UserName,
    /// The recipient of the order.
    pub recipient: Recipient,
    /// The means of payment.
    pub payment: Payment,
    /// The lines that were bought.
    pub lines: Vec<CheckedOutLine>,
    /// The total that the customer was shown.
    pub total_price: Amount,
    /// The currency of all amounts.
    pub currency: Currency,
}

/// One line of a checked-out basket, at the price it was sold for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckedOutLine {
    /// The product.
    pub product_id: ProductId,
    /// Its name at checkout.
    pub product_name: ProductName,
    /// Its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<Color>,
    /// The number of units.
    pub quantity: Quantity,
    /// The unit price.
    pub price: Amount,
}

facts!("shop.product": ProductCreated, ProductUpdated, ProductDeleted);
facts!("shop.basket": BasketCheckedOut);

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Money;
    use crate::order::{InvalidOrder, Order};

    pub(crate) fn checked_out(minor: Vec<(u64, u8)>) -> BasketCheckedOut {
        let currency: Currency = "USD".parse().unwrap();
        let at = Timestamp::from_unix_millis(1_767_225_600_000);
        let lines: Vec<_> = minor
            .iter()
            .map(|&(minor, units)| CheckedOutLine {
                product_id: ProductId::new(at),
                product_name: "IPhone X".to_owned().try_into().unwrap(),
                color: (units > 50).then(|| "red".to_owned().try_into().unwrap()),
                quantity: units.try_into().unwrap(),
                price: Money::from_minor(minor, currency).amount(),
            })
            .collect();
        let total = minor.iter().map(|&(minor, units)| minor * u64::from(units)).sum();
        BasketCheckedOut {
            order_id: OrderId::new(at),
            order_date: at,
            customer_id: "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a".parse().unwrap(),
            user_name: "swn".to_owned().try_into().unwrap(),
            recipient: serde_json::from_value(serde_json::json!({
                "firstName": "Grace", "lastName": "H", "email": "g@example.com", "address": "1 Main St",
            }))
            .unwrap(),
            payment: Payment { method: crate::checkout::PaymentMethod::Card, token: None },
            lines,
            total_price: Money::from_minor(total, currency).amount(),
            currency,
        }
    }

    proptest! {
        #[test]
        fn an_event_survives_the_bus_to_the_last_cent(
            lines in prop::collection::vec((0..100_000_000_u64, 1..=99_u8), 1..100),
            id: u128,
        ) {
            let data = checked_out(lines);
            let event = Event::new(Uuid::from_u128(id), "c-1".to_owned(), data.order_date, data);
            let json = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event<BasketCheckedOut>>(&json).unwrap(), &event);
            let order = Order::place(event.data.clone(), "c-1".to_owned()).unwrap();
            prop_assert_eq!(order.total_price.amount(), event.data.total_price);
        }
    }

    #[test]
    fn the_largest_checkout_fits_into_an_event() {
        let wide = |length| "\u{1f600}".repeat(length);
        let mut data = checked_out(vec![(100_000_000, 99); crate::basket::Basket::MAX_LINES]);
        for line in &mut data.lines {
            line.product_name = wide(500).parse().unwrap();
            line.color = Some(wide(50).parse().unwrap());
        }
        data.user_name = "x".repeat(128).try_into().unwrap();
        data.recipient.first_name = wide(100).parse().unwrap();
        data.recipient.last_name = wide(100).parse().unwrap();
        data.recipient.address = wide(500).parse().unwrap();
        data.payment.token = Some(wide(200).parse().unwrap());
        let event = Event::new(Uuid::now_v7(), "x".repeat(64), data.order_date, data);
        // EventBridge accepts 256 KB (PutEvents quota). This limit leaves room for what it adds.
        let bytes = serde_json::to_string(&event).unwrap().len();
        assert!(bytes < 250 * 1024, "{bytes}");
    }

    #[test]
    fn consequences_of_a_repeated_event_are_the_same() {
        let at = Timestamp::from_unix_millis(1_767_225_600_000);
        let cause = Event::new(Uuid::now_v7(), "c-1".to_owned(), at, checked_out(vec![(1, 1)]));
        let consequence = |name| cause.consequence(name, at, cause.data.clone()).metadata;
        assert_eq!(consequence("a"), consequence("a"));
        assert_ne!(consequence("a").event_id, consequence("b").event_id);
        assert_eq!(consequence("a").causation_id, Some(cause.metadata.event_id));
        assert_eq!(consequence("a").correlation_id, "c-1");
    }

    #[test]
    fn a_reader_ignores_what_it_does_not_know() {
        let id = ProductId::new(Timestamp::now());
        let json = format!(
            r#"{{"metadata": {{"eventId": "{id}", "version": 2, "correlationId": "c", "occurredAt": "2026-01-31T12:00:00Z", "new": 1}},
                "data": {{"productId": "{id}", "version": 3, "reason": "sold out"}}, "more": {{}}}}"#
        );
        let event: Event<ProductDeleted> = serde_json::from_str(&json).unwrap();
        assert_eq!(event.data, ProductDeleted { product_id: id, version: 3 });
    }

    #[test]
    fn an_order_that_does_not_add_up_is_refused() {
        let mut wrong = checked_out(vec![(95_040, 2), (87_000, 1)]);
        wrong.total_price = "1820.40".parse().unwrap();
        let refused = Order::place(wrong, String::new()).unwrap_err();
        assert_eq!(refused.to_string(), "the lines cost 2770.80 USD, the customer was told 1820.40 USD");
        assert_eq!(Order::place(checked_out(vec![]), String::new()), Err(InvalidOrder::NoLines));
    }
}
