//! What happened to each order.
