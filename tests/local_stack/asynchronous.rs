//! Lambda: asynchronous events are retried, throttled and kept, and end at the function's destinations.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::local_aws::{LocalAws, eventually, function, holds};

fn queue() -> Value {
    json!({ "Type": "AWS::SQS::Queue" })
}

/// The settings for the asynchronous events of a function of the same template.
fn event_invoke_config(function: &str, settings: &Value) -> Value {
    let mut properties = json!({ "FunctionName": { "Ref": function }, "Qualifier": "$LATEST" });
    properties.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    json!({ "Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties })
}

fn destination(outcome: &str, queue: &str) -> Value {
    json!({ "DestinationConfig": { outcome: { "Destination": { "Fn::GetAtt": [queue, "Arn"] } } } })
}

#[test]
fn the_settings_of_a_function_decide_how_its_events_end() {
    // The first retry would come after the maximum age of a minute.
    let aws = LocalAws::start_with("event-ends", &["--async-retry-seconds=100"]);
    aws.ready();
    let mut old = destination("OnFailure", "Records");
    old["MaximumEventAgeInSeconds"] = json!(60);
    let mut once = destination("OnFailure", "Records");
    once["MaximumRetryAttempts"] = json!(0);
    let mut disabled = function("answer", &json!(""));
    disabled["Properties"]["ReservedConcurrentExecutions"] = json!(0);
    disabled["Properties"]["DeadLetterConfig"] = json!({ "TargetArn": { "Fn::GetAtt": ["Letters", "Arn"] } });
    let resources = json!({
        "Records": queue(), "Letters": queue(), "Log": queue(),
        "Old": function("fail", &json!("")), "OldSettings": event_invoke_config("Old", &old),
        "Once": function("fail", &json!("")), "OnceSettings": event_invoke_config("Once", &once),
        "Done": function("answer", &json!("")),
        "DoneSettings": event_invoke_config("Done", &destination("OnSuccess", "Records")),
        "Disabled": disabled,
        "DisabledSettings": event_invoke_config("Disabled", &destination("OnFailure", "Records")),
        "Deleted": function("send_and_fail", &json!({ "Ref": "Log" })),
    });
    let names = ["Records", "Letters", "Log", "Old", "Once", "Done", "Disabled", "Deleted"];
    let outputs: Value = names.iter().map(|name| ((*name).to_owned(), json!({ "Ref": name }))).collect();
    let outputs = aws.deploy(&resources, &outputs);
    for name in ["Old", "Once", "Done", "Disabled", "Deleted"] {
        aws.invoke_asynchronously(&outputs[name], &json!({ "name": name }));
    }

    let records = aws.receive(&outputs["Records"], 4);
    let record = |name: &str| {
        let of_function = records.iter().find(|record| record.body["requestPayload"]["name"] == name);
        of_function.unwrap().body.clone()
    };
    let condition = |name: &str| record(name)["requestContext"]["condition"].clone();
    let invocations = |name: &str| record(name)["requestContext"]["approximateInvokeCount"].clone();
    assert_eq!((condition("Old"), invocations("Old")), (json!("EventAgeExceeded"), json!(1)));
    assert_eq!((condition("Once"), invocations("Once")), (json!("RetriesExhausted"), json!(1)));
    assert_eq!((condition("Done"), invocations("Done")), (json!("Success"), json!(1)));
    assert_eq!(record("Done")["responsePayload"], json!({ "answer": 42 }));
    assert_eq!(
        (condition("Disabled"), invocations("Disabled")),
        (json!("ZeroReservedConcurrency"), json!(0))
    );
    let letters = aws.receive(&outputs["Letters"], 1);
    assert_eq!(letters[0].body, json!({ "name": "Disabled" }));
    assert_eq!(letters[0].attribute("ErrorCode"), "429");

    aws.receive(&outputs["Log"], 1);
    let deleted = format!("arn:aws:lambda:us-east-1:000000000000:function:{}", outputs["Deleted"]);
    eventually("the event that waits", || (aws.events()[&deleted]["waiting"] == 1).then_some(()));
    aws.delete_function(&outputs["Deleted"]);
    assert_eq!(aws.events(), json!({}));
}

#[test]
fn failures_reach_a_queue_that_refuses_plain_http() {
    let aws = LocalAws::start_with("event-policy", &["--auth"]);
    aws.ready();
    let mut settings = destination("OnFailure", "Records");
    settings["MaximumRetryAttempts"] = json!(0);
    let arn = json!({ "Fn::GetAtt": ["Records", "Arn"] });
    let refuse = json!({
        "Action": "sqs:*", "Effect": "Deny", "Principal": { "AWS": "*" }, "Resource": arn,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let allow = json!({ "Action": "sqs:SendMessage", "Effect": "Allow", "Resource": arn });
    let policy = |kind: &str, of: Value, statement: &Value| {
        let mut properties =
            json!({ "PolicyDocument": { "Statement": [statement] }, "PolicyName": "policy" });
        properties.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        json!({ "Type": kind, "Properties": properties })
    };
    let resources = json!({
        "Records": queue(), "Fails": function("fail", &json!("")),
        "Settings": event_invoke_config("Fails", &settings),
        "Refuse": policy("AWS::SQS::QueuePolicy", json!({ "Queues": [{ "Ref": "Records" }] }), &refuse),
        "Allow": policy("AWS::IAM::Policy", json!({ "Roles": [{ "Ref": "Role" }] }), &allow),
    });
    let outputs =
        aws.deploy(&resources, &json!({ "Records": { "Ref": "Records" }, "Fails": { "Ref": "Fails" } }));
    aws.invoke_asynchronously(&outputs["Fails"], &json!("event"));
    assert_eq!(aws.receive(&outputs["Records"], 1)[0].body["requestPayload"], "event");
}

#[test]
fn a_burst_of_events_runs_on_ten_copies_at_most() {
    let aws = LocalAws::start("event-burst");
    aws.ready();
    let resources = json!({ "Log": queue(), "Slow": function("send_slowly", &json!({ "Ref": "Log" })) });
    let outputs = aws.deploy(&resources, &json!({ "Log": { "Ref": "Log" }, "Slow": { "Ref": "Slow" } }));
    for number in 0..30 {
        aws.invoke_asynchronously(&outputs["Slow"], &json!(number));
    }
    let handled = aws.receive(&outputs["Log"], 30);
    let numbers: BTreeSet<_> =
        handled.iter().map(|message| message.body["event"].as_u64().unwrap()).collect();
    let copies: BTreeSet<_> =
        handled.iter().map(|message| message.body["process"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..30).collect());
    assert!((2..=10).contains(&copies.len()), "{copies:?}");
}

#[test]
fn events_that_wait_survive_a_kill() {
    let mut aws = LocalAws::start_with("event-kill", &["--async-retry-seconds=8"]);
    aws.ready();
    let mut settings = destination("OnFailure", "Records");
    settings["MaximumRetryAttempts"] = json!(1);
    let resources = json!({
        "Records": queue(), "Fails": function("fail", &json!("")),
        "Settings": event_invoke_config("Fails", &settings),
    });
    let outputs =
        aws.deploy(&resources, &json!({ "Records": { "Ref": "Records" }, "Fails": { "Ref": "Fails" } }));
    for number in 0..3 {
        aws.invoke_asynchronously(&outputs["Fails"], &json!(number));
    }
    let snapshots = aws.state.join("snapshots/current");
    eventually("a snapshot of failed events", || holds(&snapshots, "\"failures\": 1").then_some(()));
    aws.kill();
    aws.start_again();
    aws.ready();
    let records = aws.receive(&outputs["Records"], 3);
    let numbers: BTreeSet<_> =
        records.iter().map(|record| record.body["requestPayload"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..3).collect());
    eventually("an empty queue", || (aws.events() == json!({})).then_some(()));
}
