//! The workflow's steps on orders: status changes, and commands to the services that fulfil them.

use contracts::payment::{ChargePayment, RefundPayment};
use contracts::shipping::{CancelShipment, ShipOrder};
use contracts::{Event, Published};
use domain::order::{Order, OrderStatus, Reason, StatusChange};
use domain::{CustomerId, OrderId, Timestamp};
use lambdakit::AwsError;
use lambdakit::messaging::command::CommandQueue;
use lambdakit::workflow::executions::Tasks;
use lambdakit::workflow::steps::{self, StepError, StepResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::complete_task;
use super::units;
use crate::store::{FulfilmentStore, OrderStore, Transition, TransitionOutcome, Wait};

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

/// Orders, and the progress of their fulfilment.
#[derive(Clone, Debug)]
pub struct OrderRepository {
    pub(super) orders: OrderStore,
    pub(super) fulfilments: FulfilmentStore,
}

impl OrderRepository {
    /// The orders and fulfilments in these stores.
    #[must_use]
    pub fn new(orders: OrderStore, fulfilments: FulfilmentStore) -> Self {
        Self { orders, fulfilments }
    }

    /// Reads an order that is being fulfilled, under its customer's id or, once their data was
    /// erased, under [`CustomerId::ERASED`].
    pub(super) async fn find(&self, order_id: OrderId) -> Result<Option<Order>, AwsError> {
        let Some(fulfilment) = self.fulfilments.get(order_id).await? else { return Ok(None) };
        match self.orders.get_latest(fulfilment.customer_id, order_id).await? {
            None => self.orders.get_latest(CustomerId::ERASED, order_id).await,
            found => Ok(found),
        }
    }

    /// Advances an order, also if its customer's data was erased meanwhile. Each change is later
    /// than the one before it, because consumers distinguish changes by their times. This holds
    /// even if the workflow recorded the previous change after the event that it led to.
    pub(super) async fn advance(
        &self,
        order: &Order,
        mut step: Transition,
    ) -> Result<TransitionOutcome, AwsError> {
        step.change.at = step.change.at.max(order.changed_at().just_after());
        match self.orders.advance(order.customer_id, order.order_id, step).await? {
            // Erased since it was read.
            TransitionOutcome::NotFound => {
                self.orders.advance(CustomerId::ERASED, order.order_id, step).await
            }
            moved => Ok(moved),
        }
    }
}

/// No transition leads from the order's status to the requested one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from} cannot become {to}")]
pub(super) struct InvalidTransition {
    pub(super) from: OrderStatus,
    pub(super) to: OrderStatus,
}

/// Performs the workflow's steps.
///
/// A cancelled order is refused its next status. The refusal is a result, so the workflow needs no
/// state that checks for it. The command that follows is not sent: its task fails with
/// [`CANCEL_REQUESTED`], and the workflow compensates.
#[derive(Clone, Debug)]
pub struct FulfilmentSteps {
    repository: OrderRepository,
    tasks: Tasks,
    payment: CommandQueue,
    shipping: CommandQueue,
}

impl FulfilmentSteps {
    /// Steps on these orders, which send commands to payment and shipping through these queues.
    #[must_use]
    pub fn new(
        repository: OrderRepository,
        tasks: Tasks,
        payment: CommandQueue,
        shipping: CommandQueue,
    ) -> Self {
        Self { repository, tasks, payment, shipping }
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
        match self.repository.advance(order, Transition { change, unless_cancelled }).await? {
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
        let answer = self.repository.fulfilments.wait(order.order_id, wait, token).await?;
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
        let order = self.repository.find(order_id).await?;
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
                let (recipient, units) = (order.recipient.clone(), units(order));
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
