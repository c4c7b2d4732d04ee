//! The stock counts balance after any sequence of operations.

use std::collections::HashMap;

use lambdakit::workflow::steps::BROKEN;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};

use crate::{Warehouse, done, id, refused, warehouse};

const PRODUCTS: usize = 3;
const ORDERS: usize = 4;

#[derive(Clone, Debug)]
enum Deed {
    TakeIn(usize, u64),
    Reserve(usize, Vec<(usize, u64)>),
    Release(usize),
    Ship(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let units = prop::collection::vec((0..PRODUCTS, 1..6_u64), 1..4);
    prop_oneof![
        1 => (0..PRODUCTS, 1..20_u64).prop_map(|(product, units)| Deed::TakeIn(product, units)),
        3 => (0..ORDERS, units).prop_map(|(order, units)| Deed::Reserve(order, units)),
        2 => (0..ORDERS).prop_map(Deed::Release),
        2 => (0..ORDERS).prop_map(Deed::Ship),
    ]
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Reserved([u64; PRODUCTS]),
    Refused,
    Released,
    Shipped,
}

/// The expected state of the warehouse, as a minimal model.
#[derive(Default)]
struct Model {
    counts: [[u64; 4]; PRODUCTS],
    fates: HashMap<usize, Fate>,
}

impl Model {
    fn reserve(&mut self, order: usize, wanted: &[(usize, u64)]) -> Result<String, String> {
        match self.fates.get(&order) {
            Some(Fate::Reserved(_) | Fate::Shipped) => return done("RESERVED"),
            Some(Fate::Refused) => return done("OUT_OF_STOCK"),
            Some(Fate::Released) => return done("RELEASED"),
            None => {}
        }
        let mut units = [0; PRODUCTS];
        for (product, quantity) in wanted {
            units[*product] += quantity;
        }
        if (0..PRODUCTS).any(|product| self.counts[product][0] < units[product]) {
            self.fates.insert(order, Fate::Refused);
            return done("OUT_OF_STOCK");
        }
        self.move_units(units, 0, 1);
        self.fates.insert(order, Fate::Reserved(units));
        done("RESERVED")
    }

    fn release(&mut self, order: usize) -> Result<String, String> {
        match self.fates.get(&order) {
            Some(Fate::Shipped) => return done("SHIPPED"),
            Some(Fate::Refused) => return done("RELEASED"),
            Some(Fate::Reserved(units)) => self.move_units(*units, 1, 0),
            Some(Fate::Released) | None => {}
        }
        self.fates.insert(order, Fate::Released);
        done("RELEASED")
    }

    fn ship(&mut self, order: usize) -> Result<String, String> {
        match self.fates.get(&order) {
            Some(Fate::Reserved(units)) => self.move_units(*units, 1, 3),
            Some(Fate::Shipped) => {}
            Some(Fate::Released) => return refused("Released"),
            Some(Fate::Refused) | None => return refused(BROKEN),
        }
        self.fates.insert(order, Fate::Shipped);
        done("SHIPPED")
    }

    fn move_units(&mut self, units: [u64; PRODUCTS], from: usize, to: usize) {
        for (counts, units) in self.counts.iter_mut().zip(units) {
            counts[from] -= units;
            counts[to] += units;
        }
    }
}

async fn live(shop: &Warehouse, deeds: Vec<Deed>) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    let mut products = Vec::new();
    for counts in &mut model.counts {
        products.push(shop.product(4).await);
        *counts = [4, 0, 4, 0];
    }
    let orders: Vec<_> = (0..ORDERS).map(|_| id()).collect();
    for deed in deeds {
        let (answer, expected) = match &deed {
            Deed::TakeIn(product, units) => {
                shop.take_in(&products[*product], *units).await;
                model.counts[*product][0] += units;
                model.counts[*product][2] += units;
                (Ok(String::new()), Ok(String::new()))
            }
            Deed::Reserve(order, wanted) => {
                let units: Vec<_> = wanted
                    .iter()
                    .map(|(product, quantity)| (products[*product].as_str(), *quantity))
                    .collect();
                (shop.reserve(&orders[*order], &units).await, model.reserve(*order, wanted))
            }
            Deed::Release(order) => (shop.release(&orders[*order]).await, model.release(*order)),
            Deed::Ship(order) => (shop.ship(&orders[*order]).await, model.ship(*order)),
        };
        prop_assert_eq!(answer, expected, "{:?}", deed);
        for (product, counts) in products.iter().zip(model.counts) {
            prop_assert_eq!(shop.counts(product).await, counts, "{:?}", deed);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_books_balance_after_each_of_many_deeds(deeds in prop::collection::vec(deed(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { live(&warehouse().await, deeds).await })?;
    }
}
