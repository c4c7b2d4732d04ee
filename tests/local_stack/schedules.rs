//! EventBridge Scheduler: a schedule publishes the event of its target to a bus.

use domain::Timestamp;
use serde_json::{Value, json};

use crate::local_aws::{LocalAws, eventually};

#[test]
fn schedules_publish_events_to_a_bus() {
    let aws = LocalAws::start("schedule");
    aws.ready();
    let now = Timestamp::now().to_string();
    let (second, _) = now.split_once('.').unwrap();
    let resources = json!({
        "Bus": { "Type": "AWS::Events::EventBus", "Properties": { "Name": "bus" } },
        "Queue": { "Type": "AWS::SQS::Queue" },
        "Rule": { "Type": "AWS::Events::Rule", "Properties": {
            "EventBusName": { "Ref": "Bus" },
            "EventPattern": { "source": ["shop.test"], "detail-type": ["StepDue"] },
            "Targets": [{ "Id": "queue", "Arn": { "Fn::GetAtt": ["Queue", "Arn"] } }],
        } },
        "Schedule": { "Type": "AWS::Scheduler::Schedule", "DependsOn": "Rule", "Properties": {
            "ScheduleExpression": format!("at({second})"), "FlexibleTimeWindow": { "Mode": "OFF" },
            "Target": {
                "Arn": { "Fn::GetAtt": ["Bus", "Arn"] }, "RoleArn": { "Fn::GetAtt": ["Role", "Arn"] },
                "EventBridgeParameters": { "Source": "shop.test", "DetailType": "StepDue" },
                "Input": r#"{"step": 1}"#,
            },
        } },
    });
    let outputs = aws.deploy(&resources, &json!({ "Queue": { "Ref": "Queue" } }));
    let events = eventually("an event", || {
        let events = aws.messages(&outputs["Queue"]);
        (!events.is_empty()).then_some(events)
    });
    let [event] = &events[..] else { panic!("{events:?}") };
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("shop.test"), &json!("StepDue")));
    assert_eq!(event["detail"], json!({ "step": 1 }));
}
