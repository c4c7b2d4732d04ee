//! The steps that the fulfilment workflow requests from the warehouse.

use contracts::inventory::StockStep;
use domain::OrderId;
use lambdakit::telemetry;
use lambdakit::workflow::steps::{Handler, StepError, StepResult};
use serde::Serialize;

use crate::store::{ReleaseOutcome, ReserveOutcome, ShipOutcome, StockStore};

/// Name of the error for units that cannot be reserved or shipped, since they were released for
/// good.
pub const RELEASED: &str = "Released";

/// Performs the steps that the workflow requests.
#[derive(Clone, Debug)]
pub struct ReservationSteps {
    stock: StockStore,
}

/// The result that the workflow receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The order.
    pub order_id: OrderId,
    /// The state of its units.
    pub stock: ReservationState,
}

/// The state of an order's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReservationState {
    /// Reserved.
    Reserved,
    /// Released, or never reserved.
    Released,
    /// Never reserved, since there are not enough.
    OutOfStock,
    /// Shipped.
    Shipped,
}

impl ReservationSteps {
    /// Steps on this stock.
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
                    telemetry::metric_count("OutOfStock", 1);
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
                // The parcel has left, but its units count as on hand: an operator must
                // investigate.
                ShipOutcome::Released => Err(StepError::named(RELEASED, &"the units were put back")),
                ShipOutcome::NotReserved => Err(StepError::broken(&"nothing is reserved for the order")),
            },
        }
    }
}
