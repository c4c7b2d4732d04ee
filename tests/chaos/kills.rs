//! A function is killed at each step of a checkout and its fulfilment, in the middle of an AWS
//! call.

use std::thread;
use std::time::Duration;

use serde_json::json;
use shop_tests::chaos::{FaultSchedule, Processes};
use shop_tests::{Answer, Shop, eventually};
use testkit::faults::{Fault, Rule};

/// How long a call is delayed: long enough to kill its function, and shorter than the client's
/// timeout.
const HELD: Duration = Duration::from_millis(1400);
/// The visibility timeout of queues: longer than a function that is not killed needs, and so short
/// that a killed one does not delay the test. A message is delivered twice at most.
const HIDDEN_SECONDS: u64 = 3;

/// Runs `act` and kills a function while its call is delayed. The call still takes effect after the
/// function is dead.
fn kill_during<T: Send>(
    faults: &FaultSchedule,
    shop: &Shop,
    function: &str,
    (operation, table): (&str, &str),
    act: impl FnOnce() -> T + Send,
) -> T {
    faults.add(Rule::new(Fault::Delay(HELD)).on(operation).of(table).times(1));
    let done = thread::scope(|scope| {
        let act = scope.spawn(act);
        eventually("the call", || (faults.delayed() > 0).then_some(()));
        let killed = Processes::of_the_shop().kill_function(shop.output(&format!("/functions/{function}")));
        assert!(killed > 0, "{function} is not there to be killed");
        act.join().unwrap()
    });
    eventually("the end of the call", || (faults.delayed() == 0).then_some(()));
    done
}

/// A customer with a product in their basket.
fn customer(shop: &Shop) -> Shop {
    let customer = shop.customer();
    customer.add(&shop.product("Lamp", "19.90"), 1);
    customer
}

fn check_out(customer: &Shop) -> Answer {
    customer.check_out(&[("idempotency-key", "k-1")])
}

/// Waits for the order of a receipt, and asserts that no other exists.
fn has_one_order(customer: &Shop, receipt: &Answer) {
    customer.order(&receipt.body);
    let orders = customer.get(&format!("/order/{}", customer.user())).expect(200).body;
    assert_eq!(orders["items"].as_array().unwrap().len(), 1);
    assert_eq!(customer.basket().body["items"].as_array().unwrap().len(), 0);
}

#[test]
fn a_checkout_that_is_killed_before_its_transaction_leaves_the_basket() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (faults, shop) = (FaultSchedule::without_faults(0), Shop::new());
    let customer = customer(&shop);
    let call = ("GetItem", shop.output("/tables/basket"));
    let killed = kill_during(&faults, &shop, "basket-api", call, || check_out(&customer));
    assert!(killed.status >= 500, "{}", killed.text);
    assert_eq!(customer.basket().body["items"].as_array().unwrap().len(), 1);
    has_one_order(&customer, &check_out(&customer).expect(202));
}

#[test]
fn a_checkout_that_is_killed_during_its_transaction_is_found_by_its_key() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (faults, shop) = (FaultSchedule::without_faults(0), Shop::new());
    let customer = customer(&shop);
    let call = ("TransactWriteItems", shop.output("/tables/checkout"));
    let killed = kill_during(&faults, &shop, "basket-api", call, || check_out(&customer));
    assert!(killed.status >= 500, "{}", killed.text);
    has_one_order(&customer, &check_out(&customer).expect(202));
}

#[test]
fn a_publisher_that_is_killed_publishes_when_the_stream_comes_again() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (faults, shop) = (FaultSchedule::without_faults(0), Shop::new());
    let customer = customer(&shop);
    let call = ("PutEvents", shop.output("/eventBus"));
    let receipt = kill_during(&faults, &shop, "basket-publisher", call, || check_out(&customer).expect(202));
    has_one_order(&customer, &receipt);
}

#[test]
fn a_consumer_that_is_killed_places_the_order_when_its_message_comes_again() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (faults, shop) = (FaultSchedule::without_faults(0), Shop::new());
    let customer = customer(&shop);
    let call = ("TransactWriteItems", shop.output("/tables/order"));
    let receipt =
        kill_during(&faults, &shop, "ordering-on-checkout", call, || check_out(&customer).expect(202));
    has_one_order(&customer, &receipt);
}

#[test]
fn an_order_is_delivered_once_although_each_function_on_its_way_is_killed() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (faults, shop) = (FaultSchedule::without_faults(0), Shop::new());
    let (customer, product) = (shop.customer(), shop.product_in_stock("Lamp", "19.90", 5));
    let steps = [
        ("inventory-steps", "TransactWriteItems", "stock"),
        ("ordering-steps", "UpdateItem", "order"),
        ("payment-on-command", "PutItem", "payment"),
        ("payment-sandbox-api", "PutItem", "provider"),
        ("shipping-on-command", "PutItem", "shipment"),
        ("shipping-carrier", "UpdateItem", "shipment"),
    ];
    for (_, operation, table) in steps {
        let table = shop.output(&format!("/tables/{table}"));
        faults.add(Rule::new(Fault::Delay(HELD)).on(operation).of(table).times(1));
    }
    let receipt = customer.buy(&product, 2, &json!({}));
    for (held, (function, ..)) in (1..).zip(steps) {
        // The previous call may still be delayed when the next one is made.
        eventually(&format!("the call of {function}"), || (faults.injected() >= held).then_some(()));
        let killed = Processes::of_the_shop().kill_function(shop.output(&format!("/functions/{function}")));
        assert!(killed > 0, "{function} is not there to be killed");
    }
    customer.order_that_is("DELIVERED", &receipt);
    shop.stock_becomes(&product, [3, 0, 2]);
    let order = receipt["orderId"].as_str().unwrap();
    let states = |path: &str| {
        let body = shop.get(&format!("/{path}/{order}")).expect(200).body;
        let history = body["history"].as_array().unwrap().iter();
        history.map(|change| change["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states("payment"), ["PENDING", "SETTLED"]);
    assert_eq!(states("shipment"), ["CREATED", "DISPATCHED", "DELIVERED"]);
}

#[test]
fn a_wait_that_is_noted_late_does_not_take_the_place_of_the_one_after_it() {
    let _turn = crate::turn(HIDDEN_SECONDS);
    let (faults, shop) = (FaultSchedule::without_faults(0), Shop::new());
    let (customer, product) = (shop.customer(), shop.product_in_stock("Lamp", "19.90", 1));
    // The step fails after three attempts and is retried; only then is its first write made.
    let late = |fault| Rule::new(fault).on("UpdateItem").of(shop.output("/tables/fulfilment"));
    faults.add(late(Fault::Delay(Duration::from_secs(4))).times(1));
    faults.add(late(Fault::Refuse).times(2));
    let receipt = customer.buy(&product, 1, &json!({ "paymentToken": "tok_delayed" }));
    customer.order_that_is("DELIVERED", &receipt);
    assert_eq!(faults.injected(), 3);
}
