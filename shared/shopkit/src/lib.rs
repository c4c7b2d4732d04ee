//! Code for all services that depends on both the toolkit (`lambdakit`) and the domain types
//! (`domain`).
//!
//! - [`customer`]: whose data a caller may read and change.
//! - [`deployed`]: which services the stage deploys.
//! - [`privacy`]: how a service exports or erases the data that it holds about a customer.
//! - [`staff`]: what only members of staff may call.
//! - [`tombstone`]: how a service rejects late writes about an erased customer.

pub mod customer;
pub mod deployed;
pub mod privacy;
pub mod staff;
pub mod tombstone;
