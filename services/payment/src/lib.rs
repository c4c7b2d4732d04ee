//! Payments of orders: each is charged once at most, and given back once at most.
//!
//! | function | does |
//! | --- | --- |
//! | `payment-on-command` | charges orders and gives back what was charged, as ordering asks |
//! | `payment-webhook` | hears what the payment provider tells by itself |
//! | `payment-api` | answers `/payment` |
//! | `payment-publisher` | publishes how payments end |
//!
//! Owns the table `payment`. Takes the commands `ChargePayment` and `RefundPayment`; publishes `PaymentSettled`,
//! `PaymentDeclined`, `PaymentPartiallyRefunded` and `PaymentRefunded`.
//!
//! Nothing here can make one step of the charge and of its record: the provider is somebody else's. So the intent is
//! written first, then the provider is asked, under a key that is the order's for ever, and then its answer is written.
//! Whoever dies in between is followed by the same command again, which asks the same under the same key.

pub mod api;
pub mod commands;
pub mod http_provider;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod outbox;
pub mod payment;
pub mod provider;
pub mod store;
pub mod webhook;
