//! The carrier on its rounds: what its schedules remind it of.

use lambdakit::batch::HandlerError;
use lambdakit::queue;
use serde::Deserialize;

use crate::carrier::{Carrier, CarrierCommand, Step};
use crate::shipment::ShipmentState;
use crate::store::{Change, ShipmentStore};

/// What a schedule reminds the carrier of.
#[derive(Clone, Debug, Deserialize)]
pub enum Reminder {
    /// It is time to fetch a parcel.
    DispatchParcel(CarrierCommand),
    /// It is time to hand one over.
    DeliverParcel(CarrierCommand),
}

/// Moves parcels.
#[derive(Clone, Debug)]
pub struct CarrierHandler {
    shipments: ShipmentStore,
    carrier: Carrier,
}

impl CarrierHandler {
    /// Moves the parcels of this store, with this carrier.
    #[must_use]
    pub fn new(shipments: ShipmentStore, carrier: Carrier) -> Self {
        Self { shipments, carrier }
    }

    async fn dispatch(&self, CarrierCommand { metadata, data }: CarrierCommand) -> Result<(), HandlerError> {
        let order_id = data.order_id;
        let (from, to) = (ShipmentState::Created, ShipmentState::Dispatched);
        match self.shipments.advance(order_id, from, to).await? {
            // Perhaps it left before, and its next schedule was not made.
            Change::Made | Change::Refused(Some(ShipmentState::Dispatched)) => {
                Ok(self.carrier.plan(Step::Deliver, order_id, metadata.correlation_id).await?)
            }
            // It was cancelled in time, or this is an old story.
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

impl queue::Handler for CarrierHandler {
    type Event = Reminder;

    async fn handle(&self, reminder: Reminder) -> Result<(), HandlerError> {
        match reminder {
            Reminder::DispatchParcel(command) => self.dispatch(command).await,
            Reminder::DeliverParcel(command) => self.deliver(command).await,
        }
    }
}
