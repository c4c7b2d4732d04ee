//! Cases of orders.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Case;
use crate::answer::Expected;
use crate::event::{ApiRequest, first_record, of_records};
use crate::items;
use crate::stand_in::Answers;

pub const API_EVENT: &str = include_str!("../../../../services/ordering/events/ordering-api.json");
const QUEUE_EVENT: &str = include_str!("../../../../services/ordering/events/ordering-on-checkout.json");

const USER: &str = "swn";

pub fn consumer() -> Result<Case> {
    Ok(Case {
        name: "order consumer, 1 message".to_owned(),
        function: "ordering-on-checkout",
        floor: Some("floor-order"),
        event: of_records([first_record(QUEUE_EVENT)?]),
        answers: Answers::from([("TransactWriteItems".to_owned(), json!({}))]),
        expected: Expected::NoFailures,
    })
}

pub fn read() -> Result<Case> {
    Ok(Case {
        name: "GET /order/{userName}/{orderId}".to_owned(),
        function: "ordering-api",
        floor: None,
        event: read_request(USER, 1)?.event(),
        answers: Answers::from([(
            "GetItem ORDER_TABLE".to_owned(),
            json!({ "Item": items::order(USER, 1) }),
        )]),
        expected: Expected::Status(200),
    })
}

pub fn read_request(user: &str, order: u64) -> Result<ApiRequest> {
    let parameters = [("userName", user), ("orderId", &*items::order_id(order))];
    let request = ApiRequest::new(API_EVENT, "GET", "/order/{userName}/{orderId}", &parameters)?;
    Ok(request.signed_in(user, ""))
}

/// The checkout event of this order, as EventBridge writes it to the queue.
pub fn checked_out(user: &str, order: u64) -> Result<String> {
    let record = first_record(QUEUE_EVENT)?;
    let body = record["body"].as_str().context("a sample message has no body")?;
    let mut envelope: Value = serde_json::from_str(body).context("a sample message is not JSON")?;
    envelope["detail"]["data"]["customerId"] = json!(items::customer_id(user));
    envelope["detail"]["data"]["userName"] = json!(user);
    envelope["detail"]["data"]["orderId"] = json!(items::order_id(order));
    Ok(envelope.to_string())
}

/// A queue record, as Lambda delivers it.
pub fn record(message_id: &str, body: &str) -> Result<Value> {
    let mut record = first_record(QUEUE_EVENT)?;
    record["messageId"] = json!(message_id);
    record["body"] = json!(body);
    Ok(record)
}
