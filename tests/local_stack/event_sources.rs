//! EventBridge, Scheduler, SNS and S3 invoke functions asynchronously, if policies allow it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::local_aws::{LocalAws, function};

fn queue() -> Value {
    json!({ "Type": "AWS::SQS::Queue" })
}

fn arn(resource: &str) -> Value {
    json!({ "Fn::GetAtt": [resource, "Arn"] })
}

/// A schedule that is due at once.
fn schedule(function: &str, role: &str) -> Value {
    json!({ "Type": "AWS::Scheduler::Schedule", "Properties": {
        "ScheduleExpression": "at(2020-01-01T00:00:00)", "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": {
            "Arn": arn(function), "RoleArn": arn(role), "Input": "{\"from\":\"schedule\"}",
            "DeadLetterConfig": { "Arn": arn("Letters") },
        },
    } })
}

fn rule(source: &str, targets: &Value) -> Value {
    json!({ "Type": "AWS::Events::Rule", "Properties": {
        "EventPattern": { "source": [source] }, "Targets": targets,
    } })
}

fn subscription(topic: &str, function: &str) -> Value {
    json!({ "Type": "AWS::SNS::Subscription", "Properties": {
        "TopicArn": { "Ref": topic }, "Protocol": "lambda", "Endpoint": arn(function),
        "RedrivePolicy": { "deadLetterTargetArn": arn("Letters") },
    } })
}

fn permission(service: &str, source: &Value) -> Value {
    json!({ "Type": "AWS::Lambda::Permission", "Properties": {
        "FunctionName": { "Ref": "Function" }, "Action": "lambda:InvokeFunction",
        "Principal": service, "SourceArn": source,
    } })
}

fn role(action: &str) -> Value {
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    json!({ "Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": { "Statement": [] },
        "Policies": [{ "PolicyName": "only", "PolicyDocument": { "Statement": [statement] } }],
    } })
}

fn put_event(aws: &LocalAws, source: &str) {
    let entry = json!({ "Source": source, "DetailType": "Tested", "Detail": "{\"from\":\"rule\"}" });
    aws.call("events", "AWSEvents.PutEvents", &json!({ "Entries": [entry] })).unwrap();
}

/// What sent an event, by its shape.
fn source(event: &Value) -> String {
    let record = &event["Records"][0];
    let places = [&event["from"], &record["Sns"]["Message"], &record["s3"]["object"]["key"]];
    places.into_iter().find_map(Value::as_str).unwrap().to_owned()
}

fn outputs(names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), json!({ "Ref": name }))).collect()
}

#[test]
fn events_of_each_source_are_retried_and_then_kept() {
    let aws = LocalAws::start_with("event-sources", &["--async-retry-seconds=0.2"]);
    aws.ready();
    let mut failing = function("send_and_fail", &json!({ "Ref": "Log" }));
    failing["Properties"]["DeadLetterConfig"] = json!({ "TargetArn": arn("Letters") });
    let transformer =
        json!({ "InputPathsMap": { "source": "$.source" }, "InputTemplate": "{\"from\":<source>}" });
    let targets = json!([
        { "Id": "path", "Arn": arn("Function"), "InputPath": "$.detail" },
        { "Id": "transformer", "Arn": arn("Function"), "InputTransformer": transformer },
    ]);
    let resources = json!({
        "Log": queue(), "Records": queue(), "Letters": queue(), "Function": failing,
        "Settings": { "Type": "AWS::Lambda::EventInvokeConfig", "Properties": {
            "FunctionName": { "Ref": "Function" }, "Qualifier": "$LATEST",
            "DestinationConfig": { "OnFailure": { "Destination": arn("Records") } },
        } },
        "Rule": rule("transformer", &targets),
        "Topic": { "Type": "AWS::SNS::Topic" }, "Subscription": subscription("Topic", "Function"),
        "Schedule": schedule("Function", "Role"),
        "Bucket": { "Type": "AWS::S3::Bucket", "Properties": {
            "BucketName": "bucket",
            "NotificationConfiguration": { "LambdaConfigurations": [
                { "Event": "s3:ObjectCreated:*", "Function": arn("Function") },
            ] },
        } },
    });
    let outputs = aws.deploy(&resources, &outputs(&["Log", "Records", "Letters", "Function", "Topic"]));
    aws.invoke_asynchronously(&outputs["Function"], &json!({ "from": "invoke" }));
    put_event(&aws, "transformer");
    aws.form("sns", "Publish", &[("TopicArn", &outputs["Topic"]), ("Message", "topic")]);
    aws.put_object("bucket/object", b"content");

    let sources = ["invoke", "object", "rule", "schedule", "topic", "transformer"];
    let mut records = aws.receive(&outputs["Records"], sources.len());
    records.sort_by_key(|record| source(&record.body["requestPayload"]));
    assert_eq!(
        records.iter().map(|record| source(&record.body["requestPayload"])).collect::<Vec<_>>(),
        sources
    );
    let function = format!("arn:aws:lambda:us-east-1:000000000000:function:{}:$LATEST", outputs["Function"]);
    for record in &records {
        let context = &record.body["requestContext"];
        assert_eq!(context["condition"], "RetriesExhausted");
        assert_eq!(context["approximateInvokeCount"], 3);
        assert_eq!(context["functionArn"], function.as_str());
        let response =
            json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
        assert_eq!(record.body["responseContext"], response);
        assert_eq!(record.body["responsePayload"]["errorMessage"], "nothing left");
        assert_eq!(record.body["version"], "1.0");
    }
    let request_id = |source_name: &str| {
        let record = records.iter().find(|record| source(&record.body["requestPayload"]) == source_name);
        record.unwrap().body["requestContext"]["requestId"].clone()
    };
    let letters = aws.receive(&outputs["Letters"], sources.len());
    assert_eq!(letters.len(), sources.len());
    for letter in &letters {
        assert_eq!(letter.attribute("RequestID"), request_id(&source(&letter.body)));
        assert_eq!(letter.attribute("ErrorMessage"), "nothing left");
    }
    let mut attempts = BTreeMap::new();
    for message in aws.receive(&outputs["Log"], 3 * sources.len()) {
        *attempts.entry(source(&message.body)).or_insert(0) += 1;
    }
    assert_eq!(attempts, sources.iter().map(|name| ((*name).to_owned(), 3)).collect());
    assert_eq!(aws.events(), json!({}));
}

#[test]
fn functions_receive_only_what_policies_allow() {
    let aws = LocalAws::start_with("event-policies", &["--auth"]);
    aws.ready();
    let target =
        json!([{ "Id": "function", "Arn": arn("Function"), "DeadLetterConfig": { "Arn": arn("Letters") } }]);
    let mut records = function("answer", &json!(""));
    records["Properties"]["Role"] = arn("Sender");
    let senders = json!(["events.amazonaws.com", "sns.amazonaws.com"]);
    let resources = json!({
        "Records": queue(), "Letters": queue(), "Function": records,
        "Sender": role("sqs:SendMessage"), "Invoker": role("lambda:InvokeFunction"),
        "Settings": { "Type": "AWS::Lambda::EventInvokeConfig", "Properties": {
            "FunctionName": { "Ref": "Function" }, "Qualifier": "$LATEST",
            "DestinationConfig": { "OnSuccess": { "Destination": arn("Records") } },
        } },
        "LettersPolicy": { "Type": "AWS::SQS::QueuePolicy", "Properties": {
            "Queues": [{ "Ref": "Letters" }],
            "PolicyDocument": { "Statement": [{
                "Effect": "Allow", "Principal": { "Service": senders }, "Action": "sqs:SendMessage",
                "Resource": arn("Letters"),
            }] },
        } },
        "OpenRule": rule("open", &target), "ClosedRule": rule("closed", &target),
        "OpenTopic": { "Type": "AWS::SNS::Topic" }, "OpenSubscription": subscription("OpenTopic", "Function"),
        "ClosedTopic": { "Type": "AWS::SNS::Topic" },
        "ClosedSubscription": subscription("ClosedTopic", "Function"),
        "RulePermission": permission("events.amazonaws.com", &arn("OpenRule")),
        "TopicPermission": permission("sns.amazonaws.com", &json!({ "Ref": "OpenTopic" })),
        "OpenSchedule": schedule("Function", "Invoker"), "ClosedSchedule": schedule("Function", "Sender"),
    });
    let outputs = aws.deploy(&resources, &outputs(&["Records", "Letters", "OpenTopic", "ClosedTopic"]));
    put_event(&aws, "open");
    put_event(&aws, "closed");
    for topic in ["OpenTopic", "ClosedTopic"] {
        aws.form("sns", "Publish", &[("TopicArn", &outputs[topic]), ("Message", topic)]);
    }

    let name = |event: &Value| match event {
        event if event["source"].is_string() => event["source"].clone(),
        event if event["Message"].is_string() => event["Message"].clone(),
        event => json!(source(event)),
    };
    let mut handled: Vec<_> = aws
        .receive(&outputs["Records"], 3)
        .iter()
        .map(|record| name(&record.body["requestPayload"]))
        .collect();
    handled.sort_by_key(Value::to_string);
    assert_eq!(handled, ["OpenTopic", "open", "schedule"]);
    let mut letters = aws.receive(&outputs["Letters"], 3);
    letters.sort_by_key(|letter| name(&letter.body).to_string());
    assert_eq!(
        letters.iter().map(|letter| name(&letter.body)).collect::<Vec<_>>(),
        ["ClosedTopic", "closed", "schedule"]
    );
    assert_eq!(letters[1].attribute("ERROR_CODE"), "NO_PERMISSIONS");
    assert_eq!(letters[2].attribute("ERROR_CODE"), "AccessDeniedException");
}
