//! EventBridge: archives of a template are created, and replayed to the chosen rules.

use serde_json::{Value, json};

use crate::local_aws::{LocalAws, eventually};

fn rule(queue: &str) -> Value {
    json!({ "Type": "AWS::Events::Rule", "Properties": {
        "EventBusName": { "Ref": "Bus" }, "EventPattern": { "source": ["shop.test"] },
        "Targets": [{ "Id": "queue", "Arn": { "Fn::GetAtt": [queue, "Arn"] } }],
    } })
}

#[test]
fn replays_reach_the_chosen_rules_only_and_are_marked() {
    let aws = LocalAws::start("archive");
    aws.ready();
    let resources = json!({
        "Bus": { "Type": "AWS::Events::EventBus", "Properties": { "Name": "bus" } },
        "Archive": { "Type": "AWS::Events::Archive", "Properties": {
            "SourceArn": { "Fn::GetAtt": ["Bus", "Arn"] }, "RetentionDays": 14,
            "EventPattern": { "source": [{ "prefix": "shop." }] },
        } },
        "Heard": { "Type": "AWS::SQS::Queue" }, "Again": rule("Heard"),
        "Unheard": { "Type": "AWS::SQS::Queue" }, "Once": rule("Unheard"),
    });
    let outputs = json!({
        "Bus": { "Fn::GetAtt": ["Bus", "Arn"] }, "Archive": { "Fn::GetAtt": ["Archive", "Arn"] },
        "Rule": { "Fn::GetAtt": ["Again", "Arn"] }, "Heard": { "Ref": "Heard" }, "Unheard": { "Ref": "Unheard" },
    });
    let outputs = aws.deploy(&resources, &outputs);
    let event = json!({ "Source": "shop.test", "DetailType": "Told", "Detail": "{}", "EventBusName": "bus" });
    aws.call("events", "AWSEvents.PutEvents", &json!({ "Entries": [event] })).unwrap();
    let names = |queue: &str| -> Vec<Value> {
        let bodies = aws.messages(&outputs[queue]);
        bodies
            .iter()
            .map(|body| serde_json::from_str::<Value>(body).unwrap()["replay-name"].clone())
            .collect()
    };
    assert_eq!(names("Heard"), [Value::Null]);
    assert_eq!(names("Unheard"), [Value::Null]);

    let replay = json!({
        "ReplayName": "again", "EventSourceArn": outputs["Archive"], "EventStartTime": 0, "EventEndTime": 4_102_444_800_u32,
        "Destination": { "Arn": outputs["Bus"], "FilterArns": [outputs["Rule"]] },
    });
    aws.call("events", "AWSEvents.StartReplay", &replay).unwrap();
    eventually("the end of the replay", || {
        let described =
            aws.call("events", "AWSEvents.DescribeReplay", &json!({ "ReplayName": "again" })).unwrap();
        (described["State"] == "COMPLETED" && !described["EventLastReplayedTime"].is_null()).then_some(())
    });
    assert_eq!(names("Heard"), [json!("again")]);
    assert!(names("Unheard").is_empty());
}
