//! Batches of queues and streams, and notifications of topics.

use serde::Serialize;
use serde_json::{Value, json};

use super::{ACCOUNT, REGION, TIME};

/// A batch of SQS.
#[must_use]
pub fn sqs_batch(messages: impl IntoIterator<Item = Value>) -> Value {
    batch(messages)
}

/// A message of a batch of SQS.
#[must_use]
pub fn sqs_message(message_id: &str, body: &str) -> Value {
    json!({
        "messageId": message_id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1769860800000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1769860800012",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:my-queue"),
        "awsRegion": REGION,
    })
}

/// The invocation of a function that subscribes to an SNS topic.
#[must_use]
pub fn sns_notification(message: &str) -> Value {
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:my-topic");
    batch([json!({
        "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{topic}:21be56ed-a058-49f5-8c98-aedd2564c486"),
        "EventSource": "aws:sns",
        "Sns": {
            "SignatureVersion": "1",
            "Timestamp": TIME,
            "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j",
            "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem",
            "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "Message": message,
            "MessageAttributes": {},
            "Type": "Notification",
            "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
            "TopicArn": topic,
            "Subject": null,
        },
    })])
}

/// A change of an item, for a batch of a DynamoDB stream. Keys and images have DynamoDB's types:
/// `{"id": {"S": "7"}}`.
#[derive(Clone, Debug)]
pub struct DynamoDbRecord {
    name: &'static str,
    keys: Value,
    old: Option<Value>,
    new: Option<Value>,
}

impl DynamoDbRecord {
    /// An item with these keys was inserted.
    #[must_use]
    pub fn insert(keys: &impl Serialize, new: &impl Serialize) -> Self {
        Self { name: "INSERT", keys: json!(keys), old: None, new: Some(json!(new)) }
    }

    /// An item with these keys was modified.
    #[must_use]
    pub fn modify(keys: &impl Serialize, old: &impl Serialize, new: &impl Serialize) -> Self {
        Self { name: "MODIFY", keys: json!(keys), old: Some(json!(old)), new: Some(json!(new)) }
    }

    /// An item with these keys was removed.
    #[must_use]
    pub fn remove(keys: &impl Serialize, old: &impl Serialize) -> Self {
        Self { name: "REMOVE", keys: json!(keys), old: Some(json!(old)), new: None }
    }

    fn record(self, number: usize) -> Value {
        let mut change = json!({
            "ApproximateCreationDateTime": 1_769_860_800,
            "Keys": self.keys,
            "SequenceNumber": sequence_number(number),
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        });
        for (name, image) in [("NewImage", self.new), ("OldImage", self.old)] {
            if let Some(image) = image {
                change[name] = image;
            }
        }
        json!({
            "eventID": format!("c4ca4238a0b923820dcc509a6f7584{number:02}"),
            "eventName": self.name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": change,
            "eventSourceARN":
                format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/my-table/stream/2026-01-31T00:00:00.000"),
        })
    }
}

/// A batch of a DynamoDB stream. The sequence numbers of its records ascend from 1, with leading
/// zeros: 21 digits, as DynamoDB has them.
#[must_use]
pub fn dynamodb_batch(records: impl IntoIterator<Item = DynamoDbRecord>) -> Value {
    batch(records.into_iter().zip(1..).map(|(record, number)| record.record(number)))
}

/// A record of a Kinesis stream, with its data in Base64.
#[must_use]
pub fn kinesis_record(sequence_number: &str, partition_key: &str, data: &str) -> Value {
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": sequence_number,
            "data": data,
            "approximateArrivalTimestamp": 1_769_860_800.0,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("shardId-000000000006:{sequence_number}"),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": format!("arn:aws:iam::{ACCOUNT}:role/lambda-role"),
        "awsRegion": REGION,
        "eventSourceARN": format!("arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/my-stream"),
    })
}

/// A batch of a Kinesis stream.
#[must_use]
pub fn kinesis_batch(records: impl IntoIterator<Item = Value>) -> Value {
    batch(records)
}

fn batch(records: impl IntoIterator<Item = Value>) -> Value {
    json!({ "Records": records.into_iter().collect::<Vec<_>>() })
}

fn sequence_number(number: usize) -> String {
    format!("{number:021}")
}
