//! A message in a dead-letter queue, and its metadata.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value;

/// A message as SQS returns it.
#[derive(Clone, Copy)]
pub struct Message<'a>(pub &'a Value);

impl<'a> Message<'a> {
    pub fn id(self) -> &'a str {
        self.0["MessageId"].as_str().unwrap_or_default()
    }

    pub fn body(self) -> &'a str {
        self.0["Body"].as_str().unwrap_or_default()
    }

    pub fn receive_count(self) -> &'a str {
        self.0["Attributes"]["ApproximateReceiveCount"].as_str().unwrap_or("unknown")
    }

    /// Milliseconds since 1970.
    pub fn sent_at(self) -> Option<i64> {
        self.0["Attributes"]["SentTimestamp"].as_str()?.parse().ok()
    }

    pub fn age(self, now: SystemTime) -> Option<Duration> {
        let sent = UNIX_EPOCH + Duration::from_millis(self.sent_at()?.try_into().ok()?);
        // Clocks can differ a little.
        Some(now.duration_since(sent).unwrap_or_default())
    }

    pub fn shown_sent(self, now: SystemTime) -> String {
        let time = self.sent_at().and_then(|sent| DateTime::from_millis(sent).fmt(Format::DateTime).ok());
        match (time, self.age(now)) {
            (Some(time), Some(age)) => format!("{time}, {} ago", shown_age(age)),
            _ => "unknown".to_owned(),
        }
    }

    /// An attribute that SQS sets.
    pub fn system_attribute(self, name: &str) -> Option<&'a str> {
        self.0["Attributes"][name].as_str()
    }

    pub fn attribute(self, name: &str) -> Option<&'a str> {
        self.0["MessageAttributes"][name]["StringValue"].as_str()
    }
}

/// A description of a body that hides what customers wrote in it.
#[derive(Debug, Default, PartialEq)]
pub struct Content {
    /// The type of an event, or the kind of change of a row.
    pub event: Option<String>,
    pub correlation_id: Option<String>,
}

impl Content {
    pub fn of(body: &str) -> Self {
        let Ok(body) = serde_json::from_str::<Value>(body) else { return Self::default() };
        let event = find(&body, "detail-type").or_else(|| find(&body, "eventName"));
        Self { event, correlation_id: find(&body, "correlationId") }
    }
}

/// The first field of this name. Failure records and notifications contain the event. Events have
/// the correlation id in their metadata; rows have it in a column, or inside an event stored as
/// text.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let here = fields.get(name).and_then(|field| field.as_str().or(field["S"].as_str()));
            here.map(str::to_owned).or_else(|| fields.values().find_map(|field| find(field, name)))
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        Value::String(text) if text.starts_with('{') => find(&serde_json::from_str(text).ok()?, name),
        _ => None,
    }
}

/// `45 s`, `10 min`, `3 h`, `2 d`
pub fn shown_age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn content(event: &str, correlation_id: &str) -> Content {
        Content { event: Some(event.to_owned()), correlation_id: Some(correlation_id.to_owned()) }
    }

    #[test]
    fn an_event_tells_its_type_and_correlation_id() {
        let body =
            json!({ "detail-type": "BasketCheckedOut", "detail": { "metadata": { "correlationId": "c" } } });
        assert_eq!(Content::of(&body.to_string()), content("BasketCheckedOut", "c"));
    }

    #[test]
    fn a_changed_row_tells_what_happened_and_its_correlation_id() {
        let column = json!({ "correlationId": { "S": "c" } });
        let kept = json!({ "detail": { "S": json!({ "metadata": { "correlationId": "c" } }).to_string() } });
        for image in [column, kept] {
            let body = json!({ "eventName": "INSERT", "dynamodb": { "NewImage": image } });
            assert_eq!(Content::of(&body.to_string()), content("INSERT", "c"));
        }
    }

    #[test]
    fn an_event_is_found_inside_a_failure_record_and_a_notification() {
        let event = json!({ "detail-type": "OrderPaid", "detail": { "metadata": { "correlationId": "c" } } });
        let invocation = json!({ "requestContext": {}, "requestPayload": event });
        let notification = json!({ "Type": "Notification", "Message": event.to_string() });
        for body in [invocation, notification] {
            assert_eq!(Content::of(&body.to_string()), content("OrderPaid", "c"), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_something_else_tells_nothing() {
        for body in ["", "poison", "{}", "[1]", r#"{"correlationId": 1}"#, r#"{"a": "{"}"#] {
            assert_eq!(Content::of(body), Content::default(), "{body}");
        }
    }

    #[test]
    fn the_time_of_sending_is_a_date_and_an_age() {
        let message = json!({ "Attributes": { "SentTimestamp": "1769860800123" } });
        let sent = Duration::from_millis(1_769_860_800_123);
        let now = UNIX_EPOCH + sent + Duration::from_mins(10);
        assert_eq!(Message(&message).shown_sent(now), "2026-01-31T12:00:00.123Z, 10 min ago");
        assert_eq!(Message(&json!({})).shown_sent(now), "unknown");
    }

    #[test]
    fn ages_are_short() {
        let shown = [5, 125, 7_300, 400_000].map(|seconds| shown_age(Duration::from_secs(seconds)));
        assert_eq!(shown, ["5 s", "2 min", "2 h", "4 d"]);
    }
}
