//! The payload of an invocation that delivers events, whichever trigger made it.
//!
//! | trigger | payload | result |
//! | --- | --- | --- |
//! | SQS event source mapping | `Records[].body` | one per message |
//! | EventBridge rule | the event itself | one |
//! | EventBridge Scheduler | the schedule's `Input`: an event in its envelope | one |
//! | SNS subscription | `Records[0].Sns.Message` | one |
//!
//! Except for SQS these are asynchronous invocations: Lambda retries one that fails, and sends it to
//! its failure destination after the last attempt.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::json::{self, Unreadable};

/// The messages of one invocation.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// A batch of SQS. Each message succeeds or fails on its own (partial batch response).
    Batch(Vec<Message<'a>>),
    /// The message of an asynchronous invocation, which succeeds or fails as a whole.
    Single(Message<'a>),
}

/// A message whose body is an event in its envelope.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Id of the message at SQS or SNS, or of the event at EventBridge. The input of a schedule has
    /// none.
    pub id: Option<String>,
    /// [`Envelope::open`](crate::messaging::event::Envelope::open) reads it.
    pub body: Cow<'a, str>,
}

/// Why a payload is not a delivery of messages.
#[derive(Debug, thiserror::Error)]
pub enum MalformedDelivery {
    /// The payload is not JSON, or a field has another type than AWS sends.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The payload has neither records nor an event.
    #[error("the payload is neither an SQS batch, nor an SNS notification, nor an event")]
    UnknownTrigger,
    /// SNS invokes a function with one notification.
    #[error("the payload has {0} records, and not one notification of SNS")]
    NotOneNotification(usize),
}

/// Covers all payloads, so that one pass reads any of them.
#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    id: Option<String>,
    #[serde(rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "messageId")]
    message_id: Option<String>,
    body: Option<String>,
    #[serde(rename = "Sns")]
    notification: Option<Notification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    message_id: Option<String>,
    message: String,
}

impl<'a> Delivery<'a> {
    /// Parses the payload of an invocation, but not the bodies of its messages.
    ///
    /// # Errors
    /// When the payload is none of those above.
    pub fn parse(payload: &'a str) -> Result<Self, MalformedDelivery> {
        let Payload { records, id, detail_type } = json::read(payload)?;
        match (records, detail_type) {
            (Some(mut records), _) if records.iter().any(|record| record.notification.is_some()) => {
                let notification = records.pop().and_then(|record| record.notification);
                match notification {
                    Some(Notification { message_id: id, message }) if records.is_empty() => {
                        Ok(Self::Single(Message { id, body: message.into() }))
                    }
                    _ => Err(MalformedDelivery::NotOneNotification(records.len() + 1)),
                }
            }
            (Some(records), _) => {
                let messages = records.into_iter().map(Record::into_message);
                messages.collect::<Option<_>>().map(Self::Batch).ok_or(MalformedDelivery::UnknownTrigger)
            }
            (None, Some(_)) => Ok(Self::Single(Message { id, body: payload.into() })),
            (None, None) => Err(MalformedDelivery::UnknownTrigger),
        }
    }

    /// The messages, whose order has no meaning.
    #[must_use]
    pub fn messages(&self) -> &[Message<'a>] {
        match self {
            Self::Batch(messages) => messages,
            Self::Single(message) => std::slice::from_ref(message),
        }
    }
}

impl Record {
    /// The message of an SQS record. One without an id could not be reported as failed.
    fn into_message(self) -> Option<Message<'static>> {
        let Self { message_id, body, .. } = self;
        Some(Message { id: Some(message_id?), body: body.unwrap_or_default().into() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn malformed(payload: &str) -> MalformedDelivery {
        Delivery::parse(payload).unwrap_err()
    }

    #[test]
    fn batches_of_sqs_have_a_message_per_record() {
        let payload = json!({ "Records": [
            { "messageId": "m-1", "eventSource": "aws:sqs", "body": "{}", "attributes": { "SenderId": "s" } },
            { "messageId": "m-2", "eventSource": "aws:sqs" },
        ] })
        .to_string();
        let message = |id: &str, body| Message { id: Some(id.to_owned()), body: Cow::Borrowed(body) };
        let batch = Delivery::Batch(vec![message("m-1", "{}"), message("m-2", "")]);
        assert_eq!(Delivery::parse(&payload).unwrap(), batch);
        assert_eq!(Delivery::parse(r#"{"Records": []}"#).unwrap(), Delivery::Batch(Vec::new()));
    }

    #[test]
    fn payloads_of_other_triggers_are_malformed() {
        for payload in [
            "{}",
            r#"{"Records": null}"#,
            r#"{"detail": {}}"#,
            r#"{"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {}}]}"#,
        ] {
            let error = malformed(payload);
            assert!(matches!(error, MalformedDelivery::UnknownTrigger), "{payload}: {error}");
        }
        for payload in ["", "[", "null", "1", r#"{"Records": "secret"}"#, r#"{"Records": [{"body": 1}]}"#] {
            let error = malformed(payload);
            assert!(matches!(error, MalformedDelivery::Unreadable(_)), "{payload}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn sns_sends_one_notification() {
        let record = json!({ "EventSource": "aws:sns", "Sns": { "MessageId": "n", "Message": "{}" } });
        let foreign = json!({ "messageId": "m" });
        for records in [json!([record, record]), json!([record, foreign]), json!([foreign, record])] {
            let error = malformed(&json!({ "Records": records }).to_string());
            assert!(matches!(error, MalformedDelivery::NotOneNotification(2)), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_payload_is_parsed_or_malformed(payload in ".*") {
            drop(Delivery::parse(&payload));
        }

        #[test]
        fn events_are_the_same_from_every_trigger(id in ".*", account in ".*") {
            let detail = json!({ "account": account });
            let event = json!({ "id": id, "detail-type": "AccountClosed", "source": "bank", "detail": detail });
            let body = event.to_string();
            let sqs = json!({ "Records": [{ "messageId": id, "body": body }] }).to_string();
            let sns = json!({ "Records": [{ "Sns": { "MessageId": id, "Message": body } }] }).to_string();
            let message = || Message { id: Some(id.clone()), body: Cow::Borrowed(&*body) };
            prop_assert_eq!(Delivery::parse(&sqs).unwrap(), Delivery::Batch(vec![message()]));
            prop_assert_eq!(Delivery::parse(&sns).unwrap(), Delivery::Single(message()));
            prop_assert_eq!(Delivery::parse(&body).unwrap(), Delivery::Single(message()));
        }
    }
}
