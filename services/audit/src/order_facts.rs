//! What becomes of an order is written down, once, however often it is told.

use lambdakit::batch::HandlerError;
use lambdakit::{queue, telemetry};

use crate::entry::{Entry, OrderEvent};
use crate::store::AuditStore;

/// Writes facts down.
#[derive(Clone, Debug)]
pub struct AuditHandler {
    audit: AuditStore,
}

impl AuditHandler {
    /// Writes them into this store.
    #[must_use]
    pub fn new(audit: AuditStore) -> Self {
        Self { audit }
    }
}

impl queue::Handler for AuditHandler {
    type Event = OrderEvent;

    async fn handle(&self, fact: OrderEvent) -> Result<(), HandlerError> {
        if self.audit.append(&Entry::try_from(fact)?).await? {
            telemetry::count("FactsAudited", 1);
        }
        Ok(())
    }
}
