//! Fulfilment: from a placed order to a dispatched parcel, or back by compensation.
//!
//! `fulfilment.asl.json` defines the Step Functions workflow, and docs/saga.md draws it. [`steps`]
//! performs the workflow's steps on orders. [`facts`] starts the workflow and completes its waiting
//! tasks.

pub mod events;
pub mod steps;

use domain::order::Order;
use domain::stock::LineQuantity;

/// The units of an order, for the warehouse and shipping.
pub(crate) fn units(order: &Order) -> Vec<LineQuantity> {
    let units = |line: &domain::order::OrderLine| LineQuantity {
        product_id: line.product_id,
        quantity: line.quantity,
    };
    order.lines.iter().map(units).collect()
}
