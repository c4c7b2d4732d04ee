//! Customers who shop all the time, whatever is deployed meanwhile.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use shop_tests::{Answer, Shop, checkout, eventually};
use testkit::SeededRng;
use uuid::Uuid;

use crate::stage::Stage;

const CUSTOMERS: usize = 3;
/// Time to think between two requests: deployments need the processor, too.
const PAUSE: Duration = Duration::from_millis(200);
const UNITS: u32 = 1_000;
/// The states in which an order stays.
const FINAL: [&str; 3] = ["DELIVERED", "REJECTED", "CANCELLED"];

/// Running customers. They stop when this is dropped.
pub(crate) struct Shoppers {
    products: Vec<String>,
    threads: Vec<(Sender<()>, JoinHandle<Shopper>)>,
}

impl Shoppers {
    /// Starts the customer that `up` created, and some who have just signed up.
    pub(crate) fn start(stage: &Stage, seed: u64) -> Self {
        let staff = stage.staff();
        let products: Vec<_> = ["Chair", "Table"].map(|name| staff.product(name, "10.00")).into();
        let start = |number: usize| {
            let shop = if number == 0 { staff.local_customer() } else { staff.customer() };
            let mut shopper = Shopper::new(shop, seed + number as u64, &products);
            let (sender, receiver) = channel();
            (
                sender,
                thread::spawn(move || {
                    shopper.shop_until_stopped(&receiver);
                    shopper
                }),
            )
        };
        let threads = (0..CUSTOMERS).map(start).collect();
        Self { products, threads }
    }

    /// Receives units of what they buy, if the stage has an inventory.
    pub(crate) fn restock(&self, stage: &Stage) {
        if stage.services().has("inventory") {
            let staff = stage.staff();
            for product in &self.products {
                staff.take_in(product, UNITS);
                eventually("the units on hand in the catalogue", || {
                    let available = &staff.get(&format!("/product/{product}")).expect(200).body["available"];
                    (*available == staff.stock(product)[0]).then_some(())
                });
            }
        }
    }

    /// Stops them. The test fails if any answer was a failure.
    pub(crate) fn stop(self) -> Shopped {
        let stop = |(sender, thread): (Sender<()>, JoinHandle<Shopper>)| {
            drop(sender);
            thread.join().unwrap()
        };
        let shopped = Shopped(self.threads.into_iter().map(stop).collect());
        let unexpected: Vec<_> = shopped.0.iter().flat_map(|shopper| &shopper.unexpected).collect();
        assert!(unexpected.is_empty(), "{unexpected:#?}");
        shopped
    }
}

/// Customers who have stopped.
pub(crate) struct Shopped(Vec<Shopper>);

impl Shopped {
    /// Each accepted checkout is one order of these lines, and there are no other orders.
    pub(crate) fn expect_one_order_each(&self, staff: &Shop) {
        self.0.iter().for_each(|shopper| drop(shopper.expect_orders(staff, |_| true)));
    }

    /// The same, and the orders are or become final.
    pub(crate) fn expect_one_final_order_each(&self, staff: &Shop) {
        let is_final = |order: &Value| FINAL.contains(&order["status"].as_str().unwrap());
        let mut ends = BTreeMap::<String, usize>::new();
        for order in self.0.iter().flat_map(|shopper| shopper.expect_orders(staff, is_final)) {
            *ends.entry(order["status"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        println!("{ends:?}");
        // The last ones were placed while all services were there.
        assert!(ends.contains_key("DELIVERED"), "{ends:?}");
    }
}

impl fmt::Display for Shopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests: usize = self.0.iter().map(|shopper| shopper.requests).sum();
        let checkouts: usize = self.0.iter().map(|shopper| shopper.receipts.len()).sum();
        write!(f, "{requests} requests, {checkouts} checkouts")
    }
}

/// Units by product.
type Lines = BTreeMap<String, u64>;

/// One customer, whose requests follow one another.
struct Shopper {
    shop: Shop,
    rng: SeededRng,
    products: Vec<String>,
    basket: Lines,
    /// What was bought, by the order's id.
    receipts: BTreeMap<String, Lines>,
    requests: usize,
    /// Answers that should not have been.
    unexpected: Vec<String>,
    /// The ids of their orders before they began.
    earlier: Vec<String>,
}

impl Shopper {
    fn new(shop: Shop, seed: u64, products: &[String]) -> Self {
        shop.send("DELETE", &format!("/basket/{}", shop.user()), &[], "").expect(204);
        let earlier = orders(&shop, &shop).iter().map(id).collect();
        Self {
            shop,
            rng: SeededRng::new(seed),
            products: products.to_vec(),
            basket: Lines::new(),
            receipts: BTreeMap::new(),
            requests: 0,
            unexpected: Vec::new(),
            earlier,
        }
    }

    fn shop_until_stopped(&mut self, stop: &Receiver<()>) {
        while stop.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
            match self.rng.pick(16) {
                0 if !self.basket.is_empty() => self.check_out(),
                1 => self.empty_basket(),
                2..6 => self.change_basket(),
                6..8 => self.read_orders(),
                8..12 => drop(self.request("GET", "/product", "", 200)),
                _ => self.read_basket(),
            }
        }
    }

    fn product(&mut self) -> String {
        self.products[self.rng.pick(self.products.len())].clone()
    }

    /// Adds a product, or replaces the basket by it.
    fn change_basket(&mut self) {
        let (product, user) = (self.product(), self.shop.user().to_owned());
        let item = json!({ "productId": product, "quantity": 1 });
        if self.rng.pick(4) == 0 {
            let basket = json!({ "userName": user, "items": [item] });
            if self.request("POST", "/basket", &basket.to_string(), 200).is_some() {
                self.basket = Lines::from([(product, 1)]);
            }
        } else if self.request("POST", &format!("/basket/{user}/items"), &item.to_string(), 200).is_some() {
            *self.basket.entry(product).or_default() += 1;
        }
    }

    fn empty_basket(&mut self) {
        if self.request("DELETE", &format!("/basket/{}", self.shop.user()), "", 204).is_some() {
            self.basket.clear();
        }
    }

    fn read_basket(&mut self) {
        let Some(answer) = self.request("GET", &format!("/basket/{}", self.shop.user()), "", 200) else {
            return;
        };
        let shown = lines(&answer.body);
        if shown != self.basket {
            self.unexpected.push(format!("the basket has {shown:?}, not {:?}", self.basket));
        }
    }

    fn read_orders(&mut self) {
        let _shown = self.request("GET", &format!("/order/{}", self.shop.user()), "", 200);
    }

    /// Checks out with a key, once more if the receipt got lost, and now and then for no reason.
    fn check_out(&mut self) {
        let key = Uuid::now_v7().to_string();
        let mut receipts = Vec::new();
        let copies = 1 + usize::from(self.rng.pick(4) == 0);
        eventually("a receipt", || {
            receipts.extend(self.check_out_by(&key));
            (receipts.len() >= copies).then_some(())
        });
        if receipts.iter().any(|receipt| *receipt != receipts[0]) {
            self.unexpected.push(format!("one key, and the receipts {receipts:?}"));
        }
        self.receipts.insert(receipts.remove(0), std::mem::take(&mut self.basket));
    }

    /// The id of the order, if the checkout was accepted.
    fn check_out_by(&mut self, key: &str) -> Option<String> {
        let body = checkout(self.shop.user()).to_string();
        let answer = self.send("POST", "/basket/checkout", &[("idempotency-key", key)], &body, 202)?;
        answer.body["orderId"].as_str().map(str::to_owned)
    }

    fn request(&mut self, method: &str, path: &str, body: &str, status: u16) -> Option<Answer> {
        self.send(method, path, &[], body, status)
    }

    /// The answer, if it has this status.
    fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
        status: u16,
    ) -> Option<Answer> {
        self.requests += 1;
        let answer = self.shop.try_send(method, path, headers, body);
        match answer {
            Some(answer) if answer.status == status => return Some(answer),
            Some(answer) => {
                self.unexpected.push(format!("{method} {path}: {} {}", answer.status, answer.text));
            }
            None => self.unexpected.push(format!("{method} {path}: no answer")),
        }
        None
    }

    /// Their new orders, once they are those of their receipts and satisfy a condition.
    fn expect_orders(&self, staff: &Shop, condition: impl Fn(&Value) -> bool) -> Vec<Value> {
        let orders = eventually("all orders", || {
            let orders = orders(&self.shop, staff);
            let new: Vec<_> = orders.into_iter().filter(|order| !self.earlier.contains(&id(order))).collect();
            (new.len() >= self.receipts.len() && new.iter().all(&condition)).then_some(new)
        });
        let found: BTreeMap<_, _> = orders.iter().map(|order| (id(order), lines(order))).collect();
        assert_eq!(found.len(), orders.len(), "{orders:?}");
        assert_eq!(found, self.receipts);
        orders
    }
}

/// All orders of a customer, read through the current API.
fn orders(customer: &Shop, reader: &Shop) -> Vec<Value> {
    reader.pages(&format!("/order/{}?limit=100", customer.user()))
}

fn id(order: &Value) -> String {
    order["orderId"].as_str().unwrap().to_owned()
}

/// The lines of a basket or an order.
fn lines(body: &Value) -> Lines {
    let items = body["items"].as_array().unwrap().iter();
    let line =
        |item: &Value| (item["productId"].as_str().unwrap().to_owned(), item["quantity"].as_u64().unwrap());
    items.map(line).collect()
}
