//! Cases of baskets and their events.

use anyhow::Result;
use serde_json::{Value, json};

use super::Case;
use crate::answer::Expected;
use crate::event::{ApiRequest, first_record, of_records};
use crate::items;
use crate::stand_in::Answers;

pub const API_EVENT: &str = include_str!("../../../../services/basket/events/basket-api.json");
const STREAM_EVENT: &str = include_str!("../../../../services/basket/events/basket-publisher.json");
const PRICE_EVENT: &str = include_str!("../../../../services/basket/events/basket-on-product.json");

const USER: &str = "swn";

pub fn read(lines: u64) -> Result<Case> {
    Ok(Case {
        name: format!("GET /basket/{{userName}}, {lines} lines"),
        function: "basket-api",
        floor: Some("floor-basket"),
        event: read_request(USER)?.event(),
        answers: Answers::from([got(lines), ("BatchGetItem PRICE_TABLE".to_owned(), offers(1..=lines))]),
        expected: Expected::Status(200),
    })
}

/// Adds one line to a basket with this many lines.
pub fn add_item(lines: u64) -> Result<Case> {
    let prices = json!([offers(lines + 1..=lines + 1), offers(1..=lines + 1)]);
    Ok(Case {
        name: format!("POST /basket/{{userName}}/items, {lines} lines"),
        function: "basket-api",
        floor: None,
        event: add_request(USER, lines + 1)?.event(),
        answers: Answers::from([
            got(lines),
            ("PutItem BASKET_TABLE".to_owned(), json!({})),
            ("BatchGetItem PRICE_TABLE".to_owned(), prices),
        ]),
        expected: Expected::Status(200),
    })
}

pub fn check_out(lines: u64) -> Result<Case> {
    Ok(Case {
        name: format!("POST /basket/checkout, {lines} lines"),
        function: "basket-api",
        floor: Some("floor-checkout"),
        event: checkout_request(USER)?.event(),
        answers: Answers::from([
            got(lines),
            ("BatchGetItem PRICE_TABLE".to_owned(), offers(1..=lines)),
            ("TransactWriteItems".to_owned(), json!({})),
        ]),
        expected: Expected::Status(202),
    })
}

/// A checkout's stream record, published to the bus.
pub fn checkouts() -> Result<Case> {
    Ok(Case {
        name: "basket-publisher, 1 checkout".to_owned(),
        function: "basket-publisher",
        floor: None,
        event: of_records([first_record(STREAM_EVENT)?]),
        answers: super::published(),
        expected: Expected::NoFailures,
    })
}

/// A new product's price.
pub fn prices() -> Result<Case> {
    Ok(Case {
        name: "basket-on-product, 1 message".to_owned(),
        function: "basket-on-product",
        floor: None,
        event: of_records([first_record(PRICE_EVENT)?]),
        answers: Answers::from([("PutItem PRICE_TABLE".to_owned(), json!({}))]),
        expected: Expected::NoFailures,
    })
}

pub fn read_request(user: &str) -> Result<ApiRequest> {
    Ok(ApiRequest::new(API_EVENT, "GET", "/basket/{userName}", &[("userName", user)])?.signed_in(user, ""))
}

pub fn add_request(user: &str, product: u64) -> Result<ApiRequest> {
    let body = json!({ "productId": items::product_id(product), "color": "Red", "quantity": 2 });
    let request = ApiRequest::new(API_EVENT, "POST", "/basket/{userName}/items", &[("userName", user)])?;
    Ok(request.signed_in(user, "").body(&body))
}

pub fn checkout_request(user: &str) -> Result<ApiRequest> {
    let body = json!({
        "userName": user, "firstName": "Grace", "lastName": "Hopper", "email": "name@example.com",
        "address": "1 Harbour Street", "paymentMethod": "CARD", "paymentToken": "tok_visa",
    });
    let request = ApiRequest::new(API_EVENT, "POST", "/basket/checkout", &[])?.signed_in(user, "");
    Ok(request.header("Idempotency-Key", "bench").body(&body))
}

fn got(lines: u64) -> (String, Value) {
    ("GetItem BASKET_TABLE".to_owned(), json!({ "Item": items::basket(USER, 1..=lines) }))
}

fn offers(products: impl Iterator<Item = u64>) -> Value {
    let offers: Vec<Value> = products.map(items::offer).collect();
    json!({ "Responses": { "PRICE_TABLE": offers }, "UnprocessedKeys": {} })
}
