//! What the fulfilment of an order asks of the warehouse, step by step.

use domain::OrderId;
use domain::stock::StockStep;
use lambdakit::steps::{Handler, StepError, StepResult};
use lambdakit::telemetry;
use serde::Serialize;

use crate::store::{ReleaseOutcome, ReserveOutcome, ShipOutcome, StockStore};

/// Name of the error by which the warehouse says that units cannot leave, since they were put back, for good.
pub const RELEASED: &str = "Released";

/// Does what fulfilment asks for.
#[derive(Clone, Debug)]
pub struct ReservationSteps {
    stock: StockStore,
}

/// What fulfilment is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Of which order.
    pub order_id: OrderId,
    /// Where its units are.
    pub stock: ReservationState,
}

/// Where the units of an order are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReservationState {
    /// Set aside.
    Reserved,
    /// Put back, or never set aside.
    Released,
    /// Never set aside, since there are not enough.
    OutOfStock,
    /// Out of the house.
    Shipped,
}

impl ReservationSteps {
    /// Does it with this stock.
    #[must_use]
    pub fn new(stock: StockStore) -> Self {
        Self { stock }
    }
}

impl Handler for ReservationSteps {
    type Step = StockStep;
    type Output = Answer;

    async fn handle(&self, step: StockStep) -> Result<StepResult<Answer>, StepError> {
        let answer = |order_id, stock| Answer { order_id, stock };
        let done = |order_id, stock| Ok(StepResult::Done(answer(order_id, stock)));
        match step {
            StockStep::Reserve { order_id, units } => match self.stock.reserve(order_id, units).await? {
                ReserveOutcome::Done => done(order_id, ReservationState::Reserved),
                ReserveOutcome::OutOfStock => {
                    telemetry::count("OutOfStock", 1);
                    let output = answer(order_id, ReservationState::OutOfStock);
                    Ok(StepResult::Refused { reason: "OutOfStock", output })
                }
                ReserveOutcome::Released => Ok(StepResult::Refused {
                    reason: RELEASED,
                    output: answer(order_id, ReservationState::Released),
                }),
            },
            StockStep::Release { order_id } => match self.stock.release(order_id).await? {
                ReleaseOutcome::Done => done(order_id, ReservationState::Released),
                ReleaseOutcome::Shipped => done(order_id, ReservationState::Shipped),
            },
            StockStep::Ship { order_id } => match self.stock.ship(order_id).await? {
                ShipOutcome::Done => done(order_id, ReservationState::Shipped),
                // The parcel has left, and its units count as being here: somebody has to look at it.
                ShipOutcome::Released => Err(StepError::named(RELEASED, &"the units were put back")),
                ShipOutcome::NotReserved => Err(StepError::broken(&"nothing is set aside for the order")),
            },
        }
    }
}
