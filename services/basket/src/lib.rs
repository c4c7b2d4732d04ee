//! Baskets and checkout.
//!
//! | function | does |
//! | --- | --- |
//! | `basket-api` | answers `/basket` |
//! | `basket-prices` | keeps the price table up to date with the catalogue |
//! | `basket-checkouts` | publishes each checkout |
//!
//! Owns the tables `basket`, `price` (a replica of what baskets need to know of products),
//! `checkout` (the outbox) and `idempotency`. Listens to `ProductCreated`, `ProductUpdated` and
//! `ProductDeleted`; publishes `BasketCheckedOut`.

pub mod api;
pub mod checkout;
pub mod outbox;
pub mod product_event;
mod request;
pub mod store;
