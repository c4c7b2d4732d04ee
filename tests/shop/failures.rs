//! Failure queues, and `cargo xtask dlq` and `republish` for what is in them or was never published.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shop_tests::{Shop, eventually, statuses};
use testkit::Account;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs a command of `cargo xtask`; returns whether it succeeded, and its output.
fn xtask(shop: &Shop, arguments: &[&str]) -> (bool, String) {
    let done = shop.xtask(arguments);
    let said = [done.stdout, done.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (done.status.success(), said.concat())
}

fn succeeds(shop: &Shop, arguments: &[&str]) -> String {
    let (is_done, said) = xtask(shop, arguments);
    assert!(is_done, "{arguments:?}: {said}");
    said
}

#[test]
fn an_unreadable_row_is_quarantined_and_later_rows_are_published() {
    const QUEUE: &str = "basket-failures";
    let (staff, dynamodb) = (Shop::new(), Account::of_the_shop().aws().dynamodb());
    // Other records may be in the queue, too.
    let name = Uuid::now_v7().to_string();
    let id = AttributeValue::S(name.clone());
    let table = staff.output("/tables/checkout");
    let put = dynamodb.put_item().table_name(table).item("orderId", id.clone());
    runtime().block_on(put.send()).unwrap();

    let product = staff.product("Lamp", "19.90");
    let customer = staff.customer();
    customer.order(&customer.buy(&product, 1, &json!({})));
    let shown = || succeeds(&staff, &["dlq", "show", QUEUE, "--all", "--body"]);
    let described = "event        INSERT\nreason       missing field `detail`\nbody";
    let is_quarantined = || {
        let shown = shown();
        (shown.contains(&name) && shown.contains(described)).then_some(())
    };
    eventually("a quarantined record", is_quarantined);

    // It still cannot be translated, so the publisher quarantines it again.
    let said = succeeds(&staff, &["dlq", "redrive", QUEUE]);
    assert!(said.contains("of basket-failures retried"), "{said}");
    eventually("the record again", is_quarantined);
    let said = succeeds(&staff, &["dlq", "drop", QUEUE, "--yes"]);
    assert!(said.contains("deleted"), "{said}");
    assert!(!shown().contains(&name));
    let delete = dynamodb.delete_item().table_name(table).key("orderId", id);
    runtime().block_on(delete.send()).unwrap();
}

/// The event of a product that the catalogue does not have.
fn product_created(id: &str) -> Value {
    let metadata = json!({
        "eventId": Uuid::now_v7(), "version": 1, "correlationId": "c-1", "occurredAt": "2026-01-31T12:00:00.000Z",
    });
    let product = json!({ "id": id, "name": "Lamp", "category": "Tests", "price": 19.9, "currency": "USD", "version": 1 });
    json!({
        "version": "0", "id": Uuid::now_v7(), "detail-type": "ProductCreated", "source": "shop.product",
        "account": "000000000000", "time": "2026-01-31T12:00:00Z", "region": "us-east-1", "resources": [],
        "detail": { "metadata": metadata, "data": { "product": product } },
    })
}

#[test]
fn events_that_were_not_handled_or_delivered_are_redriven_to_their_function() {
    const QUEUE: &str = "product-failures";
    let staff = Shop::new();
    let function = format!(
        "arn:aws:lambda:us-east-1:000000000000:function:{}",
        staff.output("/functions/basket-on-product")
    );
    let [given_up, undelivered] = [(); 2].map(|()| Uuid::now_v7().to_string());
    let record = json!({
        "version": "1.0",
        "timestamp": "2026-01-31T12:03:00.000Z",
        "requestContext": {
            "requestId": Uuid::now_v7(), "functionArn": format!("{function}:$LATEST"),
            "condition": "RetriesExhausted", "approximateInvokeCount": 3,
        },
        "requestPayload": product_created(&given_up),
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "responsePayload": { "errorType": "Failed", "errorMessage": "no table" },
    });
    let sqs = Account::of_the_shop().aws().sqs();
    let send = || sqs.send_message().queue_url(staff.output(&format!("/queues/{QUEUE}")));
    let text = |text: &str| {
        let attribute = aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String");
        attribute.string_value(text).build().unwrap()
    };
    let undelivered_event = send()
        .message_body(product_created(&undelivered).to_string())
        .message_attributes("TARGET_ARN", text(&function))
        .message_attributes("ERROR_CODE", text("NO_PERMISSIONS"));
    let runtime = runtime();
    runtime.block_on(send().message_body(record.to_string()).send()).unwrap();
    runtime.block_on(undelivered_event.send()).unwrap();
    runtime.block_on(send().message_body(r#"{"unknown": true}"#).send()).unwrap();

    let shown = succeeds(&staff, &["dlq", "show", QUEUE, "--all"]);
    for reason in ["given up by Lambda: RetriesExhausted: Failed: no table", "NO_PERMISSIONS"] {
        assert!(shown.contains(reason), "{shown}");
    }
    let (is_done, said) = xtask(&staff, &["redrive", QUEUE]);
    assert!(!is_done && said.contains("messages of product-failures retried"), "{said}");
    assert!(said.contains("does not name the function that failed"), "{said}");
    for product in [given_up, undelivered] {
        eventually("the price of the redriven event", || staff.basket_price(&product));
    }
    succeeds(&staff, &["dlq", "drop", QUEUE, "--yes"]);
}

#[test]
fn checkouts_are_republished_once() {
    let staff = Shop::new();
    let (customer, product) = (staff.customer(), staff.product_in_stock("Lamp", "19.90", 5));
    let receipt = customer.buy(&product, 1, &json!({}));
    customer.order_that_is("DELIVERED", &receipt);

    // As if its event had been lost.
    let delete =
        Account::of_the_shop().aws().dynamodb().delete_item().table_name(staff.output("/tables/order"));
    let delete = delete
        .key("customerId", AttributeValue::S(customer.id()))
        .key("orderId", AttributeValue::S(receipt["orderId"].as_str().unwrap().to_owned()));
    runtime().block_on(delete.send()).unwrap();
    let said = succeeds(&staff, &["republish", "basket-publisher"]);
    assert!(said.contains("Done: ") && said.contains(" rows."), "{said}");
    let order = customer.order(&receipt);
    assert_eq!(statuses(&order.body)[0], "PENDING");

    succeeds(&staff, &["republish", "basket-publisher"]);
    // Its event is handled after those that were published again.
    let second = customer.buy(&product, 1, &json!({}));
    customer.order_that_is("DELIVERED", &second);
    let orders = customer.get(&format!("/order/{}", customer.user())).expect(200).body;
    assert_eq!(orders["items"].as_array().unwrap().len(), 2);
    assert_eq!(staff.stock(&product), [3, 0, 2]);
}

#[test]
fn only_publishers_republish() {
    let (is_done, said) = xtask(&Shop::new(), &["republish", "basket-api"]);
    assert!(!is_done && said.contains("basket-publisher, "), "{said}");
}
