mod privacy;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::SeededRng;

use super::expected::{Checkout, ExpectedState, Lines};
use super::warehouse::SCARCE;
use crate::{Answer, Shop, checkout, statuses};
use privacy::Leaving;

/// After this time, no effect of a request is pending: the longest delay of the faults, plus a
/// margin for a busy machine.
const SETTLED: Duration = Duration::from_secs(10);
/// The number of recent actions that a customer can report.
const REMEMBERED: usize = 6;

/// The payment and the address of an order.
#[derive(Clone, Copy, Debug)]
struct Wish {
    method: &'static str,
    token: Option<&'static str>,
    address: &'static str,
}

impl Wish {
    /// Most customers can pay and have a valid address.
    fn of(rng: &mut SeededRng) -> Self {
        let (method, token) = match rng.pick(40) {
            0 => ("CARD", Some("tok_declined")),
            1 => ("CARD", Some("tok_insufficient_funds")),
            2 => ("CARD", Some("tok_of_nobody")),
            3 => ("PAYPAL", None),
            4..6 => ("CARD", Some("tok_flaky")),
            6..8 => ("CARD", Some("tok_delayed")),
            // This token blocks a function for seconds.
            8 if rng.pick(4) == 0 => ("CARD", Some("tok_timeout")),
            9..11 => ("INVOICE", None),
            11..13 => ("PAYPAL", Some("tok_visa")),
            _ => ("CARD", Some("tok_visa")),
        };
        let address = if rng.pick(16) == 0 { "7 Nowhere Lane" } else { "1 Harbour Street" };
        Self { method, token, address }
    }

    fn checkout(self, user: &str) -> Value {
        let mut checkout = checkout(user);
        checkout["paymentMethod"] = json!(self.method);
        checkout["paymentToken"] = json!(self.token);
        checkout["address"] = json!(self.address);
        checkout
    }
}

/// A customer, who runs one action after the other and stores the responses.
pub(super) struct Customer {
    shop: Shop,
    user: String,
    rng: SeededRng,
    products: Vec<String>,
    expected: Arc<ExpectedState>,
    /// Their customer id; empty until a response has shown it.
    id: String,
    /// Whether they leave and return under the same name now and then.
    is_restless: bool,
    leaving: Option<Leaving>,
    /// The number of their accepted checkouts since they signed up.
    bought: usize,
    /// The order ids that they received.
    receipts: BTreeSet<String>,
    /// The possible content of the basket: one, or two after a lost response.
    possible: Vec<Lines>,
    ready: Instant,
    /// A checkout with a key whose response was lost; it is retried.
    pending: Option<(String, Lines, Wish)>,
    /// The last order, and all statuses that it was seen in.
    order: Option<(String, Vec<String>)>,
    /// The basket of a checkout without a key whose response was lost.
    unknown: Option<Lines>,
    keys: usize,
    /// The last actions and their responses.
    recent_actions: VecDeque<String>,
    born: Instant,
}

impl Customer {
    pub(super) fn new(
        shop: Shop,
        rng: SeededRng,
        products: &[String],
        expected: Arc<ExpectedState>,
        is_restless: bool,
    ) -> Self {
        Self {
            user: shop.user().to_owned(),
            shop,
            rng,
            products: products.to_vec(),
            expected,
            id: String::new(),
            is_restless,
            leaving: None,
            bought: 0,
            receipts: BTreeSet::new(),
            possible: vec![Lines::new()],
            ready: Instant::now(),
            pending: None,
            order: None,
            unknown: None,
            keys: 0,
            recent_actions: VecDeque::new(),
            born: Instant::now(),
        }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Their id; valid only after [`Customer::settle`].
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The expected basket; valid only after [`Customer::settle`].
    pub(super) fn basket(&self) -> &Lines {
        &self.possible[0]
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready <= Instant::now()
    }

    /// Runs one action.
    pub(super) fn step(&mut self) {
        if let Some(leaving) = self.leaving.take() {
            self.leave(leaving);
        } else if let Some((key, lines, wish)) = self.pending.take() {
            self.check_out(Some(key), lines, wish);
        } else if self.possible.len() > 1 {
            self.look();
        } else if self.may_leave() && self.rng.pick(6) == 0 {
            self.begin_to_leave();
        } else if self.rng.pick(30) == 0 {
            self.ask_for_export();
        } else if let Some((order, seen)) = self.order.take_if(|_| self.rng.pick(6) == 0) {
            match self.rng.pick(3) {
                0 => self.cancel(&order),
                _ => self.order = Some(self.look_at_order(order, seen)),
            }
        } else {
            match self.rng.pick(20) {
                0..9 => self.add(),
                9..11 => self.set_quantity(),
                11 => self.remove(),
                12 => self.replace(),
                13 => self.empty(),
                14..16 => self.look(),
                16 if !self.possible[0].is_empty() => {
                    let wish = Wish::of(&mut self.rng);
                    self.check_out(None, self.possible[0].clone(), wish);
                }
                _ if !self.possible[0].is_empty() => {
                    self.keys += 1;
                    let key = format!("{}-{}", self.user, self.keys);
                    let wish = Wish::of(&mut self.rng);
                    self.check_out(Some(key), self.possible[0].clone(), wish);
                }
                _ => self.add(),
            }
        }
    }

    /// Resolves all unknown outcomes, without faults.
    pub(super) fn settle(&mut self) {
        let deadline = Instant::now() + Duration::from_mins(10);
        loop {
            thread::sleep(self.ready.saturating_duration_since(Instant::now()));
            if let Some(leaving) = self.leaving.take() {
                self.leave(leaving);
            } else if let Some((key, lines, wish)) = self.pending.take() {
                self.check_out(Some(key), lines, wish);
            } else {
                self.look();
                if self.possible.len() == 1 && self.is_ready() {
                    // At least one customer has to leave, or the run does not cover it.
                    if !self.may_leave() || !self.expected.departures().is_empty() {
                        return;
                    }
                    self.begin_to_leave();
                }
            }
            if Instant::now() > deadline {
                self.expected.violation(format!("{}: no answers even without faults", self.user));
                return;
            }
        }
    }

    fn add(&mut self) {
        let (product, units) = (self.any_product(), 1 + self.rng.pick(3) as u64);
        let after = |lines: &mut Lines| *lines.entry(product.clone()).or_default() += units;
        if self.possible[0].get(&product).copied().unwrap_or_default() + units > 99 {
            return;
        }
        let item = json!({ "productId": product, "quantity": units });
        self.change("add item", "POST", &format!("/basket/{}/items", self.user), &item, after);
    }

    fn set_quantity(&mut self) {
        let Some(product) = self.any_line() else { return self.add() };
        let units = 1 + self.rng.pick(5) as u64;
        let Some(path) = self.item_path(&product) else { return };
        let after = |lines: &mut Lines| {
            lines.insert(product.clone(), units);
        };
        self.change("change item", "PATCH", &path, &json!({ "quantity": units }), after);
    }

    fn remove(&mut self) {
        let Some(product) = self.any_line() else { return self.add() };
        let Some(path) = self.item_path(&product) else { return };
        let after = |lines: &mut Lines| {
            lines.remove(&product);
        };
        self.change("remove item", "DELETE", &path, &Value::Null, after);
    }

    fn replace(&mut self) {
        let (product, units) = (self.any_product(), 1 + self.rng.pick(9) as u64);
        let basket = json!({ "userName": self.user, "items": [{ "productId": product, "quantity": units }] });
        let after = |lines: &mut Lines| *lines = Lines::from([(product.clone(), units)]);
        self.change("replace basket", "POST", "/basket", &basket, after);
    }

    fn empty(&mut self) {
        let path = format!("/basket/{}", self.user);
        self.change("empty basket", "DELETE", &path, &Value::Null, Lines::clear);
    }

    /// Changes the basket. Without a response, both the old and the new content are possible.
    fn change(
        &mut self,
        operation: &str,
        method: &str,
        path: &str,
        body: &Value,
        after: impl Fn(&mut Lines),
    ) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.shop.try_send(method, path, &[], body);
        self.count(operation, answer.as_ref());
        let before = self.possible[0].clone();
        let mut changed = before.clone();
        after(&mut changed);
        match answer.map(|answer| answer.status) {
            Some(200 | 204) => self.possible = vec![changed],
            Some(status @ 400..500) => {
                self.expected.violation(format!("{}: {operation} was refused with {status}", self.user));
            }
            _ => {
                self.possible = vec![before, changed];
                self.wait();
            }
        }
    }

    /// Reads the basket and checks that its content is possible.
    fn look(&mut self) {
        let answer = self.shop.try_send("GET", &format!("/basket/{}", self.user), &[], "");
        self.count("look", answer.as_ref());
        let Some(answer) = answer.filter(|answer| answer.status == 200) else { return };
        self.recognise(&answer.body);
        let seen = lines(&answer.body);
        if !self.possible.contains(&seen) {
            self.expected.violation(format!(
                "{}: the basket holds {seen:?}, it should hold one of {:?}, after {:#?}",
                self.user, self.possible, self.recent_actions
            ));
        }
        if let Some(lines) = self.unknown.take().filter(|_| seen.is_empty()) {
            // The basket is gone, so there must be an order, although its response was lost.
            self.bought(lines, None);
        }
        self.possible = vec![seen];
    }

    fn check_out(&mut self, key: Option<String>, lines: Lines, wish: Wish) {
        let header = key.iter().map(|key| ("idempotency-key", key.as_str())).collect::<Vec<_>>();
        let answer = self.shop.try_send("POST", "/basket/checkout", &header, wish.checkout(&self.user));
        self.count("check out", answer.as_ref());
        match (answer, key) {
            (Some(answer), _) if answer.status == 202 => {
                let order = answer.body["orderId"].as_str().unwrap_or_default().to_owned();
                let total = number(&answer.text, "totalPrice");
                self.order = Some((order.clone(), Vec::new()));
                self.bought(lines, Some((order, total)));
                self.possible = vec![Lines::new()];
            }
            (Some(answer), _) if (400..500).contains(&answer.status) => {
                let refused = format!("{}: a checkout was refused with {}", self.user, answer.text);
                self.expected.violation(format!("{refused}, after {:#?}", self.recent_actions));
            }
            (_, Some(key)) => {
                self.pending = Some((key, lines, wish));
                self.ready = Instant::now() + Duration::from_millis(200);
            }
            (_, None) => {
                self.possible = vec![lines.clone(), Lines::new()];
                self.unknown = Some(lines);
                self.wait();
            }
        }
    }

    fn bought(&mut self, lines: Lines, receipt: Option<(String, String)>) {
        self.bought += 1;
        self.receipts.extend(receipt.iter().map(|(order, _)| order.clone()));
        self.expected.checked_out(Checkout { user: self.user.clone(), lines, receipt });
    }

    /// Requests the cancellation of an order. Its final state shows whether it was in time.
    fn cancel(&mut self, order: &str) {
        self.expected.cancellation_asked(order);
        let path = format!("/order/{}/{order}/cancel", self.user);
        let answer = self.shop.try_send("POST", &path, &[], "");
        self.count("cancel", answer.as_ref());
        match answer.as_ref().map(|answer| answer.status) {
            Some(202) => self.expected.cancellation_accepted(order),
            // It is not placed yet, or it is too late, or an earlier response was lost.
            Some(404 | 409) => {}
            Some(status @ 400..500) => {
                self.expected
                    .violation(format!("{}: cancelling {order} was refused with {status}", self.user));
            }
            _ => {}
        }
    }

    /// Reads an order, whose history must only grow.
    fn look_at_order(&mut self, order: String, seen: Vec<String>) -> (String, Vec<String>) {
        let answer = self.shop.try_send("GET", &format!("/order/{}/{order}", self.user), &[], "");
        self.count("look at order", answer.as_ref());
        let Some(answer) = answer.filter(|answer| answer.status == 200 || answer.status == 404) else {
            return (order, seen);
        };
        let now: Vec<String> = statuses(&answer.body).into_iter().map(str::to_owned).collect();
        if !now.starts_with(&seen) {
            self.expected.violation(format!("{}: order {order} came to {now:?} after {seen:?}", self.user));
        }
        (order, now)
    }

    /// Waits until no started request can still take effect.
    fn wait(&mut self) {
        self.ready = Instant::now() + SETTLED;
    }

    fn count(&mut self, operation: &str, answer: Option<&Answer>) {
        let status = answer.map_or(0, |answer| answer.status);
        self.expected.count(operation, status);
        let request = answer.map_or("", |answer| answer.header("x-correlation-id"));
        self.recent_actions.push_back(format!("{:.3?} {operation} {status} {request}", self.born.elapsed()));
        self.recent_actions.drain(..self.recent_actions.len().saturating_sub(REMEMBERED));
    }

    fn any_product(&mut self) -> String {
        let (plenty, scarce) = self.products.split_at(self.products.len() - SCARCE);
        // Scarce products are chosen rarely, or too few orders would succeed.
        let some = if self.rng.pick(25) == 0 { scarce } else { plenty };
        some[self.rng.pick(some.len())].clone()
    }

    fn any_line(&mut self) -> Option<String> {
        let lines = self.possible[0].len();
        self.possible[0].keys().nth(self.rng.pick(lines)).cloned()
    }

    /// The path of the line with this product, which needs a read of the basket.
    fn item_path(&mut self, product: &str) -> Option<String> {
        let answer = self.shop.try_send("GET", &format!("/basket/{}", self.user), &[], "");
        self.count("look", answer.as_ref());
        let basket = answer.filter(|answer| answer.status == 200)?.body;
        let item = basket["items"].as_array()?.iter().find(|item| item["productId"] == product)?;
        Some(format!("/basket/{}/items/{}", self.user, item["itemId"].as_str()?))
    }
}

/// The lines of a basket or an order.
pub(super) fn lines(body: &Value) -> Lines {
    let items = body["items"].as_array().into_iter().flatten();
    items
        .map(|item| {
            let product = item["productId"].as_str().unwrap_or_default().to_owned();
            (product, item["quantity"].as_u64().unwrap_or_default())
        })
        .collect()
}

/// A number as written in a JSON text, to the last digit.
fn number(text: &str, name: &str) -> String {
    let Some((_, rest)) = text.split_once(&format!("\"{name}\":")) else { return String::new() };
    rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect()
}
