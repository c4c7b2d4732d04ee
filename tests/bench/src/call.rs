//! A call to an AWS service that speaks JSON, or to another API.

use std::fmt;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::Value;

/// The operation and the table of a call.
pub struct Call {
    /// The operation by AWS's name. If the request has none, its method and the start of its path.
    pub operation: String,
    /// The table, if the call names exactly one.
    pub table: Option<String>,
    pub body: Value,
}

impl Call {
    pub fn of(request: &Request<Bytes>) -> Self {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let named = target.and_then(|target| target.rsplit('.').next()).map(ToOwned::to_owned);
        let operation =
            named.unwrap_or_else(|| format!("{} {}", request.method(), kind(request.uri().path())));
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let of_batch = body["RequestItems"].as_object().and_then(|tables| tables.keys().next());
        let table = body["TableName"].as_str().map(ToOwned::to_owned).or_else(|| of_batch.cloned());
        Self { operation, table, body }
    }
}

/// A path without its variable parts: `/v1/charges`, `/schedules`.
fn kind(path: &str) -> &str {
    let of_version = path.strip_prefix("/v1/").map_or(1, |_| "/v1/".len());
    let end =
        path.get(of_version..).and_then(|rest| rest.find('/')).map_or(path.len(), |end| of_version + end);
    &path[..end]
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{} {table}", self.operation),
            None => f.write_str(&self.operation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_without_a_name_are_known_by_their_path() {
        let paths = ["/v1/charges", "/v1/charges/ch_1", "/schedules/order-1", "/@connections/c-1", "/", ""];
        assert_eq!(paths.map(kind), ["/v1/charges", "/v1/charges", "/schedules", "/@connections", "/", ""]);
    }
}
