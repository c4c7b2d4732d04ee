//! Authorization behind the gateway: everyone reads, staff write.

use serde_json::{Value, json};
use testkit::Client;

use crate::{catalogue, create, path, phone};

/// Calls every operation of the catalogue and returns the statuses.
async fn statuses(client: &Client, product: &str) -> Vec<u16> {
    let requests = [
        ("GET", "/product", Value::Null),
        ("GET", product, Value::Null),
        ("POST", "/product", phone()),
        ("PUT", product, phone()),
        ("PATCH", product, json!({ "price": 1 })),
        ("DELETE", product, Value::Null),
    ];
    let mut statuses = Vec::new();
    for (method, path, body) in requests {
        statuses.push(client.send(method, path, &[], body).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn products_are_public_and_changes_are_for_staff() {
    let catalogue = catalogue().await;
    let product = path(&create(&catalogue, phone()).await);
    assert_eq!(statuses(&catalogue.nobody(), &product).await, [200, 200, 401, 401, 401, 401]);
    assert_eq!(statuses(&catalogue.customer("swn"), &product).await, [200, 200, 403, 403, 403, 403]);
    assert_eq!(catalogue.get(&product).await.expect(200).body["version"], 1);
    assert_eq!(statuses(&catalogue, &product).await, [200, 200, 201, 200, 200, 204]);
}
