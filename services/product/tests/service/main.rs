//! Catalogue tests against its real table, on the local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod access;
mod events;
mod faults;
mod growth;
mod input;
mod routes;
mod stock;

use axum::http::StatusCode;
use product::api::router;
use product::store::ProductStore;
use serde_json::{Value, json};
use testkit::{Account, Client};

/// A catalogue with an empty table.
async fn catalogue() -> Client {
    let account = Account::new();
    let table = account.table("PRODUCT_TABLE").await;
    Client::new(router(ProductStore::new(table), "USD".parse().unwrap()))
}

fn phone() -> Value {
    json!({
        "name": "IPhone X",
        "description": "A phone with a notch.",
        "imageFile": "product-1.png",
        "category": "Phone",
        "price": 950.40,
    })
}

/// Creates a product and returns it as the response has it.
async fn create(catalogue: &Client, product: Value) -> Value {
    let answer = catalogue.post("/product", product).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.body
}

fn path(product: &Value) -> String {
    format!("/product/{}", product["id"].as_str().unwrap())
}
