//! Event handler of fulfilment: starts an order's workflow, completes its waiting tasks, follows its
//! parcel, or cancels its shipment.

use contracts::ordering::{OrderCancellationRequested, OrderPlaced};
use contracts::payment::{PaymentDeclined, PaymentRefunded, PaymentSettled};
use contracts::shipping::CancelShipment;
use contracts::shipping::{ShipmentCancelled, ShipmentDelivered, ShipmentDispatched, ShipmentRefused};
use contracts::{Event, Metadata, Payload, Published};
use domain::order::{InvalidTransition, OrderStatus, StatusChange};
use domain::stock::LineQuantity;
use domain::{OrderId, Timestamp};
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::command::CommandQueue;
use lambdakit::messaging::consumer;
use lambdakit::telemetry;
use lambdakit::workflow::executions::{Tasks, Workflow};
use serde::{Deserialize, Serialize};

use crate::fulfilment::store::{Answer, Fulfilment, FulfilmentStore, Wait};
use crate::fulfilment::tasks::complete_task;
use crate::store::{OrderStore, Transition, TransitionOutcome};

/// The events that fulfilment consumes.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "each is documented where it is stated")]
pub enum FulfilmentEvent {
    OrderPlaced(Event<OrderPlaced>),
    OrderCancellationRequested(Event<OrderCancellationRequested>),
    PaymentSettled(Event<PaymentSettled>),
    PaymentDeclined(Event<PaymentDeclined>),
    PaymentRefunded(Event<PaymentRefunded>),
    ShipmentRefused(Event<ShipmentRefused>),
    ShipmentCancelled(Event<ShipmentCancelled>),
    ShipmentDispatched(Event<ShipmentDispatched>),
    ShipmentDelivered(Event<ShipmentDelivered>),
}

/// The input of an execution. Its history stays for 90 days, so it contains no customer data.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    order_id: OrderId,
    correlation_id: String,
    units: Vec<LineQuantity>,
}

/// Handles the events that fulfilment consumes.
#[derive(Clone, Debug)]
pub struct FulfilmentHandler {
    orders: OrderStore,
    fulfilments: FulfilmentStore,
    workflow: Workflow,
    tasks: Tasks,
    shipping: CommandQueue,
}

impl FulfilmentHandler {
    /// A handler for these orders that starts this workflow, completes its tasks, and cancels
    /// shipments through this queue.
    #[must_use]
    pub fn new(
        orders: OrderStore,
        fulfilments: FulfilmentStore,
        workflow: Workflow,
        tasks: Tasks,
        shipping: CommandQueue,
    ) -> Self {
        Self { orders, fulfilments, workflow, tasks, shipping }
    }

    /// Starts the workflow of an order, unless it was cancelled first.
    async fn start(&self, Event { metadata, data }: Event<OrderPlaced>) -> Result<(), HandlerError> {
        let OrderPlaced { order_id, customer_id, units, .. } = data;
        match self.orders.claim(customer_id, order_id).await? {
            TransitionOutcome::Applied(_) => {}
            TransitionOutcome::Rejected(order) => {
                telemetry::field("notClaimed", order.status.as_str());
                return Ok(());
            }
            TransitionOutcome::NotFound => return Err(UnknownOrder(order_id).into()),
        }
        self.fulfilments.begin(&Fulfilment::new(order_id)).await?;
        let input = Input { order_id, correlation_id: metadata.correlation_id, units };
        Ok(self.workflow.start(&order_id.to_string(), &input).await?)
    }

    /// A workflow that has not reached the shipment yet detects the cancellation itself. After
    /// that, shipping decides which came first.
    async fn cancel(&self, event: Event<OrderCancellationRequested>) -> Result<(), HandlerError> {
        let command = CancelShipment { order_id: event.data.order_id };
        let command = event.consequence(CancelShipment::DETAIL_TYPE, Timestamp::now(), command);
        Ok(self.shipping.send(CancelShipment::SOURCE, CancelShipment::DETAIL_TYPE, &command).await?)
    }

    /// A parcel has left or was delivered. Marks the order first, so that it is `SHIPPED` when the
    /// workflow continues, and then completes the task that waits for the parcel. Either event can
    /// be late, lost, or repeated: a delivered parcel was dispatched.
    async fn ship(
        &self,
        metadata: Metadata,
        order_id: OrderId,
        statuses: &[OrderStatus],
    ) -> Result<(), HandlerError> {
        let mut order = self.orders.find(order_id).await?.ok_or(UnknownOrder(order_id))?;
        for &status in statuses {
            if order.has_been(status) {
                continue;
            }
            let change = StatusChange { status, at: metadata.occurred_at, reason: None };
            order = match self.orders.advance(&order, Transition { change, unless_cancelled: false }).await? {
                TransitionOutcome::Applied(order) => *order,
                TransitionOutcome::Rejected(order) if order.has_been(status) => *order,
                // The parcel is on its way all the same: an operator must investigate.
                TransitionOutcome::Rejected(order) => {
                    return Err(InvalidTransition { from: order.status, to: status }.into());
                }
                TransitionOutcome::NotFound => return Err(UnknownOrder(order_id).into()),
            };
        }
        self.answer(order_id, Wait::Delivery, Answer::Done).await
    }
}

/// An event about an order that is not being fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no order {0}")]
struct UnknownOrder(OrderId);

impl FulfilmentHandler {
    async fn answer(&self, order_id: OrderId, wait: Wait, answer: Answer) -> Result<(), HandlerError> {
        let Some((answer, tokens)) = self.fulfilments.answer(order_id, wait, answer).await? else {
            return self.expect_earlier(order_id).await;
        };
        for token in tokens {
            complete_task(&self.tasks, &token, answer).await?;
        }
        Ok(())
    }

    /// Fulfilment that was removed and added again does not know the orders from before, whose events
    /// a replay publishes again.
    async fn expect_earlier(&self, order_id: OrderId) -> Result<(), HandlerError> {
        match self.orders.find(order_id).await? {
            Some(order) if order.status != OrderStatus::Pending => {
                telemetry::field("fulfilledEarlier", order.status.as_str());
                Ok(())
            }
            _ => Err(UnknownOrder(order_id).into()),
        }
    }
}

impl consumer::Handler for FulfilmentHandler {
    type Event = FulfilmentEvent;

    async fn handle(&self, event: FulfilmentEvent) -> Result<(), HandlerError> {
        let (order_id, wait, answer) = match event {
            FulfilmentEvent::OrderPlaced(event) => return self.start(event).await,
            FulfilmentEvent::OrderCancellationRequested(event) => return self.cancel(event).await,
            FulfilmentEvent::ShipmentDispatched(Event { metadata, data }) => {
                return self.ship(metadata, data.order_id, &[OrderStatus::Shipped]).await;
            }
            FulfilmentEvent::ShipmentDelivered(Event { metadata, data }) => {
                let statuses = [OrderStatus::Shipped, OrderStatus::Delivered];
                return self.ship(metadata, data.order_id, &statuses).await;
            }
            FulfilmentEvent::PaymentSettled(event) => (event.data.order_id, Wait::Payment, Answer::Done),
            FulfilmentEvent::PaymentDeclined(event) => {
                (event.data.order_id, Wait::Payment, Answer::PaymentDeclined)
            }
            FulfilmentEvent::PaymentRefunded(event) => (event.data.order_id, Wait::Refund, Answer::Done),
            FulfilmentEvent::ShipmentRefused(event) => {
                (event.data.order_id, Wait::Delivery, Answer::ShippingImpossible)
            }
            FulfilmentEvent::ShipmentCancelled(event) => {
                (event.data.order_id, Wait::Delivery, Answer::Cancelled)
            }
        };
        self.answer(order_id, wait, answer).await
    }
}
