//! Consumer of ordering's commands: creates and cancels shipments.

use contracts::Event;
use contracts::shipping::{CancelShipment, ShipOrder};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use serde::Deserialize;

use crate::carrier::{Carrier, Step};
use crate::shipment::{Shipment, ShipmentState};
use crate::store::{Change, ShipmentStore};

/// The commands that shipping consumes.
#[derive(Clone, Debug, Deserialize)]
pub enum DeliveryCommand {
    /// Ship an order's parcel.
    ShipOrder(Event<ShipOrder>),
    /// Cancel its shipment.
    CancelShipment(Event<CancelShipment>),
}

/// Creates and cancels shipments.
#[derive(Clone, Debug)]
pub struct ShipmentHandler {
    shipments: ShipmentStore,
    carrier: Carrier,
}

impl ShipmentHandler {
    /// Handles commands with this store and this carrier.
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
            // A redelivered command may find the shipment stored, but its schedule missing.
            Some(ShipmentState::Created) => {
                Ok(self.carrier.plan(Step::Dispatch, order_id, correlation_id).await?)
            }
            // The requester may have missed the event, so it is published again.
            Some(ShipmentState::Cancelled) => {
                self.shipments.answer_again(order_id).await?;
                Ok(())
            }
            Some(ShipmentState::Dispatched | ShipmentState::Delivered | ShipmentState::Refused) => Ok(()),
            None => Err("the shipment came and went".into()),
        }
    }

    async fn cancel(&self, Event { metadata, data }: Event<CancelShipment>) -> Result<(), HandlerError> {
        // The parcel has left, or the shipment is cancelled or refused already. The requester may
        // have missed the event.
        if let Change::Refused(_) = self.shipments.cancel(data.order_id, &metadata.correlation_id).await? {
            self.shipments.answer_again(data.order_id).await?;
        }
        Ok(())
    }
}

impl consumer::Handler for ShipmentHandler {
    type Event = DeliveryCommand;

    async fn handle(&self, command: DeliveryCommand) -> Result<(), HandlerError> {
        match command {
            DeliveryCommand::ShipOrder(command) => self.ship(command).await,
            DeliveryCommand::CancelShipment(command) => self.cancel(command).await,
        }
    }
}
