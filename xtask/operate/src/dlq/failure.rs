//! What a dead letter says about its failure: the reason, and how to retry it.

use serde_json::{Value, json};

use crate::dlq::message::Message;

/// A failure, as far as the message describes it.
#[derive(Debug, PartialEq)]
pub struct Failure {
    pub reason: Option<String>,
    /// How to retry a message that SQS cannot move back to a queue.
    pub retry: Retry,
}

#[derive(Debug, PartialEq)]
pub enum Retry {
    /// A stream record that its publisher could not translate.
    Publish {
        function: String,
        record: Value,
    },
    /// An event for a function.
    Invoke {
        function: String,
        event: Value,
    },
    /// A message that failed too often in a queue.
    Return {
        queue: String,
    },
    /// An event for a queue.
    Send {
        queue: String,
        body: String,
    },
    /// The entries of a `PutEvents` request.
    PutEvents {
        entries: Value,
    },
    /// A notification for the subscribers of a topic.
    Notify {
        topic_arn: String,
        notification: Value,
    },
    /// An order that its workflow has given up.
    ByOperator,
    Unknown,
}

impl Failure {
    pub fn of(message: Message) -> Self {
        let body: Value = serde_json::from_str(message.body()).unwrap_or_default();
        given_up(message)
            .or_else(|| quarantined(message, &body))
            .or_else(|| undelivered(message, &body))
            .or_else(|| invocation(&body))
            .or_else(|| notification(message, &body))
            .or_else(|| workflow(&body))
            .unwrap_or(Self { reason: None, retry: Retry::Unknown })
    }
}

/// The event in a message: its body, or what the scheduler would have sent to its target.
fn event_of(message: Message) -> String {
    if message.attribute("SCHEDULE_ARN").is_none() {
        return message.body().to_owned();
    }
    let body: Value = serde_json::from_str(message.body()).unwrap_or_default();
    let event = scheduled(&body);
    event.as_str().map_or_else(|| event.to_string(), str::to_owned)
}

/// SQS says which queue a message comes from. Its consumer's log has the reason.
fn given_up(message: Message) -> Option<Failure> {
    let queue = message.system_attribute("DeadLetterQueueSourceArn")?.rsplit(':').next()?;
    Some(Failure { reason: None, retry: Retry::Return { queue: queue.to_owned() } })
}

/// A publisher names itself and the reason.
fn quarantined(message: Message, body: &Value) -> Option<Failure> {
    let reason = message.attribute("reason")?.to_owned();
    let retry = match message.attribute("function") {
        Some(function) => Retry::Publish { function: function.to_owned(), record: body.clone() },
        None => Retry::Unknown,
    };
    Some(Failure { reason: Some(reason), retry })
}

/// EventBridge could not deliver the event of a rule, or EventBridge Scheduler that of a schedule.
fn undelivered(message: Message, body: &Value) -> Option<Failure> {
    let code = message.attribute("ERROR_CODE")?;
    let text = message.attribute("ERROR_MESSAGE").unwrap_or_default();
    let reason = format!("not delivered by EventBridge: {code} {text}").trim_end().to_owned();
    let target: Vec<&str> = message.attribute("TARGET_ARN").unwrap_or_default().split(':').collect();
    let retry = match target[..] {
        [_, _, "sqs", _, _, queue] => Retry::Send { queue: queue.to_owned(), body: event_of(message) },
        [_, _, "lambda", _, _, "function", function, ..] => {
            let event =
                if message.attribute("SCHEDULE_ARN").is_some() { scheduled(body) } else { body.clone() };
            Retry::Invoke { function: function.to_owned(), event }
        }
        [_, _, "events", ..] if body["Entries"].is_array() => {
            Retry::PutEvents { entries: body["Entries"].clone() }
        }
        _ => Retry::Unknown,
    };
    Some(Failure { reason: Some(reason), retry })
}

/// A dead letter of EventBridge Scheduler is the request to its target's API.
fn scheduled(request: &Value) -> Value {
    let input = ["Payload", "MessageBody"].iter().find_map(|field| request.get(field)).unwrap_or(request);
    match input {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| input.clone()),
        input => input.clone(),
    }
}

/// Lambda has given up an asynchronous invocation.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
fn invocation(body: &Value) -> Option<Failure> {
    let context = &body["requestContext"];
    let (function, condition) = (context["functionArn"].as_str()?, context["condition"].as_str()?);
    let error = ["errorType", "errorMessage"].map(|field| body["responsePayload"][field].as_str());
    let parts = ["given up by Lambda", condition].into_iter().chain(error.into_iter().flatten());
    let reason = parts.collect::<Vec<_>>().join(": ");
    let function = function.split(':').nth(6)?.to_owned();
    let retry = Retry::Invoke { function, event: body["requestPayload"].clone() };
    Some(Failure { reason: Some(reason), retry })
}

/// SNS could not deliver a notification.
fn notification(message: Message, body: &Value) -> Option<Failure> {
    let topic = body["TopicArn"].as_str().filter(|_| body["Type"] == "Notification")?;
    let error = ["ErrorCode", "ErrorMessage"].iter().filter_map(|name| message.attribute(name));
    let reason = match &*error.collect::<Vec<_>>().join(" ") {
        "" => "not delivered by SNS".to_owned(),
        error => format!("not delivered by SNS: {error}"),
    };
    let retry = Retry::Notify { topic_arn: topic.to_owned(), notification: body.clone() };
    Some(Failure { reason: Some(reason), retry })
}

/// The payload by which SNS invokes a function.
pub fn notification_event(notification: &Value) -> Value {
    json!({ "Records": [{ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": notification }] })
}

fn workflow(body: &Value) -> Option<Failure> {
    let [order, state, error] = ["orderId", "state", "error"].map(|field| body[field].as_str());
    let reason = format!("the workflow of order {} could not do {}: {}", order?, state?, error?);
    Some(Failure { reason: Some(reason), retry: Retry::ByOperator })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &Value, attributes: &[(&str, &str)]) -> Value {
        let attributes: serde_json::Map<_, _> = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!({ "DataType": "String", "StringValue": value })))
            .collect();
        json!({ "Body": body.to_string(), "MessageAttributes": attributes })
    }

    fn failure(body: &Value, attributes: &[(&str, &str)]) -> (String, Retry) {
        let Failure { reason, retry } = Failure::of(Message(&message(body, attributes)));
        (reason.unwrap_or_default(), retry)
    }

    fn invoke(function: &str, event: &Value) -> Retry {
        Retry::Invoke { function: function.to_owned(), event: event.clone() }
    }

    #[test]
    fn a_message_that_a_queue_gave_up_goes_back_to_it() {
        let mut message = message(&json!({ "detail-type": "OrderPaid" }), &[("reason", "another")]);
        message["Attributes"] =
            json!({ "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:123456789012:stack-Work-1" });
        let retry = Retry::Return { queue: "stack-Work-1".to_owned() };
        assert_eq!(Failure::of(Message(&message)), Failure { reason: None, retry });
    }

    #[test]
    fn a_quarantined_record_is_published_by_the_function_that_it_names() {
        let record = json!({ "eventName": "INSERT" });
        let attributes = [("reason", "unreadable"), ("function", "stack-BasketPublisher-1")];
        let retry = Retry::Publish { function: "stack-BasketPublisher-1".to_owned(), record: record.clone() };
        assert_eq!(failure(&record, &attributes), ("unreadable".to_owned(), retry));
        assert_eq!(failure(&record, &attributes[..1]), ("unreadable".to_owned(), Retry::Unknown));
    }

    #[test]
    fn an_event_that_a_rule_could_not_deliver_goes_to_its_target() {
        let event = json!({ "detail-type": "OrderPaid" });
        let undelivered = |target: &str| {
            let attributes =
                [("TARGET_ARN", target), ("ERROR_CODE", "NO_PERMISSIONS"), ("ERROR_MESSAGE", "not allowed")];
            failure(&event, &attributes)
        };
        let (reason, retry) = undelivered("arn:aws:lambda:eu-west-1:123456789012:function:audit");
        assert_eq!(reason, "not delivered by EventBridge: NO_PERMISSIONS not allowed");
        assert_eq!(retry, invoke("audit", &event));
        let sent = Retry::Send { queue: "mails".to_owned(), body: event.to_string() };
        assert_eq!(undelivered("arn:aws:sqs:eu-west-1:123456789012:mails").1, sent);
        assert_eq!(undelivered("arn:aws:events:eu-west-1:123456789012:event-bus/b").1, Retry::Unknown);
    }

    #[test]
    fn an_event_that_a_schedule_could_not_deliver_is_its_input() {
        let event = json!({ "detail-type": "Dispatch", "detail": { "data": {} } });
        let text = event.to_string();
        for body in [
            event.clone(),
            json!({ "FunctionName": "f", "InvocationType": "Event", "Payload": text }),
            json!({ "QueueUrl": "u", "MessageBody": text }),
        ] {
            let function = "arn:aws:lambda:eu-west-1:123456789012:function:carrier";
            let attributes = [("SCHEDULE_ARN", "s"), ("TARGET_ARN", function), ("ERROR_CODE", "Throttled")];
            assert_eq!(failure(&body, &attributes).1, invoke("carrier", &event), "{body}");
            assert_eq!(event_of(Message(&message(&body, &attributes))), text, "{body}");
        }
        assert_eq!(event_of(Message(&message(&event, &[]))), text);
    }

    #[test]
    fn an_event_that_a_schedule_could_not_publish_is_published() {
        let entries = json!([{ "Source": "shop.shipping", "DetailType": "ShipmentStepDue", "Detail": "{}" }]);
        let bus = "arn:aws:events:eu-west-1:123456789012:event-bus/b";
        let attributes = [("SCHEDULE_ARN", "s"), ("TARGET_ARN", bus), ("ERROR_CODE", "Throttled")];
        let retry = Retry::PutEvents { entries: entries.clone() };
        assert_eq!(failure(&json!({ "Entries": entries }), &attributes).1, retry);
    }

    #[test]
    fn an_invocation_that_lambda_gave_up_is_repeated() {
        let event = json!({ "detail-type": "OrderPaid" });
        let mut record = json!({
            "version": "1.0", "timestamp": "2026-01-31T12:00:00.000Z",
            "requestContext": {
                "requestId": "r", "condition": "RetriesExhausted", "approximateInvokeCount": 3,
                "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:audit:$LATEST",
            },
            "requestPayload": event,
            "responseContext": { "statusCode": 200, "functionError": "Unhandled" },
            "responsePayload": { "errorType": "Failed", "errorMessage": "no account" },
        });
        let (reason, retry) = failure(&record, &[]);
        assert_eq!(reason, "given up by Lambda: RetriesExhausted: Failed: no account");
        assert_eq!(retry, invoke("audit", &event));
        record["requestContext"]["condition"] = json!("EventAgeExceeded");
        record.as_object_mut().unwrap().remove("responsePayload");
        assert_eq!(failure(&record, &[]).0, "given up by Lambda: EventAgeExceeded");
    }

    #[test]
    fn a_notification_goes_to_the_subscribers_of_its_topic() {
        let body = json!({ "Type": "Notification", "TopicArn": "t", "MessageId": "n", "Message": "{}" });
        let retry = Retry::Notify { topic_arn: "t".to_owned(), notification: body.clone() };
        assert_eq!(failure(&body, &[]), ("not delivered by SNS".to_owned(), retry));
        let attributes = [("ErrorCode", "403"), ("ErrorMessage", "not allowed")];
        assert_eq!(failure(&body, &attributes).0, "not delivered by SNS: 403 not allowed");
        assert_eq!(notification_event(&body)["Records"][0]["Sns"], body);
    }

    #[test]
    fn a_failed_workflow_is_left_to_an_operator() {
        let body = json!({ "orderId": "o-1", "state": "Refund", "error": "States.Timeout" });
        let reason = "the workflow of order o-1 could not do Refund: States.Timeout".to_owned();
        assert_eq!(failure(&body, &[]), (reason, Retry::ByOperator));
    }

    #[test]
    fn other_messages_tell_nothing() {
        for body in [json!({}), json!([1]), json!({ "detail-type": "OrderPaid" })] {
            assert_eq!(failure(&body, &[]), (String::new(), Retry::Unknown), "{body}");
        }
    }
}
