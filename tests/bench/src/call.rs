//! A call to an AWS service that speaks JSON.

use std::fmt;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::Value;

/// What a call asks for.
pub struct Call {
    pub operation: String,
    /// The table that it names, where it names a single one.
    pub table: Option<String>,
    pub body: Value,
}

impl Call {
    pub fn of(request: &Request<Bytes>) -> Self {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let of_batch = body["RequestItems"].as_object().and_then(|tables| tables.keys().next());
        let table = body["TableName"].as_str().map(ToOwned::to_owned).or_else(|| of_batch.cloned());
        Self { operation, table, body }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{} {table}", self.operation),
            None => f.write_str(&self.operation),
        }
    }
}
