//! Consumer of order events: stores each event once, even if it is redelivered.

use contracts::ordering::OrderEvent;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;

use crate::entry::Entry;
use crate::store::AuditStore;

/// Appends order events to the audit log.
#[derive(Clone, Debug)]
pub struct AuditHandler {
    audit: AuditStore,
}

impl AuditHandler {
    /// Appends events to this store.
    #[must_use]
    pub fn new(audit: AuditStore) -> Self {
        Self { audit }
    }
}

impl consumer::Handler for AuditHandler {
    type Event = OrderEvent;

    async fn handle(&self, event: OrderEvent) -> Result<(), HandlerError> {
        if self.audit.append(&Entry::try_from(event)?).await? {
            telemetry::count("eventsAudited", 1);
        }
        Ok(())
    }
}
