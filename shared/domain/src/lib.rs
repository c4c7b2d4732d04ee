//! What the shop means by its words: ids, money, baskets, orders and events.
//!
//! Every type here is either right or was never made: values are checked once, where they
//! enter (`TryFrom`, `serde`), and trusted from then on. Nothing in this crate does I/O,
//! knows AWS or is async; the clock is read only by [`Timestamp::now`].

pub mod basket;
pub mod card;
pub mod checkout;
pub mod command;
pub mod customer;
pub mod event;
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
