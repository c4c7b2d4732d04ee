//! The local AWS keeps its data over a stop and over a kill.

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::dynamodb::table::Table;
use testkit::{Account, eventually};

use crate::local_aws::{LocalAws, holds};

async fn put(table: &Table, id: &str) {
    let put = table.client().put_item().table_name(table.name());
    put.item("id", AttributeValue::S(id.to_owned())).send().await.unwrap();
}

async fn ids(table: &Table) -> Vec<String> {
    let rows = eventually("an answer of the local AWS", async || {
        table.client().scan().table_name(table.name()).send().await.ok()
    })
    .await;
    let mut ids: Vec<_> = rows.items().iter().map(|row| row["id"].as_s().unwrap().clone()).collect();
    ids.sort();
    ids
}

async fn ready(account: &Account) {
    eventually("the local AWS", async || account.aws().dynamodb().list_tables().send().await.ok()).await;
}

#[tokio::test]
async fn data_survives_a_stop() {
    let mut aws = LocalAws::start("stop");
    let account = aws.account();
    ready(&account).await;
    let table = account.table("PRODUCT_TABLE").await;
    put(&table, "a").await;
    aws.stop();
    aws.start_again();
    assert_eq!(ids(&table).await, ["a"]);
    put(&table, "b").await;
    aws.stop();
    aws.start_again();
    assert_eq!(ids(&table).await, ["a", "b"]);
}

#[tokio::test]
async fn data_written_seconds_ago_survives_a_kill() {
    let mut aws = LocalAws::start("kill");
    let account = aws.account();
    ready(&account).await;
    let table = account.table("PRODUCT_TABLE").await;
    put(&table, "a").await;
    let snapshots = aws.state.join("snapshots/current");
    eventually("a snapshot with the product", async || holds(&snapshots, "PRODUCT_TABLE").then_some(()))
        .await;
    aws.kill();
    aws.start_again();
    assert_eq!(ids(&table).await, ["a"]);
}
