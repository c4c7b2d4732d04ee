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
    MarkStockReserved,
    Charge { task_token: String },
    MarkPaid,
    Ship { task_token: String },
    CancelShipment { task_token: String },
    MarkShipped,
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
/// A cancelled order is refused its next status. The refusal is a result, so the workflow needs no
/// state that checks for it. The command that follows is not sent: its task fails with
/// [`CANCEL_REQUESTED`], and the workflow compensates.
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

    async fn mark(
        &self,
        order: &Order,
        status: OrderStatus,
        unless_cancelled: bool,
    ) -> Result<StepResult<StepReport>, StepError> {
        self.close(order, status, None, unless_cancelled).await
    }

    async fn close(
        &self,
        order: &Order,
        status: OrderStatus,
        reason: Option<Reason>,
        unless_cancelled: bool,
    ) -> Result<StepResult<StepReport>, StepError> {
        let change = StatusChange { status, at: Timestamp::now(), reason };
        match self.orders.advance(order, Transition { change, unless_cancelled }).await? {
            TransitionOutcome::Applied(_) => Ok(DONE),
            TransitionOutcome::Rejected(order) if order.has_been(status) => Ok(DONE),
            TransitionOutcome::Rejected(order) if unless_cancelled && order.cancel_requested_at.is_some() => {
                Ok(REFUSED)
            }
            TransitionOutcome::Rejected(order) => {
                Err(StepError::broken(&InvalidTransition { from: order.status, to: status }))
            }
            TransitionOutcome::NotFound => Err(StepError::broken(&"the order is gone")),
        }
    }

    /// Sends a command, and lets the task wait for its result. If the order was cancelled before it
    /// reached `status`, it fails the task instead.
    async fn command_unless_cancelled<C: Published>(
        &self,
        order: &Order,
        status: OrderStatus,
        queue: &CommandQueue,
        (wait, token): (Wait, &str),
        command: C,
    ) -> Result<StepResult<StepReport>, StepError> {
        if order.cancel_requested_at.is_some() && !order.has_been(status) {
            self.tasks.fail(token, CANCEL_REQUESTED).await?;
            return Ok(REFUSED);
        }
        self.command(order, queue, (wait, token), command).await
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

impl steps::Handler for FulfilmentSteps {
    type Step = Call;
    type Output = StepReport;

    async fn handle(&self, Call { order_id, step }: Call) -> Result<StepResult<StepReport>, StepError> {
        let order = self.orders.find(order_id).await?;
        let order = &order.ok_or_else(|| StepError::broken(&"there is no such order"))?;
        match step {
            Step::MarkStockReserved => self.mark(order, OrderStatus::StockReserved, true).await,
            Step::MarkPaid => self.mark(order, OrderStatus::Paid, true).await,
            Step::MarkShipped => self.mark(order, OrderStatus::Shipped, false).await,
            Step::Close { status, reason } => self.close(order, status.into(), Some(reason), false).await,
            Step::Charge { task_token } => {
                let (amount, currency) = (order.total_price.amount(), order.total_price.currency());
                let command = ChargePayment { order_id, amount, currency, payment: order.payment.clone() };
                let wait = (Wait::Payment, &*task_token);
                self.command_unless_cancelled(order, OrderStatus::StockReserved, &self.payment, wait, command)
                    .await
            }
            Step::Refund { task_token } => {
                let command = RefundPayment { order_id };
                self.command(order, &self.payment, (Wait::Refund, &task_token), command).await
            }
            Step::Ship { task_token } => {
                let (recipient, units) = (order.recipient.clone(), order.units());
                let command = ShipOrder { order_id, recipient, units };
                let wait = (Wait::Delivery, &*task_token);
                self.command_unless_cancelled(order, OrderStatus::Paid, &self.shipping, wait, command).await
            }
            Step::CancelShipment { task_token } => {
                let command = CancelShipment { order_id };
                self.command(order, &self.shipping, (Wait::Delivery, &task_token), command).await
            }
        }
    }
}
