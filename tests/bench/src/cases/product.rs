//! Cases of the catalogue.

use anyhow::Result;
use serde_json::{Value, json};

use super::Case;
use crate::answer::Expected;
use crate::event::{ApiRequest, first_record, of_records};
use crate::items;
use crate::stand_in::Answers;

pub const API_EVENT: &str = include_str!("../../../../services/product/events/product-api.json");
const STREAM_EVENT: &str = include_str!("../../../../services/product/events/product-publisher.json");

pub fn read() -> Result<Case> {
    let id = items::product_id(1);
    Ok(Case {
        name: "GET /product/{id}".to_owned(),
        function: "product-api",
        floor: Some("floor-product"),
        event: ApiRequest::new(API_EVENT, "GET", "/product/{id}", &[("id", &id)])?.event(),
        answers: Answers::from([("GetItem PRODUCT_TABLE".to_owned(), json!({ "Item": items::product(1) }))]),
        expected: Expected::Status(200),
    })
}

/// A page of twenty products, with another page after it.
pub fn list() -> Result<Case> {
    let page: Vec<Value> = (1..=20).map(items::product).collect();
    let answer = json!({
        "Items": page, "Count": 20, "ScannedCount": 20,
        "LastEvaluatedKey": { "id": { "S": items::product_id(20) } },
    });
    Ok(Case {
        name: "GET /product".to_owned(),
        function: "product-api",
        floor: None,
        event: ApiRequest::new(API_EVENT, "GET", "/product", &[])?.event(),
        answers: Answers::from([("Scan PRODUCT_TABLE".to_owned(), answer)]),
        expected: Expected::Status(200),
    })
}

/// A new product's stream record, published to the bus.
pub fn events() -> Result<Case> {
    Ok(Case {
        name: "product-publisher, 1 change".to_owned(),
        function: "product-publisher",
        floor: None,
        event: of_records([first_record(STREAM_EVENT)?]),
        answers: super::published(),
        expected: Expected::NoFailures,
    })
}
