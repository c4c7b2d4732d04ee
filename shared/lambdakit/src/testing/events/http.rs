//! Requests of REST APIs, HTTP APIs and function URLs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{ACCOUNT, REGION};

const HOST: &str = "api.example.com";
const SOURCE_IP: &str = "192.0.2.1";
const REQUEST_ID: &str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef";
const TIME: &str = "31/Jan/2026:12:00:00 +0000";
const TIME_EPOCH: u64 = 1_769_860_800_000;

/// A client's HTTP request, in the format of the service that receives it.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    method: String,
    path: String,
    resource: Option<String>,
    parameters: Map<String, Value>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    claims: Option<Value>,
    body: Option<String>,
    is_base64: bool,
}

impl HttpRequest {
    /// A request with this method and path.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            resource: None,
            parameters: Map::new(),
            headers: vec![("Host".to_owned(), HOST.to_owned())],
            query: Vec::new(),
            claims: None,
            body: None,
            is_base64: false,
        }
    }

    /// Adds the route of the API that matched, with the values of its path parameters.
    #[must_use]
    pub fn route(mut self, resource: &str, parameters: &[(&str, &str)]) -> Self {
        self.resource = Some(resource.to_owned());
        self.parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        self
    }

    /// Adds a header; one of the same name stays.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a query parameter, whose name and value need no encoding; one of the same name stays.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the claims of the caller's token, as the API's authorizer read them.
    #[must_use]
    pub fn claims(mut self, claims: &impl Serialize) -> Self {
        self.claims = Some(json!(claims));
        self
    }

    /// Sets a body of JSON.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        self.header("Content-Type", "application/json").body(&json!(body).to_string())
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// Sets the body of bytes that are not text, as their Base64.
    #[must_use]
    pub fn base64(mut self, body: &str) -> Self {
        self.is_base64 = true;
        self.body(body)
    }

    /// The event of a REST API (payload version 1.0).
    #[must_use]
    pub fn rest_api(&self) -> Value {
        let resource = self.resource.as_ref().unwrap_or(&self.path);
        let mut context = json!({
            "accountId": ACCOUNT,
            "apiId": "1234567890",
            "httpMethod": self.method,
            "identity": { "sourceIp": SOURCE_IP, "userAgent": null },
            "path": format!("/dev{}", self.path),
            "protocol": "HTTP/1.1",
            "requestId": REQUEST_ID,
            "requestTime": TIME,
            "requestTimeEpoch": TIME_EPOCH,
            "resourceId": "123456",
            "resourcePath": resource,
            "stage": "dev",
        });
        if let Some(claims) = &self.claims {
            context["authorizer"] = json!({ "claims": claims });
        }
        json!({
            "resource": resource,
            "path": self.path,
            "httpMethod": self.method,
            "headers": last_of_each(&self.headers),
            "multiValueHeaders": all_of_each(&self.headers),
            "queryStringParameters": null_if_empty(last_of_each(&self.query)),
            "multiValueQueryStringParameters": null_if_empty(all_of_each(&self.query)),
            "pathParameters": null_if_empty(json!(self.parameters)),
            "stageVariables": null,
            "requestContext": context,
            "body": self.body,
            "isBase64Encoded": self.is_base64,
        })
    }

    /// The event of an HTTP API (payload version 2.0).
    #[must_use]
    pub fn http_api(&self) -> Value {
        let resource = self.resource.as_ref().unwrap_or(&self.path);
        let mut event = self.version_2(&format!("{} {resource}", self.method), "r3pmxmplak");
        if let Some(claims) = &self.claims {
            event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
        }
        if !self.parameters.is_empty() {
            event["pathParameters"] = json!(self.parameters);
        }
        event
    }

    /// The event of a function URL (payload version 2.0). It has neither routes nor claims.
    #[must_use]
    pub fn function_url(&self) -> Value {
        self.version_2("$default", "abcdefghijklmnopqrstuvwxyz012345")
    }

    fn version_2(&self, route: &str, api: &str) -> Value {
        // Names are in lower case, and values of one name are joined.
        let mut headers = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in &self.headers {
            headers.entry(name.to_ascii_lowercase()).or_default().push(value.as_str());
        }
        let headers: BTreeMap<_, _> =
            headers.into_iter().map(|(name, values)| (name, values.join(","))).collect();
        let query: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut event = json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": self.path,
            "rawQueryString": query.join("&"),
            "headers": headers,
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": api,
                "domainName": format!("{api}.execute-api.{REGION}.amazonaws.com"),
                "domainPrefix": api,
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": SOURCE_IP,
                    "userAgent": "agent",
                },
                "requestId": REQUEST_ID,
                "routeKey": route,
                "stage": "$default",
                "time": TIME,
                "timeEpoch": TIME_EPOCH,
            },
            "isBase64Encoded": self.is_base64,
        });
        if let Some(body) = &self.body {
            event["body"] = json!(body);
        }
        event
    }
}

fn last_of_each(pairs: &[(String, String)]) -> Value {
    json!(pairs.iter().cloned().collect::<BTreeMap<_, _>>())
}

fn all_of_each(pairs: &[(String, String)]) -> Value {
    let mut values = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in pairs {
        values.entry(name).or_default().push(value);
    }
    json!(values)
}

fn null_if_empty(map: Value) -> Value {
    if map.as_object().is_some_and(Map::is_empty) { Value::Null } else { map }
}
