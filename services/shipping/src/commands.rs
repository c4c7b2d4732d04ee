//! What ordering asks for: that an order's parcel leaves, or that it stays.

use domain::command::{CancelShipment, ShipOrder};
use domain::event::Event;
use lambdakit::batch::HandlerError;
use lambdakit::queue;
use serde::Deserialize;

use crate::carrier::{Carrier, Step};
use crate::shipment::{Shipment, ShipmentState};
use crate::store::{Change, ShipmentStore};

/// The commands that shipping takes.
#[derive(Clone, Debug, Deserialize)]
pub enum DeliveryCommand {
    /// Send a parcel.
    ShipOrder(Event<ShipOrder>),
    /// Keep it here.
    CancelShipment(Event<CancelShipment>),
}

/// Does with parcels what ordering asks for.
#[derive(Clone, Debug)]
pub struct ShipmentHandler {
    shipments: ShipmentStore,
    carrier: Carrier,
}

impl ShipmentHandler {
    /// Does it in this store, with this carrier.
    #[must_use]
    pub fn new(shipments: ShipmentStore, carrier: Carrier) -> Self {
        Self { shipments, carrier }
    }

    async fn ship(&self, Event { metadata, data: order }: Event<ShipOrder>) -> Result<(), HandlerError> {
        let (order_id, correlation_id) = (order.order_id, metadata.correlation_id);
        let shipment = if Carrier::goes_to(&order.recipient) {
            Shipment::created(order, correlation_id.clone())
        } else {
            Shipment::refused(order, correlation_id.clone())
        };
        let state = match self.shipments.begin(&shipment).await? {
            Change::Made => Some(shipment.state),
            Change::Refused(state) => state,
        };
        match state {
            // Perhaps the shipment was kept before, and its schedule not.
            Some(ShipmentState::Created) => {
                Ok(self.carrier.plan(Step::Dispatch, order_id, correlation_id).await?)
            }
            // Who asks now may not have listened when it was told.
            Some(ShipmentState::Cancelled) => {
                self.shipments.answer_again(order_id).await?;
                Ok(())
            }
            Some(ShipmentState::Dispatched | ShipmentState::Delivered | ShipmentState::Refused) => Ok(()),
            None => Err("the shipment came and went".into()),
        }
    }

    async fn cancel(&self, Event { metadata, data }: Event<CancelShipment>) -> Result<(), HandlerError> {
        // It has left, or stays already. Who asks may not have heard of that.
        if let Change::Refused(_) = self.shipments.cancel(data.order_id, &metadata.correlation_id).await? {
            self.shipments.answer_again(data.order_id).await?;
        }
        Ok(())
    }
}

impl queue::Handler for ShipmentHandler {
    type Event = DeliveryCommand;

    async fn handle(&self, command: DeliveryCommand) -> Result<(), HandlerError> {
        match command {
            DeliveryCommand::ShipOrder(command) => self.ship(command).await,
            DeliveryCommand::CancelShipment(command) => self.cancel(command).await,
        }
    }
}
