//! What customers, staff and troublemakers see of a running shop.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod edge;
mod once;
mod queues;
mod readme;
mod story;

use uuid::Uuid;

/// A customer whom no other test knows.
fn customer() -> String {
    format!("customer-{}", Uuid::now_v7())
}
