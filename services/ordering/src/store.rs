//! The service's tables.

mod fulfilments;
mod orders;

pub use fulfilments::{Answer, Fulfilment, FulfilmentStore, Wait};
pub(crate) use orders::is_moved;
pub use orders::{OrderStore, Transition, TransitionOutcome};
