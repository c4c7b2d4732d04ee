//! Consumer of the events that the carrier's schedules publish: dispatches and delivers parcels.

use domain::OrderId;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use serde::Deserialize;

use crate::carrier::{Carrier, DueStep, Metadata, ShipmentStepDue, Step};
use crate::shipment::ShipmentState;
use crate::store::{Change, ShipmentStore};

/// The events that the carrier consumes.
#[derive(Clone, Debug, Deserialize)]
pub enum CarrierEvent {
    /// A step with a parcel is due.
    ShipmentStepDue(ShipmentStepDue),
}

/// Dispatches and delivers parcels.
#[derive(Clone, Debug)]
pub struct CarrierHandler {
    shipments: ShipmentStore,
    carrier: Carrier,
}

impl CarrierHandler {
    /// Handles the parcels of this store with this carrier.
    #[must_use]
    pub fn new(shipments: ShipmentStore, carrier: Carrier) -> Self {
        Self { shipments, carrier }
    }

    async fn dispatch(&self, order_id: OrderId, metadata: Metadata) -> Result<(), HandlerError> {
        let (from, to) = (ShipmentState::Created, ShipmentState::Dispatched);
        match self.shipments.advance(order_id, from, to).await? {
            // A redelivered event may find the parcel dispatched, but its next schedule missing.
            Change::Made | Change::Refused(Some(ShipmentState::Dispatched)) => {
                Ok(self.carrier.plan(Step::Deliver, order_id, metadata.correlation_id).await?)
            }
            // The shipment was cancelled in time, or the event is outdated.
            Change::Refused(Some(_)) => Ok(()),
            Change::Refused(None) => Err("there is no such shipment".into()),
        }
    }

    async fn deliver(&self, order_id: OrderId) -> Result<(), HandlerError> {
        let (from, to) = (ShipmentState::Dispatched, ShipmentState::Delivered);
        match self.shipments.advance(order_id, from, to).await? {
            Change::Made | Change::Refused(Some(ShipmentState::Delivered)) => Ok(()),
            Change::Refused(_) => Err("the parcel has not left".into()),
        }
    }
}

impl consumer::Handler for CarrierHandler {
    type Event = CarrierEvent;

    async fn handle(&self, CarrierEvent::ShipmentStepDue(due): CarrierEvent) -> Result<(), HandlerError> {
        let ShipmentStepDue { metadata, data: DueStep { order_id, step } } = due;
        match step {
            Step::Dispatch => self.dispatch(order_id, metadata).await,
            Step::Deliver => self.deliver(order_id).await,
        }
    }
}
