//! Order fulfilment end to end, as customers and staff see it: every final state, and its
//! compensation.

use std::thread;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shop_tests::{Answer, Shop, eventually, owner, statuses};

/// A product with this many units.
fn lamp(staff: &Shop, units: u32) -> String {
    staff.product_in_stock("Lamp", "19.90", units)
}

fn of_order(staff: &Shop, path: &str, receipt: &Value) -> Answer {
    staff.get(&format!("/{path}/{}", receipt["orderId"].as_str().unwrap()))
}

fn payment(staff: &Shop, receipt: &Value) -> Value {
    of_order(staff, "payment", receipt).expect(200).body
}

/// All states of a payment or a shipment.
fn states(body: &Value) -> Vec<&str> {
    body["history"].as_array().unwrap().iter().map(|change| change["state"].as_str().unwrap()).collect()
}

fn cancel(customer: &Shop, receipt: &Value) -> Answer {
    let order = receipt["orderId"].as_str().unwrap();
    customer.send("POST", &format!("/order/{}/{order}/cancel", customer.user()), &[], "")
}

/// Asserts that the order has this final state and is compensated: no reserved unit, no money, no
/// parcel.
fn assert_undone(staff: &Shop, order: &Answer, [status, reason]: [&str; 2], product: &str, units: u64) {
    let end = order.body["history"].as_array().unwrap().last().unwrap();
    assert_eq!([&order.body["status"], &end["status"]], [status, status], "{}", order.text);
    assert_eq!(end["reason"], reason, "{}", order.text);
    assert_eq!(staff.stock(product), [units, 0, 0]);
    let payment = of_order(staff, "payment", &order.body);
    let keeps_nothing = payment.status == 404
        || ["DECLINED", "REFUNDED"].contains(&payment.body["state"].as_str().unwrap_or_default());
    assert!(keeps_nothing, "{}", payment.text);
    let shipment = of_order(staff, "shipment", &order.body);
    let stays = shipment.status == 404
        || ["REFUSED", "CANCELLED"].contains(&shipment.body["state"].as_str().unwrap_or_default());
    assert!(stays, "{}", shipment.text);
}

#[test]
fn a_paid_order_is_delivered_and_tells_how_it_came_there() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 5));
    let receipt = customer.buy(&product, 2, &json!({}));
    let order = customer.order_that_is("DELIVERED", &receipt);
    assert_eq!(statuses(&order.body), ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED", "DELIVERED"]);
    assert_eq!(order.body["status"], "DELIVERED");
    let times: Vec<_> = order.body["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|earlier, later| earlier < later), "{times:?}");

    staff.stock_becomes(&product, [3, 0, 2]);
    let payment = payment(&staff, &receipt);
    assert_eq!(states(&payment), ["PENDING", "SETTLED"]);
    assert_eq!((&payment["amount"], &payment["currency"]), (&json!(39.80), &json!("USD")));
    let shipment = of_order(&staff, "shipment", &receipt).expect(200);
    assert_eq!(states(&shipment.body), ["CREATED", "DISPATCHED", "DELIVERED"]);
    assert!(!shipment.text.contains("Harbour"), "{}", shipment.text);

    let refused = cancel(&customer, &receipt).expect(409);
    assert_eq!(refused.problem(), "order-not-cancellable");
    assert_eq!(customer.order(&receipt).body, order.body);
}

#[test]
fn declined_orders_are_rejected_and_their_units_released() {
    let staff = Shop::new();
    for (token, reason) in [
        (json!("tok_declined"), "DECLINED"),
        (json!("tok_insufficient_funds"), "INSUFFICIENT_FUNDS"),
        (json!("tok_of_nobody"), "UNKNOWN_TOKEN"),
        (Value::Null, "UNKNOWN_TOKEN"),
    ] {
        let (customer, product) = (staff.customer(), lamp(&staff, 5));
        let receipt = customer.buy(&product, 2, &json!({ "paymentToken": token }));
        let order = customer.order_that_ended(&receipt);
        assert_eq!(statuses(&order.body), ["PENDING", "STOCK_RESERVED", "REJECTED"], "{token}");
        assert_undone(&staff, &order, ["REJECTED", "PAYMENT_DECLINED"], &product, 5);
        let payment = payment(&staff, &receipt);
        assert_eq!((&payment["state"], &payment["reason"]), (&json!("DECLINED"), &json!(reason)), "{token}");
        let refused = cancel(&customer, &receipt).expect(409);
        assert_eq!(refused.problem(), "order-not-cancellable");
    }
}

#[test]
fn a_provider_that_stumbles_answers_late_or_takes_its_time_charges_once() {
    let staff = Shop::new();
    thread::scope(|scope| {
        for token in ["tok_flaky", "tok_timeout", "tok_delayed"] {
            let staff = &staff;
            scope.spawn(move || {
                let (customer, product) = (staff.customer(), lamp(staff, 1));
                let receipt = customer.buy(&product, 1, &json!({ "paymentToken": token }));
                customer.order_that_is("DELIVERED", &receipt);
                let payment = payment(staff, &receipt);
                assert_eq!(states(&payment), ["PENDING", "SETTLED"], "{token}");
                assert_eq!(charges(&receipt), ["settled"], "{token}");
            });
        }
    });
}

fn wait_for<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// The statuses of an order's charges at the provider.
fn charges(receipt: &Value) -> Vec<String> {
    let shop = Shop::new();
    let rows = testkit::Account::of_the_shop();
    let scan = rows.aws().dynamodb().scan().table_name(shop.output("/tables/provider")).into_paginator();
    let items = wait_for(scan.items().send().collect::<Result<Vec<_>, _>>()).unwrap();
    let rows: Vec<Value> = serde_dynamo::from_items(items).unwrap();
    let own = rows.iter().filter(|row| row["asked"]["reference"] == receipt["orderId"]);
    own.map(|row| row["status"].as_str().unwrap().to_owned()).collect()
}

/// The status of an order's workflow execution, and the number of executed states: each is billed.
fn execution(shop: &Shop, receipt: &Value) -> (String, usize) {
    let executions = shop.output("/fulfilmentWorkflowArn").replace(":stateMachine:", ":execution:");
    let arn = format!("{executions}:{}", receipt["orderId"].as_str().unwrap());
    let status = eventually("the end of the execution", || {
        let described = testkit::Account::of_the_shop().aws().workflows().describe_execution();
        let described = wait_for(described.execution_arn(&arn).send()).unwrap();
        (described.status.as_str() != "RUNNING").then(|| described.status.as_str().to_owned())
    });
    let history = testkit::Account::of_the_shop().aws().workflows().get_execution_history();
    let history = wait_for(history.execution_arn(&arn).max_results(1000).send()).unwrap();
    let entered = history.events().iter().filter(|event| event.r#type().as_str().ends_with("StateEntered"));
    (status, entered.count())
}

/// Runs `cargo xtask dlq` for failed workflows.
fn dlq(shop: &Shop, action: &[&str]) -> (bool, String) {
    let done = shop.xtask(&[&["dlq"], action, &["fulfilment-failures"]].concat());
    let said = [done.stdout, done.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (done.status.success(), said.concat())
}

/// Moves a reserved unit back to the units on hand, by mistake.
fn mistake_a_reserved_piece(shop: &Shop, product: &str) {
    let update = testkit::Account::of_the_shop().aws().dynamodb().update_item();
    let update = update
        .table_name(shop.output("/tables/stock"))
        .key("item", AttributeValue::S(format!("product#{product}")))
        .update_expression("SET reserved = reserved - :one, onHand = onHand + :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
    wait_for(update.send()).unwrap();
}

#[test]
fn a_compensation_that_fails_waits_for_an_operator() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 1));
    let receipt = customer.buy(&product, 1, &json!({ "paymentToken": "tok_delayed" }));
    customer.order_that_is("STOCK_RESERVED", &receipt);
    mistake_a_reserved_piece(&staff, &product);
    cancel(&customer, &receipt).expect(202);
    let order = receipt["orderId"].as_str().unwrap();
    let reported = format!("the workflow of order {order} could not do ReleaseStock: Broken");
    eventually("a message for a person", || {
        dlq(&staff, &["show", "--all"]).1.contains(&reported).then_some(())
    });
    // All possible compensation is done, and no state is reported that does not hold.
    assert!(charges(&receipt).iter().all(|charge| charge == "refunded"), "{:?}", charges(&receipt));
    assert!(!statuses(&customer.order(&receipt).body).contains(&"CANCELLED"));
    let (gone_back, said) = dlq(&staff, &["redrive"]);
    assert!(!gone_back && said.contains("docs/stuck-orders.md"), "{said}");
}

#[test]
fn an_invoice_is_not_charged_before_the_parcel_is_there() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 1));
    let receipt = customer.buy(&product, 1, &json!({ "paymentMethod": "INVOICE", "paymentToken": null }));
    customer.order_that_is("DELIVERED", &receipt);
    assert_eq!(payment(&staff, &receipt)["method"], "INVOICE");
    assert_eq!(charges(&receipt), [""; 0]);
}

#[test]
fn products_without_stock_cannot_be_sold() {
    let staff = Shop::new();
    let (customer, scarce, plenty) = (staff.customer(), lamp(&staff, 1), lamp(&staff, 9));
    customer.add(&plenty, 1);
    let order = customer.order_that_ended(&customer.buy(&scarce, 2, &json!({})));
    assert_eq!(statuses(&order.body), ["PENDING", "REJECTED"]);
    assert_undone(&staff, &order, ["REJECTED", "OUT_OF_STOCK"], &scarce, 1);
    assert_eq!(staff.stock(&plenty), [9, 0, 0]);
    // A product that was never received is out of stock, too.
    let none = staff.product("Rumour", "1.00");
    let order = customer.order_that_ended(&customer.buy(&none, 1, &json!({})));
    assert_eq!(order.body["history"][1]["reason"], "OUT_OF_STOCK");
}

#[test]
fn rejected_orders_succeed_as_executions_and_delivered_ones_take_five_states() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 1));
    let delivered = customer.buy(&product, 1, &json!({}));
    customer.order_that_is("DELIVERED", &delivered);
    assert_eq!(execution(&staff, &delivered), ("SUCCEEDED".to_owned(), 5));
    let rejected = customer.buy(&product, 1, &json!({}));
    customer.order_that_is("REJECTED", &rejected);
    assert_eq!(execution(&staff, &rejected), ("SUCCEEDED".to_owned(), 3));
}

#[test]
fn out_of_stock_is_a_result_of_the_function_and_no_error() {
    let staff = Shop::new();
    let (product, order) = (staff.product("Rumour", "1.00"), uuid::Uuid::now_v7());
    let call = json!({
        "step": "reserve", "orderId": order, "correlationId": "c-1", "units": [{ "productId": product, "quantity": 1 }],
    });
    let function = &staff.all("/functions")["inventory-steps"];
    let url = format!("{}/2015-03-31/functions/{function}/invocations", staff.output("/endpoint"));
    let request = ureq::post(&url).header("authorization", owner("lambda"));
    let mut answer = request.send(call.to_string()).unwrap();
    // Lambda's metric `Errors` counts responses with this header.
    assert_eq!(answer.headers().get("x-amz-function-error"), None);
    let reported: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(reported, json!({ "orderId": order, "stock": "OUT_OF_STOCK" }));
}

#[test]
fn the_last_unit_is_sold_to_one_of_two_customers() {
    let staff = Shop::new();
    let product = lamp(&staff, 1);
    let customers = [staff.customer(), staff.customer()];
    let ends = thread::scope(|scope| {
        let buy = |customer: &Shop| customer.order_that_ended(&customer.buy(&product, 1, &json!({}))).body;
        let threads = customers.each_ref().map(|customer| scope.spawn(move || buy(customer)));
        threads.map(|thread| thread.join().unwrap())
    });
    let mut found = ends.each_ref().map(|order| order["status"].as_str().unwrap());
    found.sort_unstable();
    assert_eq!(found, ["DELIVERED", "REJECTED"], "{ends:?}");
    let rejected = ends.iter().find(|order| order["status"] == "REJECTED").unwrap();
    assert_eq!(rejected["history"][1]["reason"], "OUT_OF_STOCK");
    staff.stock_becomes(&product, [0, 0, 1]);
}

#[test]
fn an_order_to_where_no_carrier_goes_is_refunded_and_cancelled() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 3));
    let receipt = customer.buy(&product, 1, &json!({ "address": "7 Nowhere Lane" }));
    let order = customer.order_that_ended(&receipt);
    assert_eq!(statuses(&order.body), ["PENDING", "STOCK_RESERVED", "PAID", "CANCELLED"]);
    assert_undone(&staff, &order, ["CANCELLED", "SHIPPING_IMPOSSIBLE"], &product, 3);
    let payment = payment(&staff, &receipt);
    assert_eq!(states(&payment).last(), Some(&"REFUNDED"));
    assert_eq!(payment["refunded"], payment["amount"]);
    assert_eq!(charges(&receipt), ["refunded"]);
}

#[test]
fn a_customer_calls_an_order_off_before_it_is_paid() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 3));
    // The delayed charge leaves time for a cancellation.
    let receipt = customer.buy(&product, 1, &json!({ "paymentToken": "tok_delayed" }));
    customer.order_that_is("STOCK_RESERVED", &receipt);
    assert_eq!(
        staff.customer().send("POST", &path(&customer, &receipt), &[], "").expect(404).problem(),
        "not-found"
    );
    let asked = cancel(&customer, &receipt).expect(202);
    assert!(asked.body["cancelRequestedAt"].is_string(), "{}", asked.text);
    let again = cancel(&customer, &receipt).expect(409).problem().to_owned();
    assert!(["cancellation-under-way", "order-not-cancellable"].contains(&&*again), "{again}");
    let order = customer.order_that_ended(&receipt);
    assert_undone(&staff, &order, ["CANCELLED", "CUSTOMER_REQUEST"], &product, 3);
    assert_eq!(cancel(&customer, &receipt).expect(409).problem(), "order-not-cancellable");
}

fn path(customer: &Shop, receipt: &Value) -> String {
    format!("/order/{}/{}/cancel", customer.user(), receipt["orderId"].as_str().unwrap())
}

#[test]
fn a_customer_calls_a_paid_order_off_before_its_parcel_leaves() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 50));
    // The carrier takes two seconds here. On a busy machine that can be too short, but not
    // repeatedly.
    let (receipt, before) = eventually("a change of mind in time", || {
        let before = staff.stock(&product);
        let receipt = customer.buy(&product, 1, &json!({}));
        customer.order_that_is("PAID", &receipt);
        let answer = cancel(&customer, &receipt);
        if answer.status == 202 && customer.order_that_ended(&receipt).body["status"] == "CANCELLED" {
            return Some((receipt, before));
        }
        customer.order_that_is("DELIVERED", &receipt);
        staff.stock_becomes(&product, [before[0] - 1, 0, before[2] + 1]);
        None
    });
    let order = customer.order(&receipt);
    assert_eq!(statuses(&order.body), ["PENDING", "STOCK_RESERVED", "PAID", "CANCELLED"]);
    assert_eq!(order.body["history"][3]["reason"], "CUSTOMER_REQUEST");
    assert_eq!(staff.stock(&product), before);
    assert_eq!(charges(&receipt), ["refunded"]);
    assert_eq!(states(&of_order(&staff, "shipment", &receipt).expect(200).body).last(), Some(&"CANCELLED"));
}

#[test]
fn a_parcel_that_has_left_cannot_be_cancelled() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 3));
    let receipt = customer.buy(&product, 1, &json!({}));
    customer.order_that_is("SHIPPED", &receipt);
    assert_eq!(cancel(&customer, &receipt).expect(409).problem(), "order-not-cancellable");
    customer.order_that_is("DELIVERED", &receipt);
    staff.stock_becomes(&product, [2, 0, 1]);
    assert_eq!(charges(&receipt), ["settled"]);
}

#[test]
fn stock_receipts_and_stock_are_for_staff() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), lamp(&staff, 3));
    let receipt = customer.buy(&product, 1, &json!({}));
    customer.order_that_is("DELIVERED", &receipt);
    let (receipts, key) = (format!("/stock/{product}/receipts"), [("idempotency-key", "delivery-1")]);
    let units = json!({ "quantity": 4 });
    assert_eq!(customer.send("POST", &receipts, &key, &units).expect(403).problem(), "forbidden");
    assert_eq!(customer.nobody().send("POST", &receipts, &key, &units).expect(401).problem(), "unauthorized");
    for path in ["payment", "shipment"] {
        assert_eq!(of_order(&customer, path, &receipt).expect(403).problem(), "forbidden", "{path}");
        assert_eq!(of_order(&customer.nobody(), path, &receipt).expect(401).problem(), "unauthorized");
        assert_eq!(of_order(&staff, path, &receipt).expect(200).body["orderId"], receipt["orderId"]);
    }
    customer.get(&format!("/stock/{product}")).expect(403);
    // A delivery that is reported twice is counted once.
    let counted = staff.send("POST", &receipts, &key, &units).expect(201).body;
    assert_eq!(staff.send("POST", &receipts, &key, &units).expect(201).body, counted);
    staff.stock_becomes(&product, [6, 0, 1]);
}
