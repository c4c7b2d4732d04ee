//! From a placed order to a parcel on its way, or back to where everything was.
//!
//! `fulfilment.asl.json` is the way itself, a workflow of Step Functions, and docs/saga.md draws it. [`steps`] is what
//! the workflow asks of orders; [`facts`] starts it, and tells it what it waits for.

pub mod facts;
pub mod steps;

use domain::order::Order;
use domain::stock::LineQuantity;

/// What the warehouse has to know of an order.
pub(crate) fn units(order: &Order) -> Vec<LineQuantity> {
    let units = |line: &domain::order::OrderLine| LineQuantity {
        product_id: line.product_id,
        quantity: line.quantity,
    };
    order.lines.iter().map(units).collect()
}
