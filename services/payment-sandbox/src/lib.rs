//! A payment provider for local runs and demonstrations. It behaves as real providers do, and moves
//! no money.
//!
//! | function | does |
//! | --- | --- |
//! | `payment-sandbox-api` | answers `/v1/charges` and `/v1/refunds`, at a URL of its own |
//! | `payment-sandbox-webhooks` | sends signed webhooks about each charge |
//!
//! Owns the table `provider`. It is not part of the shop: it has no orders, and consumes no event but
//! its own `WebhookDue`, which it publishes at once or by a schedule. A stage with the URL of another
//! provider (`paymentProviderUrl`) has none of this.
//!
//! | token | a charge of it |
//! | --- | --- |
//! | `tok_visa` | settles at once |
//! | `tok_declined` | 402 `card_declined` |
//! | `tok_insufficient_funds` | 402 `insufficient_funds` |
//! | `tok_timeout` | settles, but is answered when the client has given up; asked again, at once |
//! | `tok_flaky` | 503 the first time; asked again, settles |
//! | `tok_delayed` | 202; settles after a while, reported by webhook only |
//! | any other | 402 `unknown_token` |
//!
//! `POST /v1/refunds` refunds a whole charge, or with an `amount` and an `Idempotency-Key` a part
//! of it. Each refund is reported by a `charge.refunded` webhook with the total refunded so far
//! (`amountRefunded`).

pub mod api;
pub mod charge;
pub mod store;
pub mod webhooks;
