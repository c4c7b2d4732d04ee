//! `GET /basket/{userName}`: the basket, and the prices of its products.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use floor::{caller, client, text};
use lambda_http::{Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = client().await;
    run(service_fn(async |request: Request| {
        let key = text(caller(&request));
        let get = client.get_item().table_name("BASKET_TABLE").key("customerId", key).consistent_read(true);
        let basket = get.send().await?.item.unwrap_or_default();
        let lines = basket.get("lines").and_then(|lines| lines.as_l().ok()).cloned().unwrap_or_default();
        let products = lines.iter().filter_map(|line| line.as_m().ok()?.get("productId").cloned());
        let keys = products.map(|id| HashMap::from([("productId".to_owned(), id)])).collect();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build()?;
        let prices = client.batch_get_item().request_items("PRICE_TABLE", keys).send().await?;
        let found = prices.responses.unwrap_or_default().values().map(Vec::len).sum::<usize>();
        Ok::<_, Error>(Response::builder().status(200).body(found.to_string())?)
    }))
    .await
}
