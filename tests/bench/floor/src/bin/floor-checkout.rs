//! A checkout: the basket, the prices, and one transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{KeysAndAttributes, Put, TransactWriteItem};
use floor::{caller, client, text};
use lambda_http::{Body, Error, Request, Response, run, service_fn};

fn put(table: &str, key: &str, value: &str, body: &str) -> Result<TransactWriteItem, Error> {
    let put = Put::builder().table_name(table).item(key, text(value)).item("detail", text(body)).build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = client().await;
    run(service_fn(async |request: Request| {
        let body = match request.body() {
            Body::Text(body) => body.as_str(),
            _ => "",
        };
        // The function parses the body, too, before it uses it.
        serde_json::from_str::<serde_json::Value>(body)?;
        let customer = caller(&request);
        let key = text(&customer);
        let get = client.get_item().table_name("BASKET_TABLE").key("customerId", key).consistent_read(true);
        let basket = get.send().await?.item.unwrap_or_default();
        let lines = basket.get("lines").and_then(|lines| lines.as_l().ok()).cloned().unwrap_or_default();
        let products = lines.iter().filter_map(|line| line.as_m().ok()?.get("productId").cloned());
        let keys = products.map(|id| HashMap::from([("productId".to_owned(), id)])).collect();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build()?;
        client.batch_get_item().request_items("PRICE_TABLE", keys).send().await?;
        client
            .transact_write_items()
            .transact_items(put("BASKET_TABLE", "customerId", &customer, "")?)
            .transact_items(put("CHECKOUT_TABLE", "orderId", "1", body)?)
            .transact_items(put("IDEMPOTENCY_TABLE", "key", "1", body)?)
            .send()
            .await?;
        Ok::<_, Error>(Response::builder().status(202).body(String::new())?)
    }))
    .await
}
