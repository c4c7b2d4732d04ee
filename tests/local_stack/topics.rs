//! SNS: messages that a subscription cannot deliver are kept.

use serde_json::{Value, json};

use crate::local_aws::LocalAws;

fn queue() -> Value {
    json!({ "Type": "AWS::SQS::Queue" })
}

#[test]
fn undeliverable_messages_wait_in_the_subscriptions_dead_letter_queue() {
    let aws = LocalAws::start("topic");
    aws.ready();
    let subscription = |to: &str| {
        json!({ "Type": "AWS::SNS::Subscription", "Properties": {
            "TopicArn": { "Ref": "Topic" }, "Protocol": "sqs", "RawMessageDelivery": true,
            "Endpoint": { "Fn::GetAtt": [to, "Arn"] },
            "RedrivePolicy": { "deadLetterTargetArn": { "Fn::GetAtt": ["Letters", "Arn"] } },
        } })
    };
    let resources = json!({
        "Topic": { "Type": "AWS::SNS::Topic" }, "Open": queue(), "Gone": queue(), "Letters": queue(),
        "ToOpen": subscription("Open"), "ToGone": subscription("Gone"),
    });
    let outputs = json!({
        "Topic": { "Ref": "Topic" }, "Open": { "Ref": "Open" }, "Gone": { "Ref": "Gone" }, "Letters": { "Ref": "Letters" },
    });
    let outputs = aws.deploy(&resources, &outputs);
    aws.call("sqs", "AmazonSQS.DeleteQueue", &json!({ "QueueUrl": outputs["Gone"] })).unwrap();
    aws.form("sns", "Publish", &[("TopicArn", &outputs["Topic"]), ("Message", "hello")]);
    assert_eq!(aws.messages(&outputs["Letters"]), ["hello"]);
    assert_eq!(aws.messages(&outputs["Open"]), ["hello"]);
}
