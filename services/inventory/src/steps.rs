//! What the fulfilment of an order asks of the warehouse, step by step.

use domain::OrderId;
use domain::stock::{OUT_OF_STOCK, StockStep};
use lambdakit::steps::{Handler, StepError};
use lambdakit::telemetry;
use serde::Serialize;

use crate::store::{Released, Reserved, Shipped, StockStore};

/// Name of the error by which the warehouse says that the order's pieces were put back, for good.
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

    async fn handle(&self, step: StockStep) -> Result<Answer, StepError> {
        match step {
            StockStep::Reserve { order_id, pieces } => match self.stock.reserve(order_id, pieces).await? {
                Reserved::Done => Ok(Answer { order_id, stock: Whereabouts::Reserved }),
                Reserved::OutOfStock => {
                    telemetry::count("OutOfStock", 1);
                    Err(StepError::answer(OUT_OF_STOCK, &"there are not enough pieces"))
                }
                Reserved::Released => Err(released()),
            },
            StockStep::Release { order_id } => match self.stock.release(order_id).await? {
                Released::Done => Ok(Answer { order_id, stock: Whereabouts::Released }),
                Released::Shipped => Ok(Answer { order_id, stock: Whereabouts::Shipped }),
            },
            StockStep::Ship { order_id } => match self.stock.ship(order_id).await? {
                Shipped::Done => Ok(Answer { order_id, stock: Whereabouts::Shipped }),
                Shipped::Released => Err(released()),
                Shipped::NotReserved => Err(StepError::broken(&"nothing is set aside for the order")),
            },
        }
    }
}

fn released() -> StepError {
    StepError::answer(RELEASED, &"the pieces were put back")
}
