//! Events for invocations, made from the sample events of the services.

use anyhow::{Context, Result};
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::items;

/// As long as the correlation ids that the shop generates.
const CORRELATION_ID: &str = "01a1fbb5-269d-77f1-a9ff-ecf5935fca8d";

/// A request, as API Gateway delivers it.
pub struct ApiRequest(Value);

impl ApiRequest {
    /// The request of a sample, for another route. `parameters` are the values of its path
    /// parameters.
    pub fn new(sample: &str, method: &str, resource: &str, parameters: &[(&str, &str)]) -> Result<Self> {
        let mut event: Value = serde_json::from_str(sample).context("a sample event is not JSON")?;
        let path = parameters
            .iter()
            .fold(resource.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        event["httpMethod"] = json!(method);
        event["resource"] = json!(resource);
        event["path"] = json!(path);
        event["requestContext"]["httpMethod"] = json!(method);
        event["requestContext"]["resourcePath"] = json!(resource);
        event["requestContext"]["path"] = json!(format!("/dev{path}"));
        event["body"] = Value::Null;
        event["pathParameters"] = Value::Null;
        for (name, value) in parameters {
            event["pathParameters"][name] = json!(value);
        }
        Ok(Self(event).header("X-Correlation-Id", CORRELATION_ID))
    }

    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.0["queryStringParameters"][name] = json!(value);
        self.0["multiValueQueryStringParameters"][name] = json!([value]);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["headers"][name] = json!(value);
        self.0["multiValueHeaders"][name] = json!([value]);
        self
    }

    pub fn body(mut self, body: &Value) -> Self {
        self.0["body"] = json!(body.to_string());
        self
    }

    /// Sets the signed-in user. The default is the sample's user.
    pub fn signed_in(mut self, user_name: &str, groups: &str) -> Self {
        let claims = &mut self.0["requestContext"]["authorizer"]["claims"];
        claims["sub"] = json!(items::customer_id(user_name));
        claims["cognito:username"] = json!(user_name);
        claims["cognito:groups"] = json!(groups);
        self
    }

    pub fn event(&self) -> Bytes {
        self.0.to_string().into()
    }
}

/// The first record of a queue or stream sample, alone.
pub fn first_record(sample: &str) -> Result<Value> {
    let event: Value = serde_json::from_str(sample).context("a sample event is not JSON")?;
    Ok(event["Records"][0].clone())
}

pub fn of_records(records: impl IntoIterator<Item = Value>) -> Bytes {
    json!({ "Records": records.into_iter().collect::<Vec<_>>() }).to_string().into()
}
