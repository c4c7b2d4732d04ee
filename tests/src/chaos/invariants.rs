//! The shop's invariants, checked against the tables once the shop is idle.

use std::collections::BTreeMap;

use super::expected::{Checkout, Departure};
use super::warehouse::PLENTY;
use super::world::{Order, World};

/// The name of an invariant, and its check.
type Invariant = (&'static str, fn(&World, &mut Tally));

const INVARIANTS: [Invariant; 12] = [
    ("stock is never below zero, and adds up to what was taken in", stock_adds_up),
    ("what is reserved and what has left is what orders say", stock_is_of_orders),
    ("an order is charged once at most, and its price", charged_once),
    ("money goes back once at most, and only what was charged", given_back_once),
    ("every order is over", orders_are_over),
    ("orders agree with payments, reservations and parcels", all_agree),
    ("orders end as their customers' means and wishes allow", ends_have_causes),
    ("nothing is done for an order that is not there", nothing_without_an_order),
    ("orders, payments and parcels move along their arrows", moved_along_arrows),
    ("an order's history goes forward in time", moved_forward),
    ("what an order came to is in the audit, each step once", audited_once),
    ("customers are written to, once for each step they care about", written_once),
];

/// The allowed transitions of an order.
const ORDER_ARROWS: &[(&str, &[&str])] = &[
    ("", &["PENDING"]),
    ("PENDING", &["STOCK_RESERVED", "REJECTED", "CANCELLED"]),
    ("STOCK_RESERVED", &["PAID", "REJECTED", "CANCELLED"]),
    ("PAID", &["SHIPPED", "CANCELLED"]),
    ("SHIPPED", &["DELIVERED"]),
];
const PAYMENT_ARROWS: &[(&str, &[&str])] = &[
    ("", &["PENDING", "SETTLED", "DECLINED", "REFUNDED"]),
    ("PENDING", &["SETTLED", "DECLINED", "REFUNDING", "REFUNDED"]),
    ("SETTLED", &["REFUNDING", "REFUNDED"]),
    ("DECLINED", &["REFUNDED"]),
    ("REFUNDING", &["REFUNDED"]),
];
const SHIPMENT_ARROWS: &[(&str, &[&str])] = &[
    ("", &["CREATED", "REFUSED", "CANCELLED"]),
    ("CREATED", &["DISPATCHED", "CANCELLED"]),
    ("DISPATCHED", &["DELIVERED"]),
];

/// Tokens that the payment provider charges, at once or later.
const GOOD_TOKENS: [&str; 4] = ["tok_visa", "tok_flaky", "tok_timeout", "tok_delayed"];

/// The number of checks of an invariant, and its violations.
#[derive(Debug, Default)]
struct Tally {
    held: u64,
    broken: Vec<String>,
}

impl Tally {
    fn hold(&mut self, kept: bool, message: impl FnOnce() -> String) {
        self.held += 1;
        if !kept {
            self.broken.push(message());
        }
    }
}

/// The findings of a check.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The number of checks by invariant.
    pub(super) held: BTreeMap<String, u64>,
    /// The violations.
    pub(super) broken: Vec<String>,
}

/// Checks every invariant.
pub(super) fn check(world: &World) -> Findings {
    let mut findings = Findings::default();
    for (name, check) in INVARIANTS {
        let mut tally = Tally::default();
        check(world, &mut tally);
        findings.held.insert(name.to_owned(), tally.held);
        findings.broken.append(&mut tally.broken);
    }
    findings
}

fn stock_adds_up(world: &World, tally: &mut Tally) {
    for (id, stock) in &world.stock {
        let parts = [stock.on_hand, stock.reserved, stock.shipped];
        tally.hold(parts.iter().all(|part| *part >= 0), || {
            format!("product {id}: some stock is below zero: {stock:?}")
        });
        tally.hold(parts.iter().sum::<i64>() == stock.received, || {
            format!("product {id}: the stock does not add up to what was taken in: {stock:?}")
        });
    }
}

fn stock_is_of_orders(world: &World, tally: &mut Tally) {
    let (mut reserved, mut shipped) = (BTreeMap::new(), BTreeMap::new());
    for (id, reservation) in &world.reservations {
        tally.hold(reservation.left == 0, || {
            format!(
                "order {id}: {} parts of it are still to be moved: {}",
                reservation.left, reservation.state
            )
        });
        let counted = match reservation.state.as_str() {
            "RESERVED" => &mut reserved,
            "SHIPPED" => &mut shipped,
            _ => continue,
        };
        for units in &reservation.units {
            *counted.entry(&units.product_id).or_insert(0) += units.quantity;
        }
    }
    for (id, stock) in &world.stock {
        for (what, counted, says) in
            [("reserved", &reserved, stock.reserved), ("shipped", &shipped, stock.shipped)]
        {
            let sum = counted.get(id).copied().unwrap_or_default();
            tally.hold(sum == says, || format!("product {id}: {says} units are {what}, orders say {sum}"));
        }
    }
    for id in reserved.keys().chain(shipped.keys()) {
        tally.hold(world.stock.contains_key(*id), || format!("product {id}: orders have what never came in"));
    }
}

fn charged_once(world: &World, tally: &mut Tally) {
    for (id, order) in &world.orders {
        let charges = world.charges(id, &["settled", "refunded"]);
        tally.hold(charges.len() <= 1, || format!("order {id}: it was charged {} times", charges.len()));
        for charged in charges {
            tally.hold(charged == order.total_price.minor, || {
                format!("order {id}: {charged} were charged, it costs {}", order.total_price.minor)
            });
        }
    }
}

fn given_back_once(world: &World, tally: &mut Tally) {
    for (id, payment) in &world.payments {
        let times = payment.history.iter().filter(|change| change.state == "REFUNDED").count();
        tally.hold(times <= 1, || format!("order {id}: it was refunded {times} times"));
        let returned: u64 = world.charges(id, &["refunded"]).iter().sum();
        let refunded = payment.refunded.map_or(0, |money| money.minor);
        tally.hold(returned == refunded, || {
            format!("order {id}: the provider gave back {returned}, the payment says {refunded}")
        });
        let all = payment.price.map_or(0, |money| money.minor);
        tally.hold(refunded == 0 || refunded == all, || format!("order {id}: {refunded} of {all} went back"));
        tally.hold(returned == 0 || payment.state == "REFUNDED", || {
            format!("order {id}: its money went back, its payment is {}", payment.state)
        });
    }
}

fn orders_are_over(world: &World, tally: &mut Tally) {
    for (id, order) in &world.orders {
        tally.hold(is_over(order), || format!("order {id}: it is still {}", order.status));
    }
}

fn is_over(order: &Order) -> bool {
    ["DELIVERED", "REJECTED", "CANCELLED"].contains(&order.status.as_str())
}

fn all_agree(world: &World, tally: &mut Tally) {
    for (id, order) in &world.orders {
        let payment = world.payments.get(id).map_or("none", |payment| &payment.state);
        let reservation = world.reservations.get(id).map_or("none", |reservation| &reservation.state);
        let parcel = world.shipments.get(id).map_or("none", |shipment| &shipment.state);
        let mut agree = |what: &str, state: &str, allowed: &[&str]| {
            tally.hold(allowed.contains(&state), || {
                format!("order {id}: it is {}, its {what} {state}", order.status)
            });
        };
        match order.status.as_str() {
            "SHIPPED" | "DELIVERED" => {
                agree("payment", payment, &["SETTLED"]);
                agree("reservation", reservation, &["SHIPPED"]);
                let parcels: &[&str] =
                    if order.status == "SHIPPED" { &["DISPATCHED", "DELIVERED"] } else { &["DELIVERED"] };
                agree("parcel", parcel, parcels);
                let charges = world.charges(id, &["settled"]).len();
                let due = usize::from(order.payment.method != "INVOICE");
                tally.hold(charges == due, || {
                    format!("order {id}: it is {}, and has {charges} charges, not {due}", order.status)
                });
            }
            "REJECTED" | "CANCELLED" => {
                agree("payment", payment, &["none", "DECLINED", "REFUNDED"]);
                agree("reservation", reservation, &["none", "REFUSED", "RELEASED"]);
                agree("parcel", parcel, &["none", "REFUSED", "CANCELLED"]);
                let kept = world.charges(id, &["settled", "pending", "stumbled"]).len();
                tally.hold(kept == 0, || format!("order {id}: it is {}, and still charged", order.status));
            }
            _ => {}
        }
    }
}

fn ends_have_causes(world: &World, tally: &mut Tally) {
    for (id, order) in world.orders.iter().filter(|(_, order)| is_over(order)) {
        let token = order.payment.token.as_deref().unwrap_or_default();
        let can_pay = order.payment.method == "INVOICE" || GOOD_TOKENS.contains(&token);
        let can_go = !order.recipient.address.contains("Nowhere");
        let reservation = world.reservations.get(id).map(|reservation| reservation.state.as_str());
        let shipment = world.shipments.get(id).map(|shipment| shipment.state.as_str());
        // An erasure can delete an order's payment and address at any time.
        let unknown = order.is_anonymous();
        let has_cause = match (order.status.as_str(), order.reason()) {
            ("DELIVERED", None) => unknown || can_pay && can_go,
            ("REJECTED", Some("OUT_OF_STOCK")) => {
                let of = |product| world.stock.get(product).map_or(0, |stock| stock.received);
                let wants_what_is_scarce = order.lines.iter().any(|line| of(&line.product_id) < PLENTY);
                reservation == Some("REFUSED") && wants_what_is_scarce
            }
            ("REJECTED", Some("PAYMENT_DECLINED")) => unknown || !can_pay,
            ("CANCELLED", Some("SHIPPING_IMPOSSIBLE")) => {
                (unknown || can_pay && !can_go) && shipment == Some("REFUSED")
            }
            ("CANCELLED", Some("CUSTOMER_REQUEST")) => order.cancel_requested_at.is_some(),
            // No fault lasts so long that a step is given up.
            _ => false,
        };
        tally.hold(has_cause, || {
            format!(
                "order {id}: it is {} ({}), paid by {} {token:?}, sent to {:?}, cancellation asked at {:?}",
                order.status,
                order.reason().unwrap_or("no reason"),
                order.payment.method,
                order.recipient.address,
                order.cancel_requested_at,
            )
        });
    }
}

fn nothing_without_an_order(world: &World, tally: &mut Tally) {
    for (id, reservation) in &world.reservations {
        let order = world.orders.get(id);
        tally.hold(order.is_some(), || format!("order {id}: there is none, but a reservation"));
        let live = order.is_some_and(|order| !is_over(order));
        tally.hold(reservation.state != "RESERVED" || live, || {
            format!("order {id}: units are reserved for it, and it is not on its way")
        });
    }
    for (what, ids) in [
        ("a payment", world.payments.keys().collect::<Vec<_>>()),
        ("a parcel", world.shipments.keys().collect()),
        (
            "a charge",
            world.charges.iter().filter_map(|charge| Some(&charge.asked.as_ref()?.reference)).collect(),
        ),
    ] {
        for id in ids {
            tally.hold(world.orders.contains_key(id), || format!("order {id}: there is none, but {what}"));
        }
    }
}

fn audited_once(world: &World, tally: &mut Tally) {
    for (id, order) in &world.orders {
        let steps = order.history.iter().map(|change| order_event(&change.status));
        compare("the audit has", steps, world.audit.get(id), id, tally);
    }
}

fn written_once(world: &World, tally: &mut Tally) {
    for (id, order) in &world.orders {
        // Mails of erased customers are not kept.
        let steps = order.history.iter().filter(|_| !order.is_anonymous());
        let steps = steps.map(|change| change.status.as_str());
        // Customers get no mail about reserved stock.
        let steps = steps.filter(|status| *status != "STOCK_RESERVED");
        let steps = steps.map(|status| if status == "PENDING" { "PLACED" } else { status });
        compare("mails are", steps, world.mails.get(id), id, tally);
    }
}

/// Compares a consumer's events of an order with the order's history.
fn compare<'a>(
    who: &str,
    steps: impl Iterator<Item = &'a str>,
    facts: Option<&Vec<String>>,
    id: &str,
    tally: &mut Tally,
) {
    let mut expected: Vec<&str> = steps.collect();
    let mut found: Vec<&str> = facts.into_iter().flatten().map(String::as_str).collect();
    expected.sort_unstable();
    found.sort_unstable();
    tally.hold(expected == found, || format!("order {id}: {who} {found:?}, not {expected:?}"));
}

/// The event type for a status.
fn order_event(status: &str) -> &str {
    match status {
        "PENDING" => "OrderPlaced",
        "STOCK_RESERVED" => "OrderStockReserved",
        "PAID" => "OrderPaid",
        "SHIPPED" => "OrderShipped",
        "DELIVERED" => "OrderDelivered",
        "REJECTED" => "OrderRejected",
        "CANCELLED" => "OrderCancelled",
        other => other,
    }
}

fn moved_along_arrows(world: &World, tally: &mut Tally) {
    let mut follow = |what: &str, id: &str, status: &str, history: Vec<&str>, arrows: &[(&str, &[&str])]| {
        tally.hold(follows(&history, arrows) && history.last() == Some(&status), || {
            format!("order {id}: {what} is {status} and came there by {}", history.join(", "))
        });
    };
    for (id, order) in &world.orders {
        let history = order.history.iter().map(|change| change.status.as_str()).collect();
        follow("it", id, &order.status, history, ORDER_ARROWS);
    }
    for (id, payment) in &world.payments {
        let history = payment.history.iter().map(|change| change.state.as_str()).collect();
        follow("its payment", id, &payment.state, history, PAYMENT_ARROWS);
    }
    for (id, shipment) in &world.shipments {
        let history = shipment.history.iter().map(|change| change.state.as_str()).collect();
        follow("its parcel", id, &shipment.state, history, SHIPMENT_ARROWS);
    }
}

fn moved_forward(world: &World, tally: &mut Tally) {
    for (id, order) in &world.orders {
        let times: Vec<_> = order.history.iter().map(|change| change.at.as_str()).collect();
        tally.hold(times.is_sorted_by(|earlier, later| earlier < later), || {
            format!("order {id}: its history goes back in time: {}", times.join(", "))
        });
    }
}

fn follows(history: &[&str], arrows: &[(&str, &[&str])]) -> bool {
    let before = std::iter::once(&"").chain(history);
    before
        .zip(history)
        .all(|(from, to)| arrows.iter().any(|(start, ends)| start == from && ends.contains(to)))
}

/// Only anonymous orders of an erased customer are kept, and no other customer's orders are
/// changed.
pub(super) fn check_departures(departures: &[Departure], world: &World) -> Findings {
    let mut tally = Tally::default();
    for Departure { user, customer_id, orders } in departures {
        let kept = world.personal.get(customer_id);
        tally.hold(kept.is_none(), || format!("{user}: {customer_id} has left, and is kept in {kept:?}"));
        for id in orders {
            tally.hold(world.orders.get(id).is_some_and(Order::is_anonymous), || {
                format!("order {id}: {user} has left, and it is gone or names them")
            });
        }
    }
    let name = "of who has left only orders are kept, which name nobody".to_owned();
    Findings { held: BTreeMap::from([(name, tally.held)]), broken: tally.broken }
}

/// Every accepted checkout is one order, with the lines and the total of the response. No order
/// exists without a checkout.
pub(super) fn check_checkouts<'a>(
    checkouts: Vec<Checkout>,
    orders: impl Iterator<Item = (&'a String, &'a Order)> + Clone,
) -> Findings {
    let mut tally = Tally::default();
    let mut unexplained: BTreeMap<&String, &Order> = orders.clone().collect();
    let (answered, unanswered): (Vec<_>, Vec<_>) =
        checkouts.into_iter().partition(|checkout| checkout.receipt.is_some());
    for Checkout { user, lines, receipt } in answered {
        let (id, total) = receipt.unwrap_or_default();
        let Some(order) = unexplained.remove(&id) else {
            tally.hold(false, || format!("{user}: the accepted order {id} is lost, or was accepted twice"));
            continue;
        };
        tally.hold(order.user_name == user && order.units() == lines, || {
            format!("{user}: order {id} holds {:?}, not {lines:?}", order.units())
        });
        tally.hold(minor(&total) == Some(order.total_price.minor), || {
            format!("{user}: order {id} costs {}, the customer was shown {total}", order.total_price.minor)
        });
    }
    for Checkout { user, lines, .. } in unanswered {
        let explains = |order: &Order| order.user_name == user && order.units() == lines;
        let found = unexplained.iter().find(|(_, order)| explains(order)).map(|(id, _)| *id);
        tally.hold(found.and_then(|id| unexplained.remove(id)).is_some(), || {
            format!("{user}: the basket is gone and no order came of it")
        });
    }
    for (id, order) in unexplained {
        tally.hold(false, || format!("{}: order {id} was never accepted", order.user_name));
    }
    for (id, order) in orders {
        let sum: u64 = order.lines.iter().map(|line| line.price.minor * line.quantity).sum();
        tally.hold(sum == order.total_price.minor, || {
            format!("order {id}: the lines cost {sum}, the order {}", order.total_price.minor)
        });
    }
    let name = "every accepted checkout is one order".to_owned();
    Findings { held: BTreeMap::from([(name, tally.held)]), broken: tally.broken }
}

/// `12.34` in minor units.
fn minor(total: &str) -> Option<u64> {
    let (whole, fraction) = total.split_once('.')?;
    (fraction.len() == 2).then(|| format!("{whole}{fraction}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn history<const N: usize>(name: &str, steps: [&str; N]) -> Vec<Value> {
        let step = |(second, step)| json!({ name: step, "at": format!("2026-01-31T12:00:0{second}.000Z") });
        steps.into_iter().enumerate().map(step).collect()
    }

    fn order<const N: usize>(id: &str, statuses: [&str; N], reason: Option<&str>) -> Value {
        let mut history = history("status", statuses);
        history[N - 1]["reason"] = json!(reason);
        json!({
            "orderId": id, "customerId": "grace-1", "userName": "grace", "status": statuses[N - 1], "history": history,
            "lines": [{ "productId": "lamp", "quantity": 2, "price": { "minor": 1990, "currency": "USD" } }],
            "totalPrice": { "minor": 3980, "currency": "USD" },
            "recipient": { "address": "1 Harbour Street" }, "payment": { "method": "CARD", "token": "tok_visa" },
        })
    }

    fn reservation(id: &str, state: &str) -> Value {
        let units = json!([{ "productId": "lamp", "quantity": 2 }]);
        json!({ "item": format!("order#{id}"), "orderId": id, "state": state, "units": units, "left": 0 })
    }

    fn payment<const N: usize>(id: &str, states: [&str; N]) -> Value {
        let mut payment = json!({
            "orderId": id, "state": states[N - 1], "history": history("state", states),
            "price": { "minor": 3980, "currency": "USD" },
        });
        if states.contains(&"REFUNDED") {
            payment["refunded"] = payment["price"].clone();
        }
        payment
    }

    fn charge(id: &str, status: &str) -> Value {
        json!({ "id": "ch_1", "status": status, "asked": { "amount": 3980, "reference": id } })
    }

    fn shipment<const N: usize>(id: &str, states: [&str; N]) -> Value {
        json!({ "orderId": id, "state": states[N - 1], "history": history("state", states) })
    }

    /// A valid world with an order for each final state.
    fn sane() -> World {
        let mut declined =
            order("declined", ["PENDING", "STOCK_RESERVED", "REJECTED"], Some("PAYMENT_DECLINED"));
        declined["payment"]["token"] = json!("tok_declined");
        let paid = ["PENDING", "STOCK_RESERVED", "PAID", "CANCELLED"];
        let mut nowhere = order("nowhere", paid, Some("SHIPPING_IMPOSSIBLE"));
        nowhere["recipient"]["address"] = json!("7 Nowhere Lane");
        let mut off = order("off", paid, Some("CUSTOMER_REQUEST"));
        off["cancelRequestedAt"] = json!("2026-01-31T12:00:00.000Z");
        let mut departed = order("departed", ["PENDING", "REJECTED"], Some("OUT_OF_STOCK"));
        departed["customerId"] = json!("00000000-0000-0000-0000-000000000000");
        departed["userName"] = json!("erased");
        departed["recipient"]["address"] = json!("erased");
        departed["payment"]["token"] = Value::Null;
        let all_the_way = ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED", "DELIVERED"];
        let mut invoice = order("invoice", all_the_way, None);
        invoice["payment"] = json!({ "method": "INVOICE" });
        let gave_back = ["PENDING", "SETTLED", "REFUNDING", "REFUNDED"];
        let came = ["CREATED", "DISPATCHED", "DELIVERED"];
        let rows = |table: &str| match table {
            "order" => vec![
                order("came", all_the_way, None),
                invoice.clone(),
                order("short", ["PENDING", "REJECTED"], Some("OUT_OF_STOCK")),
                declined.clone(),
                nowhere.clone(),
                off.clone(),
                departed.clone(),
                json!({ "customerId": "grace-0", "orderId": "departed", "expiresAt": 1 }),
            ],
            "stock" => vec![
                json!({ "item": "product#lamp", "productId": "lamp", "onHand": 6, "reserved": 0, "shipped": 4, "received": 10 }),
                json!({ "item": "receipt#lamp#delivery-1", "quantity": 10 }),
                reservation("came", "SHIPPED"),
                reservation("invoice", "SHIPPED"),
                reservation("short", "REFUSED"),
                reservation("departed", "REFUSED"),
                reservation("declined", "RELEASED"),
                reservation("nowhere", "RELEASED"),
                reservation("off", "RELEASED"),
            ],
            "payment" => vec![
                payment("came", ["PENDING", "SETTLED"]),
                payment("invoice", ["SETTLED"]),
                payment("declined", ["PENDING", "DECLINED"]),
                payment("nowhere", gave_back),
                payment("off", gave_back),
            ],
            "provider" => vec![
                charge("came", "settled"),
                charge("declined", "declined"),
                charge("nowhere", "refunded"),
                charge("off", "refunded"),
                json!({ "id": "ch_2", "status": "canceled" }),
            ],
            "audit" | "mail" => {
                let steps = [
                    ("came", &all_the_way[..]),
                    ("invoice", &all_the_way),
                    ("short", &["PENDING", "REJECTED"]),
                    ("departed", &["PENDING", "REJECTED"]),
                    ("declined", &["PENDING", "STOCK_RESERVED", "REJECTED"]),
                    ("nowhere", &paid),
                    ("off", &paid),
                ];
                let rows = steps.iter().flat_map(|(id, steps)| steps.iter().map(move |step| (id, *step)));
                let row = |(id, step): (&&str, &str)| match (table, step) {
                    ("audit", step) => Some(json!({ "orderId": id, "type": order_event(step) })),
                    (_, "STOCK_RESERVED") => None,
                    _ if *id == "departed" => None,
                    (_, "PENDING") => Some(json!({ "orderId": id, "occasion": "PLACED" })),
                    (_, step) => Some(json!({ "orderId": id, "occasion": step })),
                };
                rows.filter_map(row).collect()
            }
            "shipment" => vec![
                shipment("came", came),
                shipment("invoice", came),
                shipment("nowhere", ["REFUSED"]),
                shipment("off", ["CREATED", "CANCELLED"]),
            ],
            "basket" => vec![
                json!({ "customerId": "grace-0", "lines": [] }),
                json!({ "customerId": "grace-1", "userName": "grace", "lines": [{ "quantity": 1 }] }),
            ],
            "privacy" => vec![json!({ "customerId": "grace-1", "item": "export" })],
            _ => Vec::new(),
        };
        let mut unreadable = Vec::new();
        let world = World::read(rows, &mut unreadable);
        assert_eq!(unreadable, [""; 0]);
        world
    }

    /// Breaks a valid world in one way and expects this violation.
    fn breaks(sentence: &str, breach: impl Fn(&mut World)) {
        let mut world = sane();
        breach(&mut world);
        let broken = check(&world).broken;
        assert!(broken.iter().any(|message| message.contains(sentence)), "{sentence} is not in {broken:#?}");
    }

    #[test]
    fn a_sane_world_keeps_every_promise() {
        let findings = check(&sane());
        assert_eq!(findings.broken, [""; 0]);
        assert_eq!(findings.held.len(), INVARIANTS.len());
        assert!(findings.held.values().all(|held| *held > 0), "{:?}", findings.held);
    }

    #[test]
    fn stock_that_does_not_add_up_is_found() {
        let lamp = |world: &mut World, change: fn(&mut super::super::world::Stock)| {
            change(world.stock.get_mut("lamp").unwrap());
        };
        breaks("product lamp: the stock does not add up", |world| lamp(world, |stock| stock.on_hand += 1));
        breaks("product lamp: some stock is below zero", |world| {
            lamp(world, |stock| (stock.on_hand, stock.shipped) = (-1, 11));
        });
        breaks("product lamp: 2 units are reserved, orders say 0", |world| {
            lamp(world, |stock| (stock.on_hand, stock.reserved) = (4, 2));
        });
        breaks("product lamp: 4 units are shipped, orders say 2", |world| {
            world.reservations.remove("came");
        });
        breaks("product lamp: orders have what never came in", |world| {
            world.stock.clear();
        });
        breaks("order short: 1 parts of it are still to be moved", |world| {
            world.reservations.get_mut("short").unwrap().left = 1;
        });
    }

    #[test]
    fn money_that_was_taken_twice_or_kept_or_given_back_for_nothing_is_found() {
        let charge = |id: &str, status: &str| serde_json::from_value(charge(id, status)).unwrap();
        breaks("order came: it was charged 2 times", |world| world.charges.push(charge("came", "settled")));
        breaks("order came: it was charged 2 times", |world| world.charges.push(charge("came", "refunded")));
        breaks("order came: 1 were charged, it costs 3980", |world| {
            world.charges[0].asked.as_mut().unwrap().amount = 1;
        });
        breaks("order declined: it is REJECTED, and still charged", |world| {
            world.charges.push(charge("declined", "settled"));
        });
        breaks("order off: it is CANCELLED, and still charged", |world| {
            world.charges.push(charge("off", "pending"));
        });
        breaks("order off: the provider gave back 0, the payment says 3980", |world| {
            world.charges.retain(|charge| charge.status != "refunded");
        });
        breaks("order came: the provider gave back 3980, the payment says 0", |world| {
            world.charges[0].status = "refunded".to_owned();
        });
        breaks("order came: its money went back, its payment is SETTLED", |world| {
            world.charges[0].status = "refunded".to_owned();
        });
        breaks("order came: it is DELIVERED, and has 0 charges, not 1", |world| world.charges.clear());
        breaks("order invoice: it is DELIVERED, and has 1 charges, not 0", |world| {
            world.charges.push(charge("invoice", "settled"));
        });
        breaks("order off: it was refunded 2 times", |world| {
            let history = &mut world.payments.get_mut("off").unwrap().history;
            history.push(history[3].clone());
        });
        breaks("order off: 1 of 3980 went back", |world| {
            world.payments.get_mut("off").unwrap().refunded.as_mut().unwrap().minor = 1;
        });
    }

    #[test]
    fn an_order_that_others_disagree_with_is_found() {
        breaks("order came: it is DELIVERED, its payment REFUNDED", |world| {
            world.payments.get_mut("came").unwrap().state = "REFUNDED".to_owned();
        });
        breaks("order came: it is DELIVERED, its reservation RELEASED", |world| {
            world.reservations.get_mut("came").unwrap().state = "RELEASED".to_owned();
        });
        breaks("order came: it is DELIVERED, its parcel none", |world| {
            world.shipments.remove("came");
        });
        breaks("order off: it is CANCELLED, its payment SETTLED", |world| {
            world.payments.get_mut("off").unwrap().state = "SETTLED".to_owned();
        });
        breaks("order short: it is REJECTED, its reservation RESERVED", |world| {
            world.reservations.get_mut("short").unwrap().state = "RESERVED".to_owned();
        });
        breaks("order off: it is CANCELLED, its parcel DISPATCHED", |world| {
            world.shipments.get_mut("off").unwrap().state = "DISPATCHED".to_owned();
        });
    }

    #[test]
    fn an_order_that_is_not_over_or_ended_without_cause_is_found() {
        breaks("order came: it is still PAID", |world| {
            world.orders.get_mut("came").unwrap().status = "PAID".to_owned();
        });
        let order = |world: &mut World, id: &str, change: fn(&mut Order)| {
            change(world.orders.get_mut(id).unwrap());
        };
        breaks("order came: it is DELIVERED (no reason), paid by CARD \"tok_declined\"", |world| {
            order(world, "came", |order| order.payment.token = Some("tok_declined".to_owned()));
        });
        breaks("order came: it is DELIVERED (no reason)", |world| {
            order(world, "came", |order| order.recipient.address = "Nowhere".to_owned());
        });
        breaks("order declined: it is REJECTED (PAYMENT_DECLINED)", |world| {
            order(world, "declined", |order| order.payment.token = Some("tok_visa".to_owned()));
        });
        breaks("order nowhere: it is CANCELLED (SHIPPING_IMPOSSIBLE)", |world| {
            order(world, "nowhere", |order| order.recipient.address = "1 Harbour Street".to_owned());
        });
        breaks("order off: it is CANCELLED (CUSTOMER_REQUEST)", |world| {
            order(world, "off", |order| order.cancel_requested_at = None);
        });
        breaks("order short: it is REJECTED (OUT_OF_STOCK)", |world| {
            world.stock.get_mut("lamp").unwrap().received = PLENTY;
        });
        breaks("order short: it is REJECTED (FULFILMENT_FAILED)", |world| {
            order(world, "short", |order| order.history[1].reason = Some("FULFILMENT_FAILED".to_owned()));
        });
        breaks("order short: it is REJECTED (no reason)", |world| {
            order(world, "short", |order| order.history[1].reason = None);
        });
    }

    #[test]
    fn work_for_missing_orders_is_found() {
        breaks("order came: there is none, but a reservation", |world| drop(world.orders.remove("came")));
        breaks("order came: there is none, but a payment", |world| drop(world.orders.remove("came")));
        breaks("order came: there is none, but a charge", |world| drop(world.orders.remove("came")));
        breaks("order came: there is none, but a parcel", |world| drop(world.orders.remove("came")));
        breaks("order off: units are reserved for it, and it is not on its way", |world| {
            world.reservations.get_mut("off").unwrap().state = "RESERVED".to_owned();
        });
    }

    #[test]
    fn a_step_beside_the_arrows_is_found() {
        breaks("order came: it is DELIVERED and came there by PENDING, PAID, SHIPPED, DELIVERED", |world| {
            world.orders.get_mut("came").unwrap().history.remove(1);
        });
        breaks(
            "order came: it is DELIVERED and came there by PENDING, STOCK_RESERVED, PAID, SHIPPED",
            |world| {
                world.orders.get_mut("came").unwrap().history.pop();
            },
        );
        breaks(
            "order off: its payment is REFUNDED and came there by PENDING, DECLINED, REFUNDING",
            |world| {
                world.payments.get_mut("off").unwrap().history[1].state = "DECLINED".to_owned();
            },
        );
        breaks("order off: its parcel is CANCELLED and came there by DISPATCHED, CANCELLED", |world| {
            world.shipments.get_mut("off").unwrap().history[0].state = "DISPATCHED".to_owned();
        });
    }

    #[test]
    fn a_step_before_the_one_that_led_to_it_is_found() {
        breaks(
            "order came: its history goes back in time: 2026-01-31T12:00:00.000Z, 2026-01-31T12:00:00.000Z",
            |world| {
                let history = &mut world.orders.get_mut("came").unwrap().history;
                history[1].at = history[0].at.clone();
            },
        );
    }

    #[test]
    fn an_event_that_is_missing_or_told_twice_is_found() {
        let facts = |facts: &mut BTreeMap<String, Vec<String>>, change: fn(&mut Vec<String>)| {
            change(facts.get_mut("short").unwrap());
        };
        breaks(
            "order short: the audit has [\"OrderPlaced\"], not [\"OrderPlaced\", \"OrderRejected\"]",
            |world| {
                facts(&mut world.audit, |facts| drop(facts.pop()));
            },
        );
        breaks("order short: mails are [\"PLACED\", \"REJECTED\", \"REJECTED\"]", |world| {
            facts(&mut world.mails, |facts| facts.push(facts[1].clone()));
        });
        breaks("order off: mails are [], not [\"CANCELLED\", \"PAID\", \"PLACED\"]", |world| {
            world.mails.remove("off");
        });
    }

    #[test]
    fn data_kept_of_departed_customers_is_found() {
        let broken = |breach: fn(&mut World)| {
            let mut world = sane();
            breach(&mut world);
            let orders = ["departed".to_owned()].into();
            let departure = Departure { user: "grace".to_owned(), customer_id: "grace-0".to_owned(), orders };
            check_departures(&[departure], &world).broken.join("; ")
        };
        assert_eq!(broken(|_| {}), "");
        let kept = broken(|world| drop(world.personal.insert("grace-0".to_owned(), ["mail"].into())));
        assert!(kept.contains("grace: grace-0 has left, and is kept in Some({\"mail\"})"), "{kept}");
        let gone = broken(|world| drop(world.orders.remove("departed")));
        assert!(gone.contains("order departed: grace has left, and it is gone or names them"), "{gone}");
        let named = broken(|world| {
            world.orders.get_mut("departed").unwrap().user_name = "grace".to_owned();
        });
        assert!(named.contains("order departed: grace has left, and it is gone or names them"), "{named}");
    }

    #[test]
    fn checkouts_and_orders_that_do_not_match_are_found() {
        let lines = || [("lamp".to_owned(), 2)].into();
        let checkout = |receipt: Option<(&str, &str)>| Checkout {
            user: "grace".to_owned(),
            lines: lines(),
            receipt: receipt.map(|(id, total)| (id.to_owned(), total.to_owned())),
        };
        let came = || sane().orders.into_iter().filter(|(id, _)| id == "came").collect::<BTreeMap<_, _>>();
        let broken = |checkouts: Vec<Checkout>, orders: &BTreeMap<String, Order>| {
            check_checkouts(checkouts, orders.iter()).broken.join("; ")
        };
        assert_eq!(broken(vec![checkout(Some(("came", "39.80")))], &came()), "");
        assert_eq!(broken(vec![checkout(None)], &came()), "");
        assert!(broken(vec![], &came()).contains("grace: order came was never accepted"));
        let lost = broken(vec![checkout(Some(("lost", "39.80")))], &BTreeMap::new());
        assert!(lost.contains("grace: the accepted order lost is lost"), "{lost}");
        let gone = broken(vec![checkout(None)], &BTreeMap::new());
        assert!(gone.contains("grace: the basket is gone and no order came of it"), "{gone}");
        let dear = broken(vec![checkout(Some(("came", "39.79")))], &came());
        assert!(dear.contains("order came costs 3980, the customer was shown 39.79"), "{dear}");
        let twice = vec![checkout(Some(("came", "39.80"))), checkout(Some(("came", "39.80")))];
        assert!(broken(twice, &came()).contains("is lost, or was accepted twice"));
        let mut short = came();
        short.get_mut("came").unwrap().lines[0].quantity = 1;
        let short = broken(vec![checkout(Some(("came", "39.80")))], &short);
        assert!(short.contains("order came holds {\"lamp\": 1}, not {\"lamp\": 2}"), "{short}");
        assert!(short.contains("order came: the lines cost 1990, the order 3980"), "{short}");
    }
}
