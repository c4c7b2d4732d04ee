//! DynamoDB streams: a failed record and all behind it are retried, but none before it; a record that fails for ever is sent to
//! the failure destination.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::local_aws::{LocalAws, eventually, function};

fn table() -> Value {
    json!({ "Type": "AWS::DynamoDB::Table", "Properties": {
        "AttributeDefinitions": [{ "AttributeName": "name", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "name", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": { "StreamViewType": "NEW_IMAGE" },
    } })
}

fn mapping(function: &str, table: &str, settings: &Value) -> Value {
    let mut properties = json!({
        "FunctionName": { "Ref": function }, "EventSourceArn": { "Fn::GetAtt": [table, "StreamArn"] },
        "StartingPosition": "TRIM_HORIZON", "BatchSize": 10,
    });
    properties.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    json!({ "Type": "AWS::Lambda::EventSourceMapping", "Properties": properties })
}

/// Writes items at once, in the order of their names.
fn put(aws: &LocalAws, table: &str, names: &[&str]) {
    let put = |name: &&str| json!({ "PutRequest": { "Item": { "name": { "S": name } } } });
    let items = json!({ "RequestItems": { table: names.iter().map(put).collect::<Value>() } });
    aws.call("dynamodb", "DynamoDB_20120810.BatchWriteItem", &items).unwrap();
}

#[test]
fn reported_stream_records_come_again_and_finished_ones_do_not() {
    let aws = LocalAws::start("stream-failures");
    aws.ready();
    let resources = json!({
        // Messages are read and not deleted.
        "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "VisibilityTimeout": 3600 } },
        "Table": table(),
        "Relay": function("relay", &json!({ "Ref": "Queue" })),
        "Mapping": mapping("Relay", "Table", &json!({ "FunctionResponseTypes": ["ReportBatchItemFailures"] })),
    });
    let outputs =
        aws.deploy(&resources, &json!({ "Queue": { "Ref": "Queue" }, "Table": { "Ref": "Table" } }));
    put(&aws, &outputs["Table"], &["first", "again", "last"]);
    let mut counts = BTreeMap::new();
    eventually("the record that was reported", || {
        for name in aws.messages(&outputs["Queue"]) {
            *counts.entry(name).or_insert(0) += 1;
        }
        (counts.get("again") == Some(&2) && counts.contains_key("last")).then_some(())
    });
    assert_eq!(counts["first"], 1, "{counts:?}");
    assert!(counts["last"] <= 2, "{counts:?}");
}

#[test]
fn records_that_fail_for_ever_are_sent_to_the_failure_destination() {
    let mut aws = LocalAws::start("stream-destination");
    aws.ready();
    let queue = || json!({ "Type": "AWS::SQS::Queue" });
    let destination = |name: &str| json!({ "OnFailure": { "Destination": { "Fn::GetAtt": [name, "Arn"] } } });
    let split = json!({
        "BisectBatchOnFunctionError": true, "MaximumRetryAttempts": 0, "DestinationConfig": destination("SplitRecords"),
    });
    let whole = json!({ "MaximumRetryAttempts": 1, "DestinationConfig": destination("WholeRecords") });
    let aged = json!({ "MaximumRecordAgeInSeconds": 1, "DestinationConfig": destination("AgedRecords") });
    let resources = json!({
        "SplitTable": table(), "SplitLog": queue(), "SplitRecords": queue(),
        "Split": function("reject_poison", &json!({ "Ref": "SplitLog" })),
        "SplitMapping": mapping("Split", "SplitTable", &split),
        "WholeTable": table(), "WholeLog": queue(), "WholeRecords": queue(),
        "Whole": function("reject_poison", &json!({ "Ref": "WholeLog" })),
        "WholeMapping": mapping("Whole", "WholeTable", &whole),
        "AgedTable": table(), "AgedRecords": queue(), "Aged": function("fail", &json!("")),
        "AgedMapping": mapping("Aged", "AgedTable", &aged),
    });
    let names = [
        "SplitTable",
        "SplitLog",
        "SplitRecords",
        "WholeTable",
        "WholeLog",
        "WholeRecords",
        "AgedTable",
        "AgedRecords",
    ];
    let outputs: Value = names.iter().map(|name| ((*name).to_owned(), json!({ "Ref": name }))).collect();
    let outputs = aws.deploy(&resources, &outputs);
    put(&aws, &outputs["SplitTable"], &["1", "2", "3", "poison", "5", "6", "7", "8"]);
    put(&aws, &outputs["WholeTable"], &["1", "poison", "3"]);
    put(&aws, &outputs["AgedTable"], &["1"]);

    let batch = |queue: &str| {
        let record = aws.receive(&outputs[queue], 1).swap_remove(0).body;
        let info = &record["DDBStreamBatchInfo"];
        assert!(info["streamArn"].as_str().unwrap().contains("/stream/"), "{info}");
        assert!(info["startSequenceNumber"].as_str() <= info["endSequenceNumber"].as_str(), "{info}");
        assert!(info["approximateArrivalOfFirstRecord"].is_string() && info["shardId"].is_string(), "{info}");
        let context = &record["requestContext"];
        (context["condition"].clone(), context["approximateInvokeCount"].clone(), info["batchSize"].clone())
    };
    assert_eq!(batch("SplitRecords"), (json!("RetryAttemptsExhausted"), json!(1), json!(1)));
    // The mapping may look between two rows: the poison can be the first or the last of its batch.
    let (condition, attempts, size) = batch("WholeRecords");
    assert_eq!((condition, attempts), (json!("RetryAttemptsExhausted"), json!(2)));
    assert!((1..=3).contains(&size.as_u64().unwrap()), "{size}");
    let (condition, _, size) = batch("AgedRecords");
    assert_eq!((condition, size), (json!("RecordAgeExceeded"), json!(1)));

    // All others are handled once, in their order.
    let mut batches: Vec<Vec<String>> = Vec::new();
    eventually("the records behind", || {
        let received = aws.receive(&outputs["SplitLog"], 1);
        batches.extend(received.into_iter().map(|message| serde_json::from_value(message.body).unwrap()));
        batches
            .iter()
            .any(|names| names.contains(&"8".to_owned()) && !names.contains(&"poison".to_owned()))
            .then_some(())
    });
    batches.retain(|names| !names.contains(&"poison".to_owned()));
    batches.sort();
    assert_eq!(batches.concat(), ["1", "2", "3", "5", "6", "7", "8"]);

    // Positions survive a restart.
    let is_poison = |names: &&Value| names.to_string().contains("poison");
    let mut tried: Vec<Value> = Vec::new();
    eventually("both attempts", || {
        tried.extend(aws.receive(&outputs["WholeLog"], 1).into_iter().map(|message| message.body));
        (tried.iter().filter(is_poison).count() == 2).then_some(())
    });
    aws.stop();
    aws.start_again();
    aws.ready();
    put(&aws, &outputs["WholeTable"], &["4"]);
    let mut after: Vec<Value> = Vec::new();
    eventually("the record behind", || {
        after.extend(aws.receive(&outputs["WholeLog"], 1).into_iter().map(|message| message.body));
        after.contains(&json!(["4"])).then_some(())
    });
    assert_eq!(after.iter().find(is_poison), None);
}
