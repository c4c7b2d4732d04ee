//! The reservation of an order, and the steps from one state to another.
//!
//! A transaction takes 100 items, and an order can have as many products. So an order is processed
//! in parts. Each part is one transaction over some products and the order's own row, which counts
//! the parts that are left. All orders but the largest have a single part.
//!
//! A row only moves forward: from part to part, and from reserved to one of the other states. If a
//! function stops midway, the next call reads from the row what is left and completes it. If
//! several calls try the same part at once, one applies it, and the others find it done.

use std::collections::BTreeMap;

use domain::stock::LineQuantity;
use domain::{OrderId, ProductId};
use serde::{Deserialize, Serialize};

/// How many products a transaction takes beside the order's row: DynamoDB's limit is 100 items.
const MAX_PRODUCTS: usize = 99;

/// Units by product, with several lines of a product added up.
pub type Part = Vec<(ProductId, u64)>;

/// The state that the units of an order are in, or are being moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Reserved.
    Reserved,
    /// Not reserved: there were not enough.
    Refused,
    /// Released, or never reserved, and never to be reserved.
    Released,
    /// Shipped.
    Shipped,
}

/// The reservation of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// The order.
    pub order_id: OrderId,
    /// The units that it requested.
    pub units: Vec<LineQuantity>,
    /// The state of its units, except those in the parts that are left.
    pub state: State,
    /// How many parts are still to be moved to that state.
    pub left: usize,
}

/// A movement of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// From on hand to reserved.
    SetAside,
    /// From reserved to on hand.
    PutBack,
    /// From reserved to shipped.
    Ship,
}

/// What is done in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The row before the step; none if there is no row yet.
    pub before: Option<Reservation>,
    /// The row after the step.
    pub after: Reservation,
    /// Units of each product.
    pub part: Part,
    /// The movement of these units.
    pub movement: Movement,
}

impl Reservation {
    /// The reservation of an order that has reserved all its units.
    #[must_use]
    pub fn all_of(order_id: OrderId, units: Vec<LineQuantity>) -> Self {
        Self { order_id, units, state: State::Reserved, left: 0 }
    }

    /// Whether no part is left to move.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.left == 0
    }

    /// The first step to reserve all units.
    #[must_use]
    pub fn begin(self) -> Step {
        let mut parts = self.parts();
        let part = if parts.is_empty() { Part::new() } else { parts.remove(0) };
        Step { before: None, after: Self { left: parts.len(), ..self }, part, movement: Movement::SetAside }
    }

    /// The next step to the row's state; none if all units are in it.
    #[must_use]
    pub fn go_on(&self) -> Option<Step> {
        let left = self.left.checked_sub(1)?;
        let parts = self.parts();
        let (movement, part) = match self.state {
            State::Reserved => (Movement::SetAside, parts.len().checked_sub(self.left)?),
            State::Refused | State::Released => (Movement::PutBack, left),
            State::Shipped => (Movement::Ship, left),
        };
        Some(Step {
            before: Some(self.clone()),
            after: Self { left, ..self.clone() },
            part: parts.into_iter().nth(part)?,
            movement,
        })
    }

    /// The first step to another state, for the parts that are reserved.
    #[must_use]
    pub fn turn(&self, state: State) -> Step {
        let reserved = self.parts().len().saturating_sub(self.left);
        let turned = Self { state, left: reserved, ..self.clone() };
        let before = Some(self.clone());
        match turned.go_on() {
            Some(step) => Step { before, ..step },
            None => Step { before, after: turned, part: Part::new(), movement: Movement::PutBack },
        }
    }

    /// All units, always in the same sequence.
    fn parts(&self) -> Vec<Part> {
        let mut units = BTreeMap::<ProductId, u64>::new();
        for LineQuantity { product_id, quantity } in &self.units {
            *units.entry(*product_id).or_default() += u64::from(quantity.get());
        }
        let units: Part = units.into_iter().collect();
        units.chunks(MAX_PRODUCTS).map(<[_]>::to_vec).collect()
    }
}

impl Step {
    /// The step to take instead if there are not enough units to reserve a part. It starts to
    /// release what is reserved already, and the order stays refused.
    #[must_use]
    pub fn refusal(self) -> Self {
        match self.before {
            Some(there) => there.turn(State::Refused),
            None => Self {
                after: Reservation { state: State::Refused, left: 0, ..self.after },
                part: Part::new(),
                ..self
            },
        }
    }
}

/// A row after which nothing can be reserved.
#[must_use]
pub fn tombstone(order_id: OrderId) -> Step {
    let after = Reservation { order_id, units: Vec::new(), state: State::Released, left: 0 };
    Step { before: None, after, part: Part::new(), movement: Movement::PutBack }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn order(products: usize) -> Reservation {
        let at = Timestamp::now();
        let product_id = |_| LineQuantity { product_id: ProductId::new(at), quantity: 2.try_into().unwrap() };
        Reservation::all_of(OrderId::new(at), (0..products).map(product_id).collect())
    }

    /// Applies all steps, and returns the last row and how many units each movement moved.
    fn walk(first: Step) -> (Reservation, Vec<(Movement, u64)>) {
        let (mut moved, mut step) = (Vec::new(), first);
        loop {
            moved.push((step.movement, step.part.iter().map(|(_, units)| units).sum()));
            match step.after.go_on() {
                Some(next) => step = next,
                None => return (step.after, moved),
            }
        }
    }

    #[test]
    fn an_order_of_99_products_is_one_part_and_one_of_250_is_three() {
        let (settled, moved) = walk(order(99).begin());
        assert_eq!(moved, [(Movement::SetAside, 198)]);
        let (state, left) = (settled.state, settled.left);
        assert_eq!((state, left), (State::Reserved, 0));
        let (settled, moved) = walk(order(250).begin());
        assert_eq!(moved, [(Movement::SetAside, 198), (Movement::SetAside, 198), (Movement::SetAside, 104)]);
        let (_, back) = walk(settled.turn(State::Released));
        assert_eq!(back.iter().map(|(_, units)| units).sum::<u64>(), 500);
        let (_, out) = walk(settled.turn(State::Shipped));
        assert_eq!(out, [(Movement::Ship, 104), (Movement::Ship, 198), (Movement::Ship, 198)]);
    }

    #[test]
    fn parts_reserved_before_a_shortage_are_released_part_by_part() {
        let first = order(250).begin();
        let second = first.after.go_on().unwrap();
        let third = second.after.go_on().unwrap();
        assert_eq!(walk(third.refusal()).1, [(Movement::PutBack, 198), (Movement::PutBack, 198)]);
        let (refused, moved) = walk(second.refusal());
        assert_eq!((refused.state, moved), (State::Refused, vec![(Movement::PutBack, 198)]));
        let (refused, moved) = walk(first.refusal());
        assert_eq!((refused.state, moved), (State::Refused, vec![(Movement::SetAside, 0)]));
    }

    #[test]
    fn lines_of_one_product_are_one_item_of_the_transaction() {
        let mut order = order(1);
        order.units.push(order.units[0]);
        let product_id = order.units[0].product_id;
        assert_eq!(order.begin().part, [(product_id, 4)]);
    }
}
