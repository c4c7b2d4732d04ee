//! The order consumer: one `PutItem`.

use aws_lambda_events::sqs::SqsEvent;
use floor::{client, text};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = client().await;
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        for record in event.payload.records {
            let put = client.put_item().table_name("ORDER_TABLE").item("customerId", text("swn"));
            let put = put.item("orderId", text("1")).item("detail", text(record.body.unwrap_or_default()));
            put.send().await?;
        }
        Ok::<_, Error>(json!({ "batchItemFailures": [] }))
    }))
    .await
}
