//! `GET /product/{id}`: one `GetItem`.

use floor::{client, text};
use lambda_http::{Error, Request, RequestExt, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = client().await;
    run(service_fn(async |request: Request| {
        let parameters = request.path_parameters();
        let id = parameters.first("id").unwrap_or_default();
        let get = client.get_item().table_name("PRODUCT_TABLE").key("id", text(id)).consistent_read(true);
        let item = get.send().await?.item.unwrap_or_default();
        let name = item.get("name").and_then(|name| name.as_s().ok()).cloned().unwrap_or_default();
        Ok::<_, Error>(Response::builder().status(200).body(name)?)
    }))
    .await
}
