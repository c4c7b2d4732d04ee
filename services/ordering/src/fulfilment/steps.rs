//! The workflow's steps on orders: status changes, and commands to the services that fulfil them.

use contracts::payment::{ChargePayment, RefundPayment};
use contracts::shipping::{CancelShipment, ShipOrder};
use contracts::{Event, Published};
use domain::order::{InvalidTransition, Order, OrderStatus, Reason, StatusChange};
use domain::{OrderId, Timestamp};
use lambdakit::messaging::command::CommandQueue;
use lambdakit::workflow::executions::Tasks;
use lambdakit::workflow::steps::{self, StepError, StepResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::fulfilment::store::{FulfilmentStore, Wait};
use crate::fulfilment::tasks::complete_task;
use crate::store::{OrderStore, Transition, TransitionOutcome};

/// The error of a task whose command is not sent because the customer has cancelled the order.
pub const CANCEL_REQUESTED: &str = "CancelRequested";

/// A step, as `fulfilment.asl.json` requests it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    order_id: OrderId,
    #[serde(flatten)]
    step: Step,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Step {
    Charge { task_token: String },
    Ship { task_token: String },
    CancelShipment { task_token: String },
    Refund { task_token: String },
    Close { status: End, reason: Reason },
}

/// The final status of an order that is not delivered.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum End {
    Rejected,
    Cancelled,
}

impl From<End> for OrderStatus {
    fn from(end: End) -> Self {
        match end {
            End::Rejected => Self::Rejected,
            End::Cancelled => Self::Cancelled,
        }
    }
}

/// The result of a step, for the workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The outcome.
    pub outcome: StepOutcome,
}

/// The outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// It was refused: the customer has cancelled the order. [`FulfilmentSteps`] describes how the
    /// workflow compensates.
    CancelRequested,
}

const DONE: StepResult<StepReport> = StepResult::Done(StepReport { outcome: StepOutcome::Done });
const REFUSED: StepResult<StepReport> = StepResult::Refused {
    reason: CANCEL_REQUESTED,
    output: StepReport { outcome: StepOutcome::CancelRequested },
};

/// Performs the workflow's steps.
///
/// `charge` and `ship` mark the order before they send their command, so only a marked order is
/// charged or shipped. A cancelled order is not marked: no command is sent, the task fails with
/// [`CANCEL_REQUESTED`], and the workflow compensates. That is a result of the invocation and not an
/// error.
#[derive(Clone, Debug)]
pub struct FulfilmentSteps {
    orders: OrderStore,
    fulfilments: FulfilmentStore,
    tasks: Tasks,
    payment: CommandQueue,
    shipping: CommandQueue,
}

impl FulfilmentSteps {
    /// Steps on these orders, which send commands to payment and shipping through these queues.
    #[must_use]
    pub fn new(
        orders: OrderStore,
        fulfilments: FulfilmentStore,
        tasks: Tasks,
        payment: CommandQueue,
        shipping: CommandQueue,
    ) -> Self {
        Self { orders, fulfilments, tasks, payment, shipping }
    }

    /// Marks an order as reserved or paid, unless its customer has cancelled it. Returns the order
    /// as it is then, or `None` if it was cancelled first.
    async fn mark(&self, order: &Order, status: OrderStatus) -> Result<Option<Box<Order>>, StepError> {
        let change = StatusChange { status, at: Timestamp::now(), reason: None };
        match self.orders.advance(order, Transition { change, unless_cancelled: true }).await? {
            TransitionOutcome::Rejected(order)
                if order.cancel_requested_at.is_some() && !order.has_been(status) =>
            {
                Ok(None)
            }
            outcome => reached(status, outcome).map(Some),
        }
    }

    /// Fails the task of a command that is not sent, because the customer has cancelled the order.
    async fn refuse(&self, token: &str) -> Result<StepResult<StepReport>, StepError> {
        self.tasks.fail(token, CANCEL_REQUESTED).await?;
        Ok(REFUSED)
    }

    async fn close(
        &self,
        order: &Order,
        status: OrderStatus,
        reason: Reason,
    ) -> Result<StepResult<StepReport>, StepError> {
        let change = StatusChange { status, at: Timestamp::now(), reason: Some(reason) };
        let outcome = self.orders.advance(order, Transition { change, unless_cancelled: false }).await?;
        reached(status, outcome).map(|_| DONE)
    }

    /// Sends a command, and lets the task wait for its result.
    async fn command<C: Published>(
        &self,
        order: &Order,
        queue: &CommandQueue,
        (wait, token): (Wait, &str),
        command: C,
    ) -> Result<StepResult<StepReport>, StepError> {
        let id = Uuid::new_v5(&order.order_id.into(), C::DETAIL_TYPE.as_bytes());
        let event = Event::new(id, order.correlation_id.clone(), Timestamp::now(), command);
        // The token is stored first: the answer may arrive before this function returns.
        let answer = self.fulfilments.wait(order.order_id, wait, token).await?;
        match answer {
            Some(answer) => complete_task(&self.tasks, token, answer).await?,
            None => queue.send(C::SOURCE, C::DETAIL_TYPE, &event).await?,
        }
        Ok(DONE)
    }
}

/// The order, if it has reached this status now or before.
fn reached(status: OrderStatus, outcome: TransitionOutcome) -> Result<Box<Order>, StepError> {
    match outcome {
        TransitionOutcome::Applied(order) => Ok(order),
        TransitionOutcome::Rejected(order) if order.has_been(status) => Ok(order),
        TransitionOutcome::Rejected(order) => {
            Err(StepError::broken(&InvalidTransition { from: order.status, to: status }))
        }
        TransitionOutcome::NotFound => Err(StepError::broken(&"the order is gone")),
    }
}

impl steps::Handler for FulfilmentSteps {
    type Step = Call;
    type Output = StepReport;

    async fn handle(&self, Call { order_id, step }: Call) -> Result<StepResult<StepReport>, StepError> {
        let order = self.orders.find(order_id).await?;
        let order = &order.ok_or_else(|| StepError::broken(&"there is no such order"))?;
        match step {
            Step::Charge { task_token } => {
                let Some(order) = self.mark(order, OrderStatus::StockReserved).await? else {
                    return self.refuse(&task_token).await;
                };
                let (amount, currency) = (order.total_price.amount(), order.total_price.currency());
                let command = ChargePayment { order_id, amount, currency, payment: order.payment.clone() };
                self.command(&order, &self.payment, (Wait::Payment, &task_token), command).await
            }
            Step::Ship { task_token } => {
                let Some(order) = self.mark(order, OrderStatus::Paid).await? else {
                    return self.refuse(&task_token).await;
                };
                let (recipient, units) = (order.recipient.clone(), order.units());
                let command = ShipOrder { order_id, recipient, units };
                self.command(&order, &self.shipping, (Wait::Delivery, &task_token), command).await
            }
            Step::CancelShipment { task_token } => {
                let command = CancelShipment { order_id };
                self.command(order, &self.shipping, (Wait::Delivery, &task_token), command).await
            }
            Step::Refund { task_token } => {
                let command = RefundPayment { order_id };
                self.command(order, &self.payment, (Wait::Refund, &task_token), command).await
            }
            Step::Close { status, reason } => self.close(order, status.into(), reason).await,
        }
    }
}
