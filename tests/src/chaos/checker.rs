use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use testkit::Account;

use super::customer::{Customer, lines};
use super::expected::{Departure, ExpectedState, Lines};
use super::invariants::{self, Findings};
use super::world::{Order, World, is_order};
use super::{FaultSchedule, lock};
use crate::{Shop, owner};

/// The maximum time until the shop has caught up after the faults end.
const CATCH_UP: Duration = Duration::from_mins(15);
/// The number of checks in a row that must see no change. Records between a table and its stream
/// cannot be observed.
const QUIET_LOOKS: u32 = 20;
/// How often dead letters are redriven. After the first time nothing fails any more.
const REDRIVES: u32 = 5;

/// The results of a check, besides violations.
pub(super) struct Checked {
    /// The number of orders by final state.
    pub(super) ends: BTreeMap<String, u64>,
    /// The number of checks by invariant.
    pub(super) promises: BTreeMap<String, u64>,
    /// The time until the shop was idle.
    pub(super) quiet_after: Duration,
}

/// Compares the tables with the responses to customers and with the shop's invariants.
pub(super) fn check(
    shop: &Shop,
    names: &str,
    expected: &ExpectedState,
    customers: &[Mutex<Customer>],
    products: &[String],
    faults: &FaultSchedule,
) -> Checked {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let observer = Observer { shop, account: Account::of_the_shop() };
        let quiet_after = observer.catch_up(expected, faults).await;
        let world = observer.world(expected).await;
        let departures = expected.departures();
        let own = own_orders(&world, names, &departures);
        let mut promises = BTreeMap::new();
        for Findings { held, broken } in [
            invariants::check(&world),
            invariants::check_checkouts(expected.checkouts(), own.iter()),
            invariants::check_departures(&departures, &world),
        ] {
            promises.extend(held);
            for broken in broken {
                expected.violation(broken);
            }
        }
        check_cancellations(expected, &world);
        check_deliveries(expected, &world);
        observer.check_baskets(expected, customers).await;
        check_prices(shop, expected, products);
        Checked { ends: world.ends(), promises, quiet_after }
    })
}

/// Reads the shop's queues, workflows and tables.
struct Observer<'a> {
    shop: &'a Shop,
    account: Account,
}

/// Work in progress.
#[derive(Clone, Debug, Default)]
struct Activity {
    messages: u64,
    /// Events that wait for an asynchronous invocation, or are in one.
    invocations: u64,
    /// Dead letters by failure queue.
    dead: BTreeMap<String, u64>,
    workflows: usize,
    calls: usize,
    checkouts: usize,
    orders: usize,
    open: usize,
    erasures: usize,
}

impl Activity {
    fn is_quiet(&self) -> bool {
        self.messages == 0
            && self.invocations == 0
            && self.workflows == 0
            && self.calls == 0
            && self.open == 0
            && self.erasures == 0
            && self.checkouts == self.orders
    }
}

impl Observer<'_> {
    /// Waits until every queue is empty, no workflow runs, every checkout has its order, and every
    /// order is final. Ends at the timeout. Dead letters are redriven, as an operator would: an event
    /// that invokes its function directly is given up after three attempts.
    async fn catch_up(&self, expected: &ExpectedState, faults: &FaultSchedule) -> Duration {
        let (started, mut said, mut looks, mut redrives) = (Instant::now(), Instant::now(), 0, 0);
        loop {
            let activity = self.activity(faults).await;
            if !activity.dead.is_empty() && redrives < REDRIVES {
                redrives += 1;
                println!("{:4} s  redriving {:?}", started.elapsed().as_secs(), activity.dead);
                self.redrive(expected, &activity.dead);
                continue;
            }
            looks = if activity.is_quiet() { looks + 1 } else { 0 };
            if looks == QUIET_LOOKS {
                if !activity.dead.is_empty() {
                    expected
                        .violation(format!("dead letters after {REDRIVES} redrives: {:?}", activity.dead));
                }
                println!("caught up after {:?}: {} orders", started.elapsed(), activity.orders);
                return started.elapsed();
            }
            if started.elapsed() > CATCH_UP {
                expected.violation(format!("not caught up after {CATCH_UP:?}: {activity:?}"));
                return started.elapsed();
            }
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                println!("{:4} s  {activity:?}", started.elapsed().as_secs());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    fn redrive(&self, expected: &ExpectedState, dead: &BTreeMap<String, u64>) {
        for queue in dead.keys() {
            let redrive = self.shop.xtask(&["redrive", queue]);
            if !redrive.status.success() {
                expected.violation(format!(
                    "no redrive of {queue}: {}",
                    String::from_utf8_lossy(&redrive.stderr)
                ));
            }
        }
    }

    /// The number of events that the local AWS has accepted for functions.
    fn invocations(&self) -> u64 {
        let url = format!("{}/_ministack/lambda/events", self.shop.output("/endpoint"));
        let text = ureq::get(&url).call().expect("an answer").body_mut().read_to_string().expect("a text");
        let events: Value = serde_json::from_str(&text).expect("JSON");
        let functions = events["functions"].as_object().expect("functions").values();
        let counts = functions.flat_map(|events| ["waiting", "running"].map(|state| events[state].as_u64()));
        counts.flatten().sum()
    }

    async fn activity(&self, faults: &FaultSchedule) -> Activity {
        let (messages, dead) = self.messages().await;
        let mut orders = self.rows("order").await;
        orders.retain(is_order);
        let over = |order: &&Value| {
            let status = order["status"].as_str().unwrap_or_default();
            ["DELIVERED", "REJECTED", "CANCELLED"].contains(&status)
        };
        Activity {
            messages,
            invocations: self.invocations(),
            dead,
            workflows: self.running_workflows(),
            calls: faults.delayed(),
            checkouts: self.rows("checkout").await.len(),
            orders: orders.len(),
            open: orders.len() - orders.iter().filter(over).count(),
            erasures: self.rows("privacy").await.iter().filter(|row| row["item"] == "erasure").count(),
        }
    }

    /// The number of messages for functions, and of those for an operator by queue.
    async fn messages(&self) -> (u64, BTreeMap<String, u64>) {
        let (mut waiting, mut dead) = (0, BTreeMap::new());
        for (name, url) in self.shop.all("/queues") {
            let names = [
                QueueAttributeName::ApproximateNumberOfMessages,
                QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
                QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            ];
            let attributes = self.account.aws().sqs().get_queue_attributes().queue_url(url);
            let attributes =
                attributes.set_attribute_names(Some(names.to_vec())).send().await.expect("attributes");
            let counts = attributes.attributes.iter().flat_map(HashMap::values);
            let count: u64 = counts.filter_map(|count| count.parse::<u64>().ok()).sum();
            let for_a_person = name.ends_with("-failures");
            if !for_a_person {
                waiting += count;
            } else if count > 0 {
                dead.insert(name, count);
            }
        }
        (waiting, dead)
    }

    fn running_workflows(&self) -> usize {
        let workflow = self.shop.output("/fulfilmentWorkflowArn");
        let input = json!({ "stateMachineArn": workflow, "statusFilter": "RUNNING" });
        self.states("ListExecutions", &input)["executions"].as_array().map_or(0, Vec::len)
    }

    fn states(&self, operation: &str, input: &Value) -> Value {
        let mut answer = self
            .shop
            .agent
            .post(self.shop.output("/endpoint"))
            .header("authorization", owner("states"))
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .send(input.to_string())
            .expect("an answer of Step Functions");
        let text = answer.body_mut().read_to_string().expect("an answer of Step Functions");
        assert!(answer.status().is_success(), "{operation}: {text}");
        serde_json::from_str(&text).expect("JSON of Step Functions")
    }

    async fn rows(&self, table: &str) -> Vec<Value> {
        let scan = self.account.aws().dynamodb().scan().consistent_read(true);
        let pages = scan.table_name(self.shop.output(&format!("/tables/{table}"))).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await.expect("the table");
        serde_dynamo::from_items(items).expect("rows")
    }

    async fn world(&self, expected: &ExpectedState) -> World {
        let mut tables = HashMap::new();
        for table in [
            "order",
            "stock",
            "payment",
            "provider",
            "shipment",
            "audit",
            "mail",
            "basket",
            "fulfilment",
            "privacy",
            "connection",
        ] {
            tables.insert(table, self.rows(table).await);
        }
        let mut unreadable = Vec::new();
        let world = World::read(|table| tables.remove(table).unwrap_or_default(), &mut unreadable);
        for row in unreadable {
            expected.violation(row);
        }
        world
    }

    /// No line of a basket is lost or duplicated.
    async fn check_baskets(&self, expected: &ExpectedState, customers: &[Mutex<Customer>]) {
        let rows = self.rows("basket").await.into_iter();
        let baskets: HashMap<String, Lines> = rows
            .map(|row| {
                let basket = json!({ "items": row["lines"] });
                (row["customerId"].as_str().unwrap_or_default().to_owned(), lines(&basket))
            })
            .collect();
        for customer in customers {
            let customer = lock(customer);
            let kept = baskets.get(customer.id()).cloned().unwrap_or_default();
            if kept != *customer.basket() {
                let (user, basket) = (customer.user(), customer.basket());
                expected.violation(format!("{user}: the basket holds {kept:?}, not {basket:?}"));
            }
        }
    }
}

/// The orders of this run's customers, under the names that they had before an erasure.
fn own_orders(world: &World, names: &str, departures: &[Departure]) -> BTreeMap<String, Order> {
    let departed: HashMap<&str, &str> = departures
        .iter()
        .flat_map(|departure| departure.orders.iter().map(|id| (&**id, &*departure.user)))
        .collect();
    let named = |(id, order): (&String, &Order)| {
        let mut order = order.clone();
        if let Some(user) = departed.get(&**id).filter(|_| order.is_anonymous()) {
            (*user).clone_into(&mut order.user_name);
        }
        order.user_name.starts_with(names).then(|| (id.clone(), order))
    };
    world.orders.iter().filter_map(named).collect()
}

/// Exactly the accepted cancellations are stored.
fn check_cancellations(expected: &ExpectedState, world: &World) {
    let cancellations = expected.cancellations();
    for id in &cancellations.accepted {
        if world.orders.get(id).is_none_or(|order| order.cancel_requested_at.is_none()) {
            expected.violation(format!("order {id}: the shop said it would cancel it, and forgot"));
        }
    }
    for (id, order) in &world.orders {
        if order.cancel_requested_at.is_some() && !cancellations.asked.contains(id) {
            expected.violation(format!("order {id}: nobody asked for it to be cancelled"));
        }
    }
}

/// Received units match the confirmed deliveries, each counted once.
fn check_deliveries(expected: &ExpectedState, world: &World) {
    for (id, units) in expected.all_received() {
        let received = world.stock.get(&id).map_or(0, |stock| stock.received);
        if u64::try_from(received) != Ok(units) {
            expected.violation(format!("product {id}: {units} units were brought, {received} taken in"));
        }
    }
}

/// Baskets have the same prices as the catalogue.
fn check_prices(shop: &Shop, expected: &ExpectedState, products: &[String]) {
    for product in products {
        let known = shop.basket_price(product).unwrap_or_default();
        let price = shop.get(&format!("/product/{product}")).expect(200).body["price"].clone();
        if known != price {
            expected.violation(format!("product {product}: baskets say {known}, the catalogue {price}"));
        }
    }
}
