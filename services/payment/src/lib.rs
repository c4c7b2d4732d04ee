//! Payments of orders: each is charged at most once, and refunded at most once.
//!
//! | function | does |
//! | --- | --- |
//! | `payment-on-command` | charges and refunds orders on commands of ordering |
//! | `payment-webhook` | receives the payment provider's webhooks |
//! | `payment-api` | answers `/payment` |
//! | `payment-publisher` | publishes each change of a payment |
//!
//! Owns the table `payment`. Takes the commands `ChargePayment` and `RefundPayment`; publishes
//! `PaymentSettled`, `PaymentDeclined`, `PaymentPartiallyRefunded` and `PaymentRefunded`.
//!
//! The charge and its record cannot be one transaction, because the provider is a separate system.
//! So the function writes the intent first. Then it calls the provider, under a key that is fixed
//! for the order, and writes the response. If the function stops in between, the command is
//! redelivered and repeats the call under the same key.

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
