//! What knows both the toolkit (`lambdakit`) and the shop (`domain`).
//!
//! - [`customer`]: whose data a caller may read and change.
//! - [`privacy`]: how a service hands over, or erases, the data that it holds of a customer.
//! - [`tombstone`]: how a service keeps late writes about an erased customer out of its tables.

pub mod customer;
pub mod privacy;
pub mod tombstone;
