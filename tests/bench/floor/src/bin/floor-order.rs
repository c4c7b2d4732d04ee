//! The order consumer: one `TransactWriteItems` with a check and an item.

use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use floor::{client, text};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = client().await;
    run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        for record in event.payload.records {
            let check = ConditionCheck::builder()
                .table_name("ORDER_TABLE")
                .key("customerId", text("swn"))
                .key("orderId", text("erased"))
                .condition_expression("attribute_not_exists(orderId)")
                .build()?;
            let put = Put::builder()
                .table_name("ORDER_TABLE")
                .item("customerId", text("swn"))
                .item("orderId", text("1"))
                .item("detail", text(record.body.unwrap_or_default()))
                .build()?;
            let write = client.transact_write_items();
            let write = write.transact_items(TransactWriteItem::builder().condition_check(check).build());
            write.transact_items(TransactWriteItem::builder().put(put).build()).send().await?;
        }
        Ok::<_, Error>(json!({ "batchItemFailures": [] }))
    }))
    .await
}
