//! Cases of order fulfilment: the workflow's steps, their commands, and the consumers of order
//! events.

use anyhow::Result;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::Case;
use crate::answer::Expected;
use crate::event::{first_record, of_records};
use crate::items;
use crate::stand_in::Answers;

const EVENTS: &str = include_str!("../../../../services/ordering/events/ordering-on-event.json");
const RESERVE: &str = include_str!("../../../../services/inventory/events/inventory-steps.json");
const STEP: &str = include_str!("../../../../services/ordering/events/ordering-steps.json");
const CHARGE: &str = include_str!("../../../../services/payment/events/payment-on-command.json");
const SHIP: &str = include_str!("../../../../services/shipping/events/shipping-on-command.json");
const MAIL: &str = include_str!("../../../../services/notification/events/notification-on-order.json");
const AUDIT: &str = include_str!("../../../../services/audit/events/audit-on-order.json");
const UPDATE: &str = include_str!("../../../../services/realtime/events/realtime-on-order.json");

const USER: &str = "swn";

pub fn all() -> Result<Vec<Case>> {
    let placed =
        json!({ "executionArn": "arn:aws:states:us-east-1:123456789012:execution:bench:1", "startDate": 1 });
    let owner = json!({ "Item": { "owner": { "S": items::customer_id(USER) } } });
    let order = items::order(USER, 1);
    let charge = json!({
        "id": "ch_1", "amount": 1990, "currency": "USD", "reference": items::order_id(1), "status": "settled",
    });
    let peer = json!({
        "item": { "S": format!("customer#{}", items::customer_id(USER)) }, "connection": { "S": "c-1" }, "since": { "N": "1" },
        "expiresAt": { "N": "4102444800" },
    });
    let schedule = json!({ "ScheduleArn": "arn:aws:scheduler:us-east-1:123456789012:schedule/bench/1" });
    let step = |sample: &'static str| Bytes::from_static(sample.as_bytes());
    let message = |sample| Ok::<_, anyhow::Error>(of_records([first_record(sample)?]));
    Ok(vec![
        case(
            "order placed: the workflow starts",
            "ordering-on-event",
            message(EVENTS)?,
            [
                ("UpdateItem ORDER_TABLE", json!({ "Attributes": order })),
                ("PutItem FULFILMENT_TABLE", json!({})),
                ("StartExecution", placed),
            ],
        ),
        case(
            "step: reserve 2 products",
            "inventory-steps",
            step(RESERVE),
            [("TransactWriteItems", json!({}))],
        ),
        case(
            "step: mark an order and command its charge",
            "ordering-steps",
            step(STEP),
            [
                ("GetItem ORDER_TABLE", json!([owner, { "Item": order }])),
                ("UpdateItem ORDER_TABLE", json!({ "Attributes": order })),
                ("UpdateItem FULFILMENT_TABLE", json!({})),
                ("SendMessage", json!({ "MessageId": items::order_id(1) })),
            ],
        ),
        case(
            "command: charge",
            "payment-on-command",
            message(CHARGE)?,
            [
                ("GetParameter", json!({ "Parameter": { "Value": "bench" } })),
                ("PutItem PAYMENT_TABLE", json!({})),
                ("POST /v1/charges", charge),
            ],
        ),
        case(
            "command: ship",
            "shipping-on-command",
            message(SHIP)?,
            [("PutItem SHIPMENT_TABLE", json!({})), ("POST /schedules", schedule)],
        ),
        case(
            "order paid: a mail is kept",
            "notification-on-order",
            message(MAIL)?,
            [
                ("GetItem MAIL_TABLE", json!({ "Item": items::contact(USER, 1) })),
                ("PutItem MAIL_TABLE", json!({})),
            ],
        ),
        case(
            "order placed: the audit notes it",
            "audit-on-order",
            message(AUDIT)?,
            [("PutItem AUDIT_TABLE", json!({}))],
        ),
        case(
            "order paid: one connection gets a frame",
            "realtime-on-order",
            message(UPDATE)?,
            [
                ("TransactWriteItems", json!({})),
                ("Query CONNECTION_TABLE", json!({ "Items": [peer] })),
                ("POST /@connections", json!({})),
            ],
        ),
    ])
}

fn case<const N: usize>(
    name: &str,
    function: &'static str,
    event: Bytes,
    answers: [(&str, Value); N],
) -> Case {
    let answers = answers.into_iter().map(|(call, answer)| (call.to_owned(), answer));
    // A failed step fails its invocation; failed messages are in the response.
    let expected = if function.ends_with("-steps") { Expected::Anything } else { Expected::NoFailures };
    Case {
        name: name.to_owned(),
        function,
        floor: None,
        event,
        answers: answers.collect::<Answers>(),
        expected,
    }
}
