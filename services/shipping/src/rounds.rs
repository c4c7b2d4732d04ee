//! Consumer of the carrier's schedules: dispatches and delivers parcels.

use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use serde::Deserialize;

use crate::carrier::{Carrier, CarrierCommand, Step};
use crate::shipment::ShipmentState;
use crate::store::{Change, ShipmentStore};

/// A command that a schedule sends to the carrier.
#[derive(Clone, Debug, Deserialize)]
pub enum Reminder {
    /// A parcel is due for dispatch.
    DispatchParcel(CarrierCommand),
    /// A parcel is due for delivery.
    DeliverParcel(CarrierCommand),
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

    async fn dispatch(&self, CarrierCommand { metadata, data }: CarrierCommand) -> Result<(), HandlerError> {
        let order_id = data.order_id;
        let (from, to) = (ShipmentState::Created, ShipmentState::Dispatched);
        match self.shipments.advance(order_id, from, to).await? {
            // A redelivered command may find the parcel dispatched, but its next schedule missing.
            Change::Made | Change::Refused(Some(ShipmentState::Dispatched)) => {
                Ok(self.carrier.plan(Step::Deliver, order_id, metadata.correlation_id).await?)
            }
            // The shipment was cancelled in time, or the command is outdated.
            Change::Refused(Some(_)) => Ok(()),
            Change::Refused(None) => Err("there is no such shipment".into()),
        }
    }

    async fn deliver(&self, CarrierCommand { data, .. }: CarrierCommand) -> Result<(), HandlerError> {
        let (from, to) = (ShipmentState::Dispatched, ShipmentState::Delivered);
        match self.shipments.advance(data.order_id, from, to).await? {
            Change::Made | Change::Refused(Some(ShipmentState::Delivered)) => Ok(()),
            Change::Refused(_) => Err("the parcel has not left".into()),
        }
    }
}

impl consumer::Handler for CarrierHandler {
    type Event = Reminder;

    async fn handle(&self, reminder: Reminder) -> Result<(), HandlerError> {
        match reminder {
            Reminder::DispatchParcel(command) => self.dispatch(command).await,
            Reminder::DeliverParcel(command) => self.deliver(command).await,
        }
    }
}
