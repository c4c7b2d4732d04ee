use aws_sdk_dynamodb::types::builders::{TransactWriteItemBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::stock::LineQuantity;
use domain::{OrderId, ProductId, Timestamp};
use lambdakit::dynamodb::table::Transaction;
use lambdakit::{AwsError, telemetry};
use uuid::Uuid;

use super::{LIFETIME_DAYS, ReservationRow, StockStore, number, order_item, order_key, part, product_key};
use crate::reservation::{Movement, Reservation, State, Step, tombstone};

/// The outcome of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveOutcome {
    /// All units are reserved, or have been shipped since.
    Done,
    /// No unit is reserved: there are not enough, or were not when the order was first reserved.
    OutOfStock,
    /// No unit is or will be reserved: they were released, perhaps before they were reserved.
    Released,
}

/// The outcome of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseOutcome {
    /// No unit is reserved any more, and none will be.
    Done,
    /// The units have been shipped.
    Shipped,
}

/// The outcome of shipping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShipOutcome {
    /// The units have been shipped.
    Done,
    /// The units were released.
    Released,
    /// The units were never reserved, or not all of them.
    NotReserved,
}

/// The outcome of one step.
enum Taken {
    /// It was done.
    Done,
    /// Not done: the order's row has changed.
    Overtaken,
    /// Not done: a product does not have enough units.
    Short,
}

impl StockStore {
    /// Reserves all units of an order, or none.
    pub async fn reserve(
        &self,
        order_id: OrderId,
        units: Vec<LineQuantity>,
    ) -> Result<ReserveOutcome, AwsError> {
        let wanted = Reservation::all_of(order_id, units);
        let settled = self.settle(order_id, Some(wanted.begin()), Reservation::go_on).await?;
        Ok(match settled.map(|settled| settled.state) {
            Some(State::Reserved | State::Shipped) => ReserveOutcome::Done,
            Some(State::Refused) => ReserveOutcome::OutOfStock,
            Some(State::Released) | None => ReserveOutcome::Released,
        })
    }

    /// Releases what an order has reserved, if anything, and prevents a later reservation.
    pub async fn release(&self, order_id: OrderId) -> Result<ReleaseOutcome, AwsError> {
        let release = |there: &Reservation| match there.state {
            State::Reserved => Some(there.turn(State::Released)),
            State::Refused | State::Released => there.go_on(),
            State::Shipped => None,
        };
        let there = self.reservation(order_id).await?;
        let first = there.as_ref().map_or_else(|| Some(tombstone(order_id)), release);
        let settled = match first {
            Some(step) => self.settle(order_id, Some(step), release).await?,
            None => there,
        };
        Ok(match settled.map(|settled| settled.state) {
            Some(State::Shipped) => ReleaseOutcome::Shipped,
            _ => ReleaseOutcome::Done,
        })
    }

    /// Ships what an order has reserved.
    pub async fn ship(&self, order_id: OrderId) -> Result<ShipOutcome, AwsError> {
        let ship = |there: &Reservation| match there.state {
            State::Reserved if there.is_settled() => Some(there.turn(State::Shipped)),
            State::Shipped => there.go_on(),
            State::Reserved | State::Refused | State::Released => None,
        };
        let there = self.reservation(order_id).await?;
        let settled = match there.as_ref().and_then(ship) {
            Some(step) => self.settle(order_id, Some(step), ship).await?,
            None => there,
        };
        Ok(match settled.map(|settled| settled.state) {
            Some(State::Shipped) => ShipOutcome::Done,
            Some(State::Released) => ShipOutcome::Released,
            Some(State::Reserved | State::Refused) | None => ShipOutcome::NotReserved,
        })
    }

    /// Applies step after step until there is none, and returns the row as it is then. If another
    /// call changes the row first, it continues from that row.
    async fn settle(
        &self,
        order_id: OrderId,
        first: Option<Step>,
        next: impl Fn(&Reservation) -> Option<Step>,
    ) -> Result<Option<Reservation>, AwsError> {
        let (mut step, mut there) = (first, None);
        while let Some(todo) = step {
            step = match self.take(&todo).await? {
                Taken::Done => {
                    let after = next(&todo.after);
                    there = Some(todo.after);
                    after
                }
                Taken::Overtaken => {
                    there = self.reservation(order_id).await?;
                    there.as_ref().and_then(&next)
                }
                Taken::Short if todo.movement == Movement::SetAside => Some(todo.refusal()),
                Taken::Short => {
                    return Err(AwsError::Permanent("fewer units are reserved than orders say".to_owned()));
                }
            };
        }
        Ok(there)
    }

    async fn reservation(&self, order_id: OrderId) -> Result<Option<Reservation>, AwsError> {
        self.table.get_latest(order_key(order_id)).await
    }

    async fn take(&self, step: &Step) -> Result<Taken, AwsError> {
        let mut parts = vec![self.row(step)?];
        for (product_id, units) in &step.part {
            parts.push(self.moving(*product_id, *units, step.movement)?);
        }
        Ok(match self.table.transact(parts, Uuid::now_v7().to_string()).await? {
            Transaction::Done => Taken::Done,
            Transaction::Refused(parts) if parts.contains(&0) => Taken::Overtaken,
            Transaction::Refused(_) => Taken::Short,
        })
    }

    /// The write of the order's row after a step, on condition that the stored row is still the one
    /// before it.
    fn row(&self, Step { before, after, .. }: &Step) -> Result<TransactWriteItem, AwsError> {
        let now = Timestamp::now();
        let over = after.state != State::Reserved;
        let row = ReservationRow {
            item: order_item(after.order_id),
            reservation: after.clone(),
            updated_at: now,
            correlation_id: telemetry::correlation_id(),
            expires_at: over.then(|| now.plus_days(LIFETIME_DAYS).unix_seconds()),
        };
        let put = Put::builder().table_name(self.table.name()).set_item(Some(serde_dynamo::to_item(row)?));
        let put = match before {
            None => put
                .condition_expression("attribute_not_exists(#item)")
                .expression_attribute_names("#item", "item"),
            // No row is ever twice in the same state with the same number of parts left.
            Some(before) => put
                .condition_expression("#state = :state AND #left = :left")
                .expression_attribute_names("#state", "state")
                .expression_attribute_names("#left", "left")
                .expression_attribute_values(":state", serde_dynamo::to_attribute_value(before.state)?)
                .expression_attribute_values(":left", number(before.left)),
        };
        part(put.build(), TransactWriteItemBuilder::put)
    }

    /// The move of units of a product, on condition that there are enough.
    fn moving(&self, id: ProductId, units: u64, movement: Movement) -> Result<TransactWriteItem, AwsError> {
        let (from, to) = match movement {
            Movement::SetAside => ("onHand", "reserved"),
            Movement::PutBack => ("reserved", "onHand"),
            Movement::Ship => ("reserved", "shipped"),
        };
        let update: UpdateBuilder = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(product_key(id)))
            .update_expression(
                "SET #from = #from - :units, #to = #to + :units, updatedAt = :now, correlationId = :correlationId \
                 ADD version :one",
            )
            .condition_expression("#from >= :units")
            .expression_attribute_names("#from", from)
            .expression_attribute_names("#to", to)
            .expression_attribute_values(":units", number(units))
            .expression_attribute_values(":now", AttributeValue::S(Timestamp::now().to_string()))
            .expression_attribute_values(":correlationId", AttributeValue::S(telemetry::correlation_id()))
            .expression_attribute_values(":one", number(1));
        part(update.build(), TransactWriteItemBuilder::update)
    }
}
