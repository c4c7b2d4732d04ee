//! The service's tables.

mod fulfilments;
mod orders;

pub use fulfilments::{Answer, Fulfilment, FulfilmentStore, Wait};
pub use orders::{Move, Moved, OrderStore};
