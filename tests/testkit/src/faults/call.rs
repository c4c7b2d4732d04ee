use hyper::http::request::Parts;
use serde_json::Value;

/// The parts of an AWS call that rules match.
#[derive(Debug)]
pub(super) struct Call {
    /// `PutItem`, `TransactWriteItems`, `PutEvents`, `SendMessage`, ...; of a REST API, such as
    /// `POST /schedules`.
    pub(super) operation: String,
    /// The tables, queues or buses that the call names, as text.
    pub(super) resources: Vec<String>,
    /// The body; null if it is not JSON.
    pub(super) body: Value,
}

impl Call {
    /// Reads a call of a service. AWS JSON services (DynamoDB, SQS and EventBridge) have the
    /// operation in `X-Amz-Target`, after the service's name. SNS sends a form with an `Action`.
    /// For others the operation is the method and the start of the path.
    pub(super) fn read(head: &Parts, body: &[u8]) -> Self {
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = match target {
            Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            None => action(body).unwrap_or_else(|| {
                format!("{} /{}", head.method, head.uri.path().split('/').nth(1).unwrap_or_default())
            }),
        };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut resources = Vec::new();
        collect(&body, &mut resources);
        Self { operation, resources, body }
    }
}

/// The `Action` of a form.
fn action(body: &[u8]) -> Option<String> {
    let form = std::str::from_utf8(body).ok()?;
    let mut fields = form.split('&').filter_map(|field| field.split_once('='));
    fields.find(|(name, _)| *name == "Action").map(|(_, action)| action.to_owned())
}

/// Collects every table, queue and bus that a body names.
fn collect(body: &Value, resources: &mut Vec<String>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("TableName" | "QueueUrl" | "EventBusName", Value::String(name)) => {
                        resources.push(name.clone());
                    }
                    ("RequestItems", Value::Object(tables)) => resources.extend(tables.keys().cloned()),
                    // Items are data, not names.
                    ("Item" | "Key" | "Detail" | "MessageBody", _) => {}
                    _ => collect(value, resources),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, resources)),
        _ => {}
    }
}
