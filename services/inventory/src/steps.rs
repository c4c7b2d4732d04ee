//! What the fulfilment of an order asks of the warehouse, step by step.

use domain::OrderId;
use domain::stock::StockStep;
use lambdakit::steps::{Handler, StepError, StepResult};
use lambdakit::telemetry;
use serde::Serialize;

use crate::store::{Released, Reserved, Shipped, StockStore};

/// Name of the error by which the warehouse says that pieces cannot leave, since they were put back, for good.
pub const RELEASED: &str = "Released";

/// Does what fulfilment asks for.
#[derive(Clone, Debug)]
pub struct Steps {
    stock: StockStore,
}

/// What fulfilment is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Of which order.
    pub order_id: OrderId,
    /// Where its pieces are.
    pub stock: Whereabouts,
}

/// Where the pieces of an order are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Whereabouts {
    /// Set aside.
    Reserved,
    /// Put back, or never set aside.
    Released,
    /// Never set aside, since there are not enough.
    OutOfStock,
    /// Out of the house.
    Shipped,
}

impl Steps {
    /// Does it with this stock.
    #[must_use]
    pub fn new(stock: StockStore) -> Self {
        Self { stock }
    }
}

impl Handler for Steps {
    type Step = StockStep;
    type Output = Answer;

    async fn handle(&self, step: StockStep) -> Result<StepResult<Answer>, StepError> {
        let answer = |order_id, stock| Answer { order_id, stock };
        let done = |order_id, stock| Ok(StepResult::Done(answer(order_id, stock)));
        match step {
            StockStep::Reserve { order_id, pieces } => match self.stock.reserve(order_id, pieces).await? {
                Reserved::Done => done(order_id, Whereabouts::Reserved),
                Reserved::OutOfStock => {
                    telemetry::count("OutOfStock", 1);
                    let output = answer(order_id, Whereabouts::OutOfStock);
                    Ok(StepResult::Refused { reason: "OutOfStock", output })
                }
                Reserved::Released => Ok(StepResult::Refused {
                    reason: RELEASED,
                    output: answer(order_id, Whereabouts::Released),
                }),
            },
            StockStep::Release { order_id } => match self.stock.release(order_id).await? {
                Released::Done => done(order_id, Whereabouts::Released),
                Released::Shipped => done(order_id, Whereabouts::Shipped),
            },
            StockStep::Ship { order_id } => match self.stock.ship(order_id).await? {
                Shipped::Done => done(order_id, Whereabouts::Shipped),
                // The parcel has left, and its pieces count as being here: somebody has to look at it.
                Shipped::Released => Err(StepError::named(RELEASED, &"the pieces were put back")),
                Shipped::NotReserved => Err(StepError::broken(&"nothing is set aside for the order")),
            },
        }
    }
}
