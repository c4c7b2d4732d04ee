//! A payment provider for the laptop and for demonstrations. It speaks as providers do, and moves no money.
//!
//! | function | does |
//! | --- | --- |
//! | `payment-sandbox-api` | answers `/v1/charges` and `/v1/refunds`, at a URL of its own |
//! | `payment-sandbox-webhooks` | tells by signed webhooks what became of each charge |
//!
//! Owns the table `provider`. It is no part of the shop: it knows nothing of orders, hears no event and tells none, and
//! a stage that is given the URL of another provider (`paymentProviderUrl`) has none of this.
//!
//! | token | a charge of it |
//! | --- | --- |
//! | `tok_visa` | settles at once |
//! | `tok_declined` | 402 `card_declined` |
//! | `tok_insufficient_funds` | 402 `insufficient_funds` |
//! | `tok_timeout` | settles, but is answered when the client has given up; asked again, at once |
//! | `tok_flaky` | 503 the first time; asked again, settles |
//! | `tok_delayed` | 202; settles after a while, which only a webhook tells |
//! | any other | 402 `unknown_token` |
//!
//! `POST /v1/refunds` gives all of a charge back, or with an `amount` and an `Idempotency-Key` a part of it. Each refund
//! is told by a `charge.refunded` with the amount that has gone back so far, in all (`amountRefunded`).

pub mod api;
pub mod charge;
pub mod store;
pub mod webhooks;
