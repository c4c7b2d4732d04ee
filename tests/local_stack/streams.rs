//! DynamoDB streams: a failed record and all behind it are retried, but none before it.

use std::collections::BTreeMap;

use serde_json::json;

use crate::local_aws::{LocalAws, eventually, function};

#[test]
fn reported_stream_records_come_again_and_finished_ones_do_not() {
    let aws = LocalAws::start("stream-failures");
    aws.ready();
    let resources = json!({
        // Messages are read and not deleted.
        "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "VisibilityTimeout": 3600 } },
        "Table": { "Type": "AWS::DynamoDB::Table", "Properties": {
            "AttributeDefinitions": [{ "AttributeName": "name", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "name", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": { "StreamViewType": "NEW_IMAGE" },
        } },
        "Relay": function("relay", &json!({ "Ref": "Queue" })),
        "Mapping": { "Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": { "Ref": "Relay" }, "EventSourceArn": { "Fn::GetAtt": ["Table", "StreamArn"] },
            "StartingPosition": "TRIM_HORIZON", "BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        } },
    });
    let outputs =
        aws.deploy(&resources, &json!({ "Queue": { "Ref": "Queue" }, "Table": { "Ref": "Table" } }));
    let put = |name: &str| json!({ "PutRequest": { "Item": { "name": { "S": name } } } });
    let puts = ["first", "again", "last"].map(put);
    let items = json!({ "RequestItems": { &outputs["Table"]: puts } });
    aws.call("dynamodb", "DynamoDB_20120810.BatchWriteItem", &items).unwrap();
    let mut told = BTreeMap::new();
    eventually("the record that was reported", || {
        for name in aws.messages(&outputs["Queue"]) {
            *told.entry(name).or_insert(0) += 1;
        }
        (told.get("again") == Some(&2) && told.contains_key("last")).then_some(())
    });
    assert_eq!(told["first"], 1, "{told:?}");
    assert!(told["last"] <= 2, "{told:?}");
}
