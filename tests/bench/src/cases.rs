//! What is measured: a function, what it is asked, what AWS answers it, and the floor below it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use hyper::body::Bytes;
use serde_json::{Value, json};

const PRODUCT_EVENT: &str = include_str!("../../../services/product/events/product-api.json");
const BASKET_EVENT: &str = include_str!("../../../services/basket/events/basket-api.json");
const ORDER_EVENT: &str = include_str!("../../../services/ordering/events/ordering-consumer.json");

const PRODUCT: &str = "019c1430-4400-7000-8000-000000000001";

/// What the function's answer has to look like.
#[derive(Clone, Copy)]
enum Expected {
    /// A response of this status.
    Status(u64),
    /// No record that is to come again.
    NoFailures,
}

/// One path through one function.
#[derive(Clone)]
pub struct Case {
    /// What it is called in the report.
    pub name: String,
    /// The function's executable; none where there is a floor alone.
    pub function: Option<&'static str>,
    /// The bare SDK calls of this path.
    pub floor: &'static str,
    /// What it is invoked with.
    pub event: Bytes,
    /// What AWS answers, by `Operation TABLE`.
    pub answers: BTreeMap<String, Value>,
    expected: Expected,
}

impl Case {
    /// The paths that budgets are set for.
    pub fn all() -> Result<Vec<Self>> {
        Ok(vec![product()?, basket(2)?, checkout(2)?, order()?])
    }

    /// The runtime alone.
    pub fn hello() -> Self {
        Self {
            name: "hello".to_owned(),
            function: None,
            floor: "floor-hello",
            event: Bytes::from_static(b"{}"),
            answers: BTreeMap::new(),
            expected: Expected::Status(200),
        }
    }

    /// The same paths with so many lines in the basket.
    pub fn of_lines(lines: usize) -> Result<Vec<Self>> {
        Ok(vec![basket(lines)?, checkout(lines)?])
    }

    /// Measured numbers of a function that failed would be worth nothing.
    pub fn check(&self, answer: &[u8]) -> Result<()> {
        let answer: Value = serde_json::from_slice(answer).context("the answer is not JSON")?;
        let right = match self.expected {
            Expected::Status(status) => answer["statusCode"] == status,
            Expected::NoFailures => answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty),
        };
        ensure!(right, "{}: the function answered {answer}", self.name);
        Ok(())
    }
}

fn product() -> Result<Case> {
    let mut event: Value = serde_json::from_str(PRODUCT_EVENT)?;
    route(&mut event, "GET", "/product/{id}", &format!("/product/{PRODUCT}"));
    event["pathParameters"] = json!({ "id": PRODUCT });
    let item = json!({
        "id": { "S": PRODUCT }, "name": { "S": "IPhone X" }, "category": { "S": "Phone" },
        "description": { "S": "A phone with a notch." }, "imageFile": { "S": "product-1.png" },
        "price": { "M": { "minor": { "N": "95040" }, "currency": { "S": "USD" } } }, "version": { "N": "1" },
        "createdAt": { "S": "2026-01-31T12:00:00.000Z" }, "updatedAt": { "S": "2026-01-31T12:00:00.000Z" },
        "changeId": { "S": PRODUCT }, "correlationId": { "S": "sample" },
    });
    Ok(Case {
        name: "GET /product/{id}".to_owned(),
        function: Some("product-api"),
        floor: "floor-product",
        event: event.to_string().into(),
        answers: BTreeMap::from([("GetItem PRODUCT_TABLE".to_owned(), json!({ "Item": item }))]),
        expected: Expected::Status(200),
    })
}

fn basket(lines: usize) -> Result<Case> {
    let event: Value = serde_json::from_str(BASKET_EVENT)?;
    Ok(Case {
        name: format!("GET /basket/{{userName}}, {lines} lines"),
        function: Some("basket-api"),
        floor: "floor-basket",
        event: event.to_string().into(),
        answers: basket_tables(lines),
        expected: Expected::Status(200),
    })
}

fn checkout(lines: usize) -> Result<Case> {
    let mut event: Value = serde_json::from_str(BASKET_EVENT)?;
    route(&mut event, "POST", "/basket/checkout", "/basket/checkout");
    event["pathParameters"] = Value::Null;
    event["headers"]["Idempotency-Key"] = json!("bench");
    event["multiValueHeaders"]["Idempotency-Key"] = json!(["bench"]);
    let body = json!({
        "userName": "swn", "firstName": "Grace", "lastName": "Hopper", "email": "name@example.com",
        "address": "1 Harbour Street", "paymentMethod": "CARD", "paymentToken": "tok_visa",
    });
    event["body"] = json!(body.to_string());
    let mut answers = basket_tables(lines);
    answers.insert("TransactWriteItems".to_owned(), json!({}));
    Ok(Case {
        name: format!("POST /basket/checkout, {lines} lines"),
        function: Some("basket-api"),
        floor: "floor-checkout",
        event: event.to_string().into(),
        answers,
        expected: Expected::Status(202),
    })
}

fn order() -> Result<Case> {
    let mut event: Value = serde_json::from_str(ORDER_EVENT)?;
    if let Some(records) = event["Records"].as_array_mut() {
        records.truncate(1);
    }
    Ok(Case {
        name: "order consumer, 1 message".to_owned(),
        function: Some("ordering-consumer"),
        floor: "floor-order",
        event: event.to_string().into(),
        answers: BTreeMap::from([("PutItem ORDER_TABLE".to_owned(), json!({}))]),
        expected: Expected::NoFailures,
    })
}

fn route(event: &mut Value, method: &str, resource: &str, path: &str) {
    event["httpMethod"] = json!(method);
    event["resource"] = json!(resource);
    event["path"] = json!(path);
    event["requestContext"]["httpMethod"] = json!(method);
    event["requestContext"]["resourcePath"] = json!(resource);
    event["requestContext"]["path"] = json!(format!("/dev{path}"));
    event["body"] = Value::Null;
}

/// A basket with so many lines, and what each of its products costs.
fn basket_tables(lines: usize) -> BTreeMap<String, Value> {
    let id = |number: usize| format!("019c1430-4400-7000-8000-{number:012}");
    let price = json!({ "M": { "minor": { "N": "95040" }, "currency": { "S": "USD" } } });
    let line = |number| {
        json!({ "M": {
            "itemId": { "S": id(number) }, "productId": { "S": id(number) },
            "quantity": { "N": "2" }, "priceWhenAdded": price, "color": { "S": "Red" },
        } })
    };
    let offer = |number| {
        json!({
            "productId": { "S": id(number) }, "version": { "N": "1" },
            "onSale": { "M": { "name": { "S": "IPhone X" }, "price": price } },
        })
    };
    let basket = json!({
        "userName": { "S": "swn" }, "lines": { "L": (1..=lines).map(line).collect::<Vec<_>>() },
        "version": { "S": id(1) }, "before": { "L": [] }, "updatedAt": { "S": "2026-01-31T12:00:00.000Z" },
        "expiresAt": { "N": "4102444800" },
    });
    let offers: Vec<_> = (1..=lines).map(offer).collect();
    BTreeMap::from([
        ("GetItem BASKET_TABLE".to_owned(), json!({ "Item": basket })),
        (
            "BatchGetItem PRICE_TABLE".to_owned(),
            json!({ "Responses": { "PRICE_TABLE": offers }, "UnprocessedKeys": {} }),
        ),
    ])
}
