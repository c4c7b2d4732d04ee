//! What a customer and staff do and see, as far as the deployed services go.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shop_tests::{Shop, Socket, eventually, statuses};

use crate::services::Services;
use crate::stage::{self, Stage};

/// Units received of a product.
const UNITS: u32 = 5;

pub(crate) fn check(stage: &Stage) {
    let (staff, services) = (stage.staff(), stage.services());
    routes_are_those_of(&services, &staff);
    let (customer, product) = (staff.customer(), staff.product("Lamp", "19.90"));
    if services.has("inventory") {
        staff.take_in(&product, UNITS);
        eventually("the units in the catalogue", || {
            (staff.get(&format!("/product/{product}")).body["available"] == UNITS).then_some(())
        });
    }
    customer.add(&product, 2);
    assert!(customer.basket().text.contains(r#""subtotal":39.80"#), "{}", customer.basket().text);
    let mut socket = services.has("realtime").then(|| Socket::of(&customer));
    let receipt = customer.check_out(&[("idempotency-key", "story")]).expect(202).body;
    let again = customer.check_out(&[("idempotency-key", "story")]).expect(202).body;
    assert_eq!(again, receipt);
    let id = receipt["orderId"].as_str().unwrap();
    if let Some(socket) = &mut socket {
        progress_is_pushed(socket, id);
    }

    let events: &[&str] = if services.has("fulfilment") {
        let order = customer.order_that_is("DELIVERED", &receipt).body;
        let expected = ["PENDING", "STOCK_RESERVED", "PAID", "SHIPPED", "DELIVERED"];
        assert_eq!(statuses(&order), expected);
        staff.stock_becomes(&product, [u64::from(UNITS) - 2, 0, 2]);
        assert_eq!(staff.get(&format!("/payment/{id}")).expect(200).body["state"], "SETTLED");
        assert_eq!(staff.get(&format!("/shipment/{id}")).expect(200).body["state"], "DELIVERED");
        &["OrderPlaced", "OrderStockReserved", "OrderPaid", "OrderShipped", "OrderDelivered"]
    } else {
        assert_eq!(statuses(&customer.order(&receipt).body), ["PENDING"]);
        let path = format!("/order/{}/{id}/cancel", customer.user());
        let cancelled = customer.send("POST", &path, &[], "").expect(202).body;
        assert_eq!(statuses(&cancelled), ["PENDING", "CANCELLED"]);
        assert_eq!(cancelled["history"][1]["reason"], "CUSTOMER_REQUEST");
        &["OrderPlaced", "OrderCancelled"]
    };
    if services.has("audit") {
        eventually(&format!("an audit of {events:?}"), || {
            let audit = staff.get(&format!("/audit/{id}")).expect(200).body;
            (types(&audit) == events).then_some(())
        });
    }
    if services.has("notification") {
        let last = events[events.len() - 1].replace("Order", "").to_uppercase();
        eventually(&format!("the mails PLACED and {last}"), || {
            let mails = mails(stage, &customer);
            ["PLACED", &last].iter().all(|mail| mails.iter().any(|other| other == mail)).then_some(())
        });
    }
    if services.has("privacy") {
        data_is_exported(&services, &customer, id);
    }
}

/// The gateway and `GET /openapi.json` have the routes of these services, and no others.
fn routes_are_those_of(services: &Services, staff: &Shop) {
    let all: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
    let (present, absent): (BTreeSet<_>, BTreeSet<_>) =
        operations(&all).into_iter().partition(|(_, _, tag)| tag == "gateway" || services.has(tag));
    // A new deployment of the gateway may take effect late.
    eventually("the description of the deployed routes", || {
        (operations(&staff.get("/openapi.json").expect(200).body) == present).then_some(())
    });
    for (method, path, tag) in &absent {
        let path = path.replace(['{', '}'], "");
        for caller in [staff, &staff.nobody()] {
            let answer = caller.send(method, &path, &[], if method == "POST" { "{}" } else { "" });
            assert_eq!((answer.status, answer.problem()), (404, "not-found"), "{method} {path} of {tag}");
        }
    }
}

/// Method, path and service of each operation.
fn operations(document: &Value) -> BTreeSet<(String, String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, operations): (&String, &Value)| {
        let operation = |(method, operation): (&String, &Value)| {
            (method.to_uppercase(), path.clone(), operation["tags"][0].as_str().unwrap().to_owned())
        };
        operations.as_object().unwrap().iter().map(operation).collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

/// The order's first status arrives with the subscription or soon after.
fn progress_is_pushed(socket: &mut Socket, order: &str) {
    // A status may come before the answer, and others follow.
    let mut frames = vec![socket.ask(&json!({ "action": "subscribeOrder", "orderId": order }))];
    let has = |frames: &[Value], is: fn(&Value) -> bool| frames.iter().any(is);
    while !(has(&frames, |frame| frame["type"] == "subscribed")
        && has(&frames, |frame| !frame["status"].is_null()))
    {
        frames.push(socket.read());
    }
    assert!(frames.iter().all(|frame| frame["orderId"] == order), "{frames:?}");
    let mut sent = socket.ask(&json!({ "action": "sendMessage", "text": "hello" }));
    while sent["type"] == "orderStatus" {
        sent = socket.read();
    }
    assert_eq!(sent["type"], "messageSent", "{sent}");
}

/// The types of the events in a page of the audit.
fn types(audit: &Value) -> Vec<&str> {
    audit["items"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect()
}

/// The names of the mails to a customer.
fn mails(stage: &Stage, customer: &Shop) -> Vec<String> {
    let query = stage.account().aws().dynamodb().query().table_name(customer.output("/tables/mail"));
    let query = query
        .key_condition_expression("customerId = :customer AND begins_with(#item, :mail)")
        .expression_attribute_names("#item", "item")
        .expression_attribute_values(":customer", AttributeValue::S(customer.id()))
        .expression_attribute_values(":mail", AttributeValue::S("mail#".to_owned()));
    let rows = stage::run(query.send()).unwrap().items.unwrap_or_default();
    rows.iter().map(|row| row["occasion"].as_s().unwrap().clone()).collect()
}

/// Each deployed service with customer data answers an export.
fn data_is_exported(services: &Services, customer: &Shop, order: &str) {
    let export = eventually("an export", || {
        let export = customer.get("/me/export");
        (export.status != 202).then_some(export)
    });
    let export = export.expect(200).body;
    let holders: Vec<_> = export["data"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["basket", "notification", "ordering", "realtime"];
    assert_eq!(holders, expected.into_iter().filter(|holder| services.has(holder)).collect::<Vec<_>>());
    assert_eq!(export["data"]["ordering"][0]["orderId"], order);
}
