//! The payload of an invocation that delivers events, whichever trigger made it.
//!
//! | trigger | payload | result |
//! | --- | --- | --- |
//! | SQS event source mapping | `Records[].body` | one per message |
//! | DynamoDB stream | `Records[].dynamodb`, with its `eventName` as `detail-type` | up to the first failure |
//! | Kinesis stream | `Records[].kinesis.data` in Base64 | up to the first failure |
//! | EventBridge rule | the event itself | one |
//! | EventBridge Scheduler | the schedule's `Input`: an event in its envelope | one |
//! | SNS subscription | `Records[0].Sns.Message` | one |
//!
//! The last three are asynchronous invocations: Lambda retries one that fails, and sends it to its
//! failure destination after the last attempt.
//!
//! A change in a DynamoDB stream is an event of the type `INSERT`, `MODIFY` or `REMOVE`, whose `detail`
//! has `Keys`, `NewImage` and `OldImage` with DynamoDB's types.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::json::{self, Unreadable};
use crate::telemetry;

/// The messages of one invocation.
#[derive(Debug, PartialEq, Eq)]
pub enum Delivery<'a> {
    /// A batch of SQS. Each message succeeds or fails on its own (partial batch response).
    Batch(Vec<Message<'a>>),
    /// A batch of a stream. It succeeds up to its first failed record.
    Stream(Vec<Message<'a>>),
    /// The message of an asynchronous invocation, which succeeds or fails as a whole.
    Single(Message<'a>),
}

/// A message whose body is an event in its envelope.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Id of the message at SQS or SNS, of the event at EventBridge, or sequence number in a stream.
    /// The input of a schedule has none.
    pub id: Option<String>,
    /// What the messages share that must be handled in order: the item of a table, the partition key
    /// of Kinesis, or the group of a FIFO queue.
    pub key: Option<String>,
    /// [`Envelope::open`](crate::messaging::event::Envelope::open) reads it.
    pub body: Cow<'a, str>,
}

/// Why a payload is not a delivery of messages.
#[derive(Debug, thiserror::Error)]
pub enum MalformedDelivery {
    /// The payload is not JSON, or a field has another type than AWS sends.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The payload has neither records of a known trigger nor an event.
    #[error("the payload has neither records of SQS, SNS, DynamoDB or Kinesis, nor an event")]
    UnknownTrigger,
    /// The data of a Kinesis record is not text in Base64.
    #[error("the data of a Kinesis record is not text in Base64")]
    NotText,
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
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: Option<String>,
    body: Option<String>,
    attributes: Option<Attributes>,
    #[serde(rename = "Sns")]
    notification: Option<Notification>,
    event_name: Option<String>,
    dynamodb: Option<Box<RawValue>>,
    kinesis: Option<KinesisRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    message_group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    message_id: Option<String>,
    message: String,
}

/// The fields of a change that are read for any table.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    /// Compared as text, so its fields must be in the same order each time: those of `Value` are.
    keys: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisRecord {
    sequence_number: String,
    partition_key: String,
    data: String,
}

impl<'a> Delivery<'a> {
    /// Parses the payload of an invocation, but not the bodies of its messages.
    ///
    /// # Errors
    /// When the payload is none of those above.
    pub fn parse(payload: &'a str) -> Result<Self, MalformedDelivery> {
        let Payload { records, id, detail_type } = json::read(payload)?;
        match (records, detail_type) {
            (Some(records), _) => Self::of_records(records),
            (None, Some(_)) => Ok(Self::Single(Message { id, key: None, body: payload.into() })),
            (None, None) => Err(MalformedDelivery::UnknownTrigger),
        }
    }

    fn of_records(mut records: Vec<Record>) -> Result<Self, MalformedDelivery> {
        let some = |is_of: fn(&Record) -> bool| records.iter().any(is_of);
        if some(|record| record.notification.is_some()) {
            let notification = records.pop().and_then(|record| record.notification);
            return match notification {
                Some(Notification { message_id: id, message }) if records.is_empty() => {
                    Ok(Self::Single(Message { id, key: None, body: message.into() }))
                }
                _ => Err(MalformedDelivery::NotOneNotification(records.len() + 1)),
            };
        }
        let is_stream = some(|record| record.dynamodb.is_some() || record.kinesis.is_some());
        let messages =
            records.into_iter().map(|record| record.into_message(is_stream)).collect::<Result<_, _>>()?;
        Ok(if is_stream { Self::Stream(messages) } else { Self::Batch(messages) })
    }

    /// The messages, in the order of the payload.
    #[must_use]
    pub fn messages(&self) -> &[Message<'a>] {
        match self {
            Self::Batch(messages) | Self::Stream(messages) => messages,
            Self::Single(message) => std::slice::from_ref(message),
        }
    }
}

impl Message<'_> {
    /// The id by which a failure is reported. Lambda's retries of an asynchronous invocation share its
    /// request id.
    pub(crate) fn id(&self) -> String {
        self.id.clone().unwrap_or_else(telemetry::request_id)
    }
}

impl Record {
    /// A record without an id could not be reported as failed.
    fn into_message(self, is_stream: bool) -> Result<Message<'static>, MalformedDelivery> {
        match self {
            Self { dynamodb: Some(change), event_name: Some(event_name), .. } => {
                let Change { sequence_number, keys } = json::read(change.get())?;
                let body = format!(r#"{{"detail-type":{},"detail":{change}}}"#, json!(event_name));
                Ok(Message { id: Some(sequence_number), key: Some(keys.to_string()), body: body.into() })
            }
            Self { kinesis: Some(KinesisRecord { sequence_number, partition_key, data }), .. } => {
                let body = BASE64_STANDARD.decode(data).ok().and_then(|data| String::from_utf8(data).ok());
                let body = body.ok_or(MalformedDelivery::NotText)?.into();
                Ok(Message { id: Some(sequence_number), key: Some(partition_key), body })
            }
            Self { message_id: Some(id), body, attributes, .. } if !is_stream => {
                let key = attributes.and_then(|attributes| attributes.message_group_id);
                Ok(Message { id: Some(id), key, body: body.unwrap_or_default().into() })
            }
            _ => Err(MalformedDelivery::UnknownTrigger),
        }
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
        let message =
            |id: &str, body| Message { id: Some(id.to_owned()), key: None, body: Cow::Borrowed(body) };
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
            r#"{"Records": [{"eventSource": "aws:s3", "s3": {}}]}"#,
            r#"{"Records": [{"dynamodb": {}}]}"#,
            r#"{"Records": [{"messageId": "m-1"}, {"kinesis": {"sequenceNumber": "1", "partitionKey": "a", "data": ""}}]}"#,
        ] {
            let error = malformed(payload);
            assert!(matches!(error, MalformedDelivery::UnknownTrigger), "{payload}: {error}");
        }
        for payload in [
            "",
            "[",
            "null",
            "1",
            r#"{"Records": "secret"}"#,
            r#"{"Records": [{"body": 1}]}"#,
            r#"{"Records": [{"eventName": "INSERT", "dynamodb": {"Keys": "secret"}}]}"#,
            r#"{"Records": [{"kinesis": {"data": "secret"}}]}"#,
        ] {
            let error = malformed(payload);
            assert!(matches!(error, MalformedDelivery::Unreadable(_)), "{payload}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn messages_of_a_group_and_changes_of_an_item_share_a_key() {
        let sqs = json!({ "messageId": "m-1", "body": "{}", "attributes": { "MessageGroupId": "g" } });
        let change = |number: &str, keys: Value| {
            let change =
                json!({ "SequenceNumber": number, "Keys": keys, "NewImage": { "price": { "N": "9.50" } } });
            json!({ "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change })
        };
        let (id, name) = (json!({ "S": "7" }), json!({ "S": "a" }));
        let changes = [
            change("1", json!({ "id": id, "name": name })),
            change("2", json!({ "name": name, "id": id })),
            change("3", json!({ "id": id, "name": id })),
        ];
        let kinesis = json!({ "sequenceNumber": "1", "partitionKey": "p", "data": "e30=" });
        let keys = |records: &[Value]| {
            let payload = json!({ "Records": records }).to_string();
            let delivery = Delivery::parse(&payload).unwrap();
            assert_eq!(matches!(delivery, Delivery::Stream(_)), !records.contains(&sqs));
            let keys = delivery.messages().iter().map(|message| message.key.clone().unwrap());
            keys.collect::<Vec<_>>()
        };
        assert_eq!(keys(std::slice::from_ref(&sqs)), ["g"]);
        let items = keys(&changes);
        assert!(items[0] == items[1] && items[1] != items[2], "{items:?}");
        assert_eq!(keys(&[json!({ "kinesis": kinesis })]), ["p"]);
    }

    #[test]
    fn data_of_kinesis_is_text() {
        for data in ["not Base64", "/w=="] {
            let record = json!({ "kinesis": { "sequenceNumber": "1", "partitionKey": "p", "data": data } });
            let error = malformed(&json!({ "Records": [record] }).to_string());
            assert!(matches!(error, MalformedDelivery::NotText), "{error}");
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
            let message = || Message { id: Some(id.clone()), key: None, body: Cow::Borrowed(&*body) };
            prop_assert_eq!(Delivery::parse(&sqs).unwrap(), Delivery::Batch(vec![message()]));
            prop_assert_eq!(Delivery::parse(&sns).unwrap(), Delivery::Single(message()));
            prop_assert_eq!(Delivery::parse(&body).unwrap(), Delivery::Single(message()));
        }
    }
}
