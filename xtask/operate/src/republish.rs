//! `cargo xtask republish`: passes the rows of a table to its publisher again, after an outage that
//! was longer than the table's stream keeps changes.
//!
//! The publisher gets each row as a record of the stream that inserts it, in batches. So it
//! publishes the current state of each row, with the event ids of the original changes where they
//! derive from the row. Consumers ignore what they know.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::{Value, json};
use xtask_common::interrupt;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Service;

use crate::target::{Shop, ShopArgs};

/// As many records as the stream passes to a publisher at once.
const BATCH_SIZE: usize = 100;
/// Attempts per batch: the bus may throttle the publisher.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Parser)]
pub struct Args {
    /// Name of the publisher, such as basket-publisher
    publisher: String,
    #[command(flatten)]
    shop: ShopArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let shop = Shop::find(paths, &args.shop)?;
    let function = physical_name(&shop, &args.publisher)?;
    let table = shop.aws.event_sources(function)?.iter().find_map(|arn| table_of(arn).map(str::to_owned));
    let table = table.with_context(|| format!("{} reads no table's stream", args.publisher))?;
    println!("{} publishes the rows of {table} again.", args.publisher);
    println!("Consumers ignore the events that they know (docs/dead-letters.md, Republish).");
    let mut count = 0;
    let mut page = json!({ "TableName": table });
    loop {
        let mut answer = shop.aws.call(Service::DynamoDb, "Scan", &page)?;
        let rows: Vec<Value> =
            serde_json::from_value(answer["Items"].take()).context("a page has no rows")?;
        for rows in rows.chunks(BATCH_SIZE) {
            publish(&shop, function, &records(rows, &shop.outputs.region)?)?;
            count += rows.len();
            println!("  {count} rows");
        }
        match answer["LastEvaluatedKey"].take() {
            Value::Null => break,
            key => page["ExclusiveStartKey"] = key,
        }
    }
    println!("Done: {count} rows.");
    Ok(())
}

fn physical_name<'a>(shop: &'a Shop, publisher: &str) -> Result<&'a str> {
    let functions = &shop.outputs.functions;
    let is_publisher = |name: &str| name.ends_with("-publisher");
    match functions.get(publisher).filter(|_| is_publisher(publisher)) {
        Some(function) => Ok(function),
        None => {
            let names = functions.keys().map(String::as_str);
            let known: Vec<&str> = names.filter(|name| is_publisher(name)).collect();
            bail!("there is no publisher {publisher}; there are: {}", known.join(", "))
        }
    }
}

/// The table of a stream.
fn table_of(stream_arn: &str) -> Option<&str> {
    let (_, resource) = stream_arn.split_once(":table/").filter(|_| stream_arn.contains(":dynamodb:"))?;
    resource.split('/').next()
}

/// Invokes the publisher, and again from the first record that it reports.
fn publish(shop: &Shop, function: &str, records: &[Value]) -> Result<()> {
    let mut rest = records;
    for attempt in 1..=ATTEMPTS {
        match shop.aws.invoke(function, &json!({ "Records": rest })) {
            Ok(answer) => match first_reported(&answer, rest) {
                None => return Ok(()),
                Some(first) => rest = &rest[first..],
            },
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => {}
        }
        interrupt::sleep(PAUSE)?;
    }
    bail!("{function} reports records again and again; `cargo xtask logs` shows why")
}

/// The place of the first record that the publisher did not publish.
fn first_reported(answer: &Value, records: &[Value]) -> Option<usize> {
    let failures = answer["batchItemFailures"].as_array()?;
    let is_reported = |record: &Value| {
        let number = &record["dynamodb"]["SequenceNumber"];
        failures.iter().any(|failure| failure["itemIdentifier"] == *number)
    };
    records.iter().position(is_reported)
}

fn records(rows: &[Value], region: &str) -> Result<Vec<Value>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    Ok(rows.iter().enumerate().map(|(index, row)| record(index, row, region, now)).collect())
}

/// The stream record of a row that was inserted.
fn record(index: usize, row: &Value, region: &str, now: u64) -> Value {
    let text = row.to_string();
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    json!({
        // The same for the same row.
        "eventID": format!("{:032x}", hasher.finish()),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": {
            "ApproximateCreationDateTime": now,
            "Keys": {},
            "NewImage": row,
            "SequenceNumber": index.to_string(),
            "SizeBytes": text.len(),
            "StreamViewType": "NEW_IMAGE",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_their_streams() {
        let stream =
            "arn:aws:dynamodb:eu-west-1:123456789012:table/Checkouts-1/stream/2026-01-31T12:00:00.000";
        assert_eq!(table_of(stream), Some("Checkouts-1"));
        assert_eq!(table_of("arn:aws:sqs:eu-west-1:123456789012:queue"), None);
    }

    #[test]
    fn rows_become_inserts_with_stable_ids() {
        let rows = [json!({ "orderId": { "S": "o-1" } }), json!({ "orderId": { "S": "o-2" } })];
        let records = records(&rows, "eu-west-1").unwrap();
        assert_eq!(records[0]["eventName"], "INSERT");
        assert_eq!(records[0]["dynamodb"]["NewImage"], rows[0]);
        assert_eq!(records[1]["dynamodb"]["SequenceNumber"], "1");
        assert_ne!(records[0]["eventID"], records[1]["eventID"]);
        assert_eq!(records[1]["eventID"], record(7, &rows[1], "eu-west-1", 1)["eventID"]);
    }

    #[test]
    fn publishing_goes_on_from_the_first_reported_record() {
        let rows = [json!({}), json!({}), json!({})];
        let records = records(&rows, "eu-west-1").unwrap();
        let reported = |numbers: &[&str]| {
            let failures: Vec<_> = numbers.iter().map(|number| json!({ "itemIdentifier": number })).collect();
            first_reported(&json!({ "batchItemFailures": failures }), &records)
        };
        assert_eq!(reported(&[]), None);
        assert_eq!(reported(&["2", "1"]), Some(1));
        assert_eq!(first_reported(&Value::Null, &records), None);
    }
}
