//! The domain types of all services: ids, money, products, baskets and orders.
//!
//! Every value of these types is valid: it is checked once, where it enters (`TryFrom`, `serde`),
//! and trusted from then on. This crate does no I/O, does not use AWS and is not async. Only
//! [`Timestamp::now`] reads the clock.

pub mod basket;
pub mod card;
pub mod checkout;
pub mod customer;
mod id;
mod money;
mod number;
pub mod order;
pub mod payment;
pub mod product;
mod redacted;
#[cfg(feature = "schema")]
mod schema;
pub mod stock;
mod text;
mod time;

pub use id::{CustomerId, InvalidId, InvalidUserName, ItemId, OrderId, ProductId, UserName};
pub use money::{Amount, Currency, InvalidAmount, InvalidCurrency, Money, MoneyError};
pub use number::{InvalidWholeNumber, WholeNumber};
pub use redacted::Redacted;
pub use text::{InvalidText, Text};
pub use time::{DateRange, InvalidDate, Timestamp};
