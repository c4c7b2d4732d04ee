//! Converts events of API Gateway and function URLs to HTTP requests, and HTTP responses to their
//! format.
//!
//! Clients control the method, path, query, headers and body of an event, so reading an event never
//! fails because of them. Input that is not HTTP becomes a 400 problem, which is answered and
//! logged like any other; see [`Unreadable`].

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{COOKIE, HOST, SET_COOKIE};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tower::{Service, ServiceExt};

use crate::Problem;
use crate::http::stage_variables::StageVariables;
use crate::{json, start};

/// Characters that a path must not contain unencoded (RFC 3986 section 3.3). The percent sign
/// stays, because the gateway does not decode the path.
const NO_PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'[').add(b'\\').add(b']');

/// A client's request as API Gateway (REST API or HTTP API) or a function URL passes it to a
/// function.
///
/// It is deserialized in one pass. All fields that clients control are text here, so that
/// deserializing fails only for events of another kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayEvent {
    /// Only payloads of version 1.0 have it.
    #[serde(default)]
    http_method: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    raw_path: Option<String>,
    #[serde(default)]
    raw_query_string: Option<String>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    stage_variables: Option<StageVariables>,
    request_context: Box<RawValue>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// Version of an event's payload, which determines the format of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// REST APIs.
    V1,
    /// HTTP APIs and function URLs.
    V2,
}

/// Why an event is not an HTTP request. A request with this extension is answered with the problem.
#[derive(Clone, Debug)]
pub struct Unreadable(pub Problem);

/// A response in the format of API Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponse {
    status_code: u16,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

/// Answers each gateway event with this service.
///
/// # Errors
/// When the Lambda runtime fails.
pub(crate) async fn run<S>(service: S) -> Result<(), lambda_runtime::Error>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send,
    S::Future: Send,
{
    lambda_runtime::run(service_fn(move |event: LambdaEvent<json::Payload<GatewayEvent>>| {
        let service = service.clone();
        async move {
            let LambdaEvent { payload: json::Payload(payload), context } = event;
            let event = payload.map_err(|error| start::malformed(&context, &error))?;
            let version = event.version();
            let request = event.into_request().with_lambda_context(context);
            let Ok(response) = service.oneshot(request).await;
            let response = GatewayResponse::new(version, response).await;
            response.map_err(|error| Diagnostic::from(lambda_runtime::Error::from(error)))
        }
    }))
    .await
}

impl GatewayEvent {
    /// Version of its payload.
    #[must_use]
    pub fn version(&self) -> Payload {
        if self.http_method.is_some() { Payload::V1 } else { Payload::V2 }
    }

    /// The HTTP request. It has an [`Unreadable`] extension if the client's input is not HTTP.
    #[must_use]
    pub fn into_request(self) -> Request {
        let mut request = Request::new(Body::empty());
        if let Err(problem) = self.fill(&mut request) {
            request.extensions_mut().insert(Unreadable(problem));
        }
        request
    }

    /// Reads headers first, because the response to a later error may depend on them.
    fn fill(self, request: &mut Request) -> Result<(), Problem> {
        let version = self.version();
        if let Some(variables) = self.stage_variables {
            request.extensions_mut().insert(variables);
        }
        let sent = self.headers.unwrap_or_default();
        let lines = self.multi_value_headers.unwrap_or_default();
        // A REST API sends all values in `multiValueHeaders`, and only the last of each in
        // `headers`.
        let single = sent.iter().filter(|(name, _)| !lines.contains_key(*name));
        let multiple = lines.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        read_headers(single.chain(multiple), request.headers_mut())?;
        check_host(request.headers())?;
        if let Some(cookies) = self.cookies.filter(|cookies| !cookies.is_empty()) {
            let cookies = HeaderValue::from_bytes(cookies.join("; ").as_bytes());
            request.headers_mut().insert(COOKIE, cookies.map_err(|_| unreadable("header cookie"))?);
        }

        let (context, method, uri) = match version {
            Payload::V1 => {
                let query = match self.multi_value_query_string_parameters {
                    Some(parameters) => query(parameters),
                    None => query(
                        self.query_string_parameters
                            .into_iter()
                            .flatten()
                            .map(|(name, value)| (name, vec![value])),
                    ),
                };
                let context = RequestContext::ApiGatewayV1(context(&self.request_context)?);
                let uri = uri(&self.path.unwrap_or_default(), &query)?;
                (context, self.http_method.unwrap_or_default(), uri)
            }
            Payload::V2 => {
                let context: lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext =
                    context(&self.request_context)?;
                let path = self.raw_path.unwrap_or_default();
                let path = without_stage(&path, context.stage.as_deref().unwrap_or_default());
                let uri = uri(path, &self.raw_query_string.unwrap_or_default())?;
                let method = context.http.method.to_string();
                (RequestContext::ApiGatewayV2(context), method, uri)
            }
        };
        *request.uri_mut() = uri;
        *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| unreadable("method"))?;
        request.extensions_mut().insert(context);
        *request.body_mut() = match self.body {
            None => Body::empty(),
            Some(body) if self.is_base64_encoded == Some(true) => {
                BASE64_STANDARD.decode(body).map_err(|_| unreadable("body"))?.into()
            }
            Some(body) => body.into(),
        };
        Ok(())
    }
}

fn read_headers<'a>(
    sent: impl Iterator<Item = (&'a String, &'a String)>,
    headers: &mut HeaderMap,
) -> Result<(), Problem> {
    let mut result = Ok(());
    for (name, value) in sent {
        // Not `from_str`: values may contain non-ASCII octets (RFC 9110 section 5.5).
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) => {
                headers.append(name, value);
            }
            (Ok(name), Err(_)) => result = Err(unreadable(&format!("header {name}"))),
            (Err(_), _) => result = Err(unreadable("name of a header")),
        }
    }
    result
}

/// Refuses requests with an invalid `Host` or more than one (RFC 9112 section 3.2).
fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    let is_host = |host: &HeaderValue| {
        let host = host.to_str().unwrap_or("@");
        host.is_empty() || !host.contains('@') && Authority::try_from(host).is_ok()
    };
    let mut hosts = headers.get_all(HOST).iter();
    if hosts.next().is_none_or(is_host) && hosts.next().is_none() {
        Ok(())
    } else {
        Err(unreadable("header host"))
    }
}

/// The query string of decoded parameters.
fn query(parameters: impl IntoIterator<Item = (String, Vec<String>)>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = parameters.into_iter().flat_map(|(name, values)| {
        let name = encode(&name);
        values.into_iter().map(move |value| format!("{name}={}", encode(&value)))
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn uri(path: &str, query: &str) -> Result<Uri, Problem> {
    let path = utf8_percent_encode(path, NO_PATH);
    let text = if query.is_empty() { path.to_string() } else { format!("{path}?{query}") };
    if !text.starts_with('/') {
        return Err(unreadable("path"));
    }
    PathAndQuery::try_from(text).map(Uri::from).map_err(|_| unreadable("path or query string"))
}

/// HTTP APIs prefix the path with a named stage; routes do not contain stages.
fn without_stage<'a>(path: &'a str, stage: &str) -> &'a str {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
    rest.filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

fn context<T: DeserializeOwned>(context: &RawValue) -> Result<T, Problem> {
    serde_json::from_str(context.get()).map_err(|_| unreadable("context"))
}

fn unreadable(what: &str) -> Problem {
    Problem::bad_request(format!("The {what} of the request is not readable as HTTP."))
}

impl GatewayResponse {
    /// The response in the format of this version.
    ///
    /// # Errors
    /// When its body ends before it is complete.
    pub async fn new(version: Payload, response: Response) -> Result<Self, lambda_runtime::Error> {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await?;
        let (body, is_base64_encoded) = match String::from_utf8(body.into()) {
            Ok(text) => (text, false),
            Err(binary) => (BASE64_STANDARD.encode(binary.as_bytes()), true),
        };
        let status_code = parts.status.as_u16();
        let body = Some(body).filter(|body| !body.is_empty());
        let answer = Self { status_code, body, is_base64_encoded, ..Self::default() };
        let mut headers = parts.headers;
        Ok(match version {
            Payload::V1 => {
                let lines = |name: &HeaderName| (name.to_string(), texts(&headers, name));
                Self { multi_value_headers: headers.keys().map(lines).collect(), ..answer }
            }
            Payload::V2 => {
                let cookies = texts(&headers, &SET_COOKIE);
                headers.remove(SET_COOKIE);
                let line = |name: &HeaderName| (name.to_string(), texts(&headers, name).join(", "));
                Self { headers: headers.keys().map(line).collect(), cookies, ..answer }
            }
        })
    }
}

fn texts(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_MATCH;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::events::HttpRequest;

    fn rest_event(change: impl FnOnce(&mut Value)) -> Value {
        let mut event = HttpRequest::new("GET", "/product").rest_api();
        change(&mut event);
        event
    }

    fn http_event(change: impl FnOnce(&mut Value)) -> Value {
        let mut event = HttpRequest::new("GET", "/product").http_api();
        change(&mut event);
        event
    }

    fn request(event: &Value) -> Request {
        serde_json::from_str::<GatewayEvent>(&event.to_string()).unwrap().into_request()
    }

    /// Why it is not a request; empty if it is one.
    fn detail(request: &Request) -> String {
        let problem = request.extensions().get::<Unreadable>();
        problem.map(|Unreadable(problem)| format!("{problem:?}")).unwrap_or_default()
    }

    async fn body(request: Request) -> Vec<u8> {
        to_bytes(request.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    #[test]
    fn headers_that_only_describe_the_connection_change_nothing() {
        for (name, value) in
            [("X-Forwarded-Proto", "!!"), ("Forwarded", "\u{7f4}"), ("User-Agent", "caf\u{e9}")]
        {
            for event in [
                rest_event(|event| event["multiValueHeaders"][name] = json!([value])),
                rest_event(|event| event["headers"][name] = json!(value)),
                http_event(|event| event["headers"][name] = json!(value)),
            ] {
                assert_eq!(detail(&request(&event)), "", "{name}");
            }
        }
    }

    #[test]
    fn events_that_are_not_http_are_bad_requests() {
        for (event, what) in [
            (rest_event(|event| event["headers"]["Host"] = json!("a b")), ""),
            (rest_event(|event| event["multiValueHeaders"]["Host"] = json!(["a b"])), "header host"),
            (rest_event(|event| event["multiValueHeaders"]["Host"] = json!(["a", "b"])), "header host"),
            (
                rest_event(|event| event["multiValueHeaders"]["Host"] = json!(["user@shop.example"])),
                "header host",
            ),
            (rest_event(|event| event["headers"]["X-A"] = json!("nul\u{0}")), "header x-a"),
            (rest_event(|event| event["headers"]["X-A"] = json!("a\r\nb")), "header x-a"),
            (rest_event(|event| event["headers"]["X A"] = json!("a")), "name of a header"),
            (rest_event(|event| event["httpMethod"] = json!("GE T")), "method"),
            (rest_event(|event| event["path"] = json!("product")), "path"),
            (rest_event(|event| event["path"] = json!(format!("/{}", "a".repeat(70_000)))), "path"),
            (http_event(|event| event["rawQueryString"] = json!("a b")), "path or query string"),
            (http_event(|event| event["cookies"] = json!(["a\n"])), "header cookie"),
            (http_event(|event| event["requestContext"]["http"]["method"] = json!("GE T")), "context"),
            (
                rest_event(|event| {
                    event["body"] = json!("%");
                    event["isBase64Encoded"] = json!(true);
                }),
                "body",
            ),
        ] {
            let detail = detail(&request(&event));
            assert_eq!(detail.contains(what) && !detail.is_empty(), !what.is_empty(), "{what}: {detail}");
        }
    }

    proptest! {
        #[test]
        fn no_text_of_a_client_makes_an_event_unusable(
            name: String, value: String, path: String, query: String, method: String, body: String,
            base64: bool,
        ) {
            let rest = rest_event(|event| {
                event["headers"][&name] = json!(value);
                event["multiValueHeaders"][&name] = json!([value, value]);
                event["queryStringParameters"] = json!({ &query: value });
                event["path"] = json!(format!("/{path}"));
                event["httpMethod"] = json!(method);
                event["body"] = json!(body);
                event["isBase64Encoded"] = json!(base64);
            });
            let http = http_event(|event| {
                event["headers"][&name] = json!(value);
                event["rawPath"] = json!(path);
                event["rawQueryString"] = json!(query);
                event["requestContext"]["http"]["method"] = json!(method);
                event["cookies"] = json!([value]);
                event["body"] = json!(body);
                event["isBase64Encoded"] = json!(base64);
            });
            for event in [rest, http] {
                request(&event);
            }
        }

        #[test]
        fn query_parameters_arrive_as_they_were_sent(name in ".{1,9}", values in prop::collection::vec(".{0,9}", 1..3)) {
            let event = rest_event(|event| event["multiValueQueryStringParameters"] = json!({ &name: values }));
            let request = request(&event);
            let read: Vec<(String, String)> = axum::extract::Query::try_from_uri(request.uri()).unwrap().0;
            let sent: Vec<_> = values.into_iter().map(|value| (name.clone(), value)).collect();
            prop_assert_eq!(read, sent);
        }
    }

    #[test]
    fn header_lines_are_all_kept() {
        let event = rest_event(|event| {
            event["headers"]["If-Match"] = json!("\"2\"");
            event["multiValueHeaders"]["If-Match"] = json!(["\"1\"", "\"2\""]);
        });
        let request = request(&event);
        let lines: Vec<_> = request.headers().get_all(IF_MATCH).iter().collect();
        assert_eq!(lines, ["\"1\"", "\"2\""]);
    }

    #[test]
    fn paths_are_passed_on_as_they_are_encoded() {
        for (path, passed) in [
            ("/basket/a%40b", "/basket/a%40b"),
            ("/basket/a b", "/basket/a%20b"),
            ("/basket/caf\u{e9}", "/basket/caf%C3%A9"),
            ("/a/../b", "/a/../b"),
            ("/a?b#c", "/a%3Fb%23c"),
        ] {
            let request = request(&rest_event(|event| event["path"] = json!(path)));
            assert_eq!(request.uri(), passed, "{}", detail(&request));
        }
    }

    #[test]
    fn an_http_api_passes_paths_decoded_and_after_the_stage() {
        for (stage, path, passed) in [
            ("$default", "/basket/a@b", "/basket/a@b"),
            ("dev", "/dev/basket/a@b", "/basket/a@b"),
            ("dev", "/dev/basket/caf\u{e9} x", "/basket/caf%C3%A9%20x"),
            ("dev", "/dev/dev", "/dev"),
            ("dev", "/development", "/development"),
            ("dev", "/dev/a?b#c", "/a%3Fb%23c"),
            // The gateway keeps this escape, as it would be ambiguous otherwise.
            ("dev", "/dev/100%25", "/100%25"),
        ] {
            let request = request(&http_event(|event| {
                event["rawPath"] = json!(path);
                event["requestContext"]["stage"] = json!(stage);
            }));
            assert_eq!(request.uri(), passed, "{stage} {path} {}", detail(&request));
        }
    }

    #[test]
    fn both_payloads_give_the_same_request() {
        let rest = rest_event(|event| {
            event["path"] = json!("/basket/a%40b");
            event["httpMethod"] = json!("PATCH");
            event["multiValueHeaders"] =
                json!({ "Host": ["shop.example"], "If-Match": ["\"1\", \"2\""], "Cookie": ["a=1; b=2"] });
            event["multiValueQueryStringParameters"] = json!({ "x": ["1", "+"] });
        });
        let http = http_event(|event| {
            event["rawPath"] = json!("/dev/basket/a@b");
            event["requestContext"] = json!({ "http": { "method": "PATCH" }, "stage": "dev" });
            event["headers"] = json!({ "host": "shop.example", "if-match": "\"1\", \"2\"" });
            event["cookies"] = json!(["a=1", "b=2"]);
            event["rawQueryString"] = json!("x=1&x=%2B");
        });
        let [rest, http] = [rest, http].map(|event| request(&event));
        assert_eq!((detail(&rest), detail(&http)), (String::new(), String::new()));
        assert_eq!(rest.method(), http.method());
        assert_eq!(rest.headers(), http.headers());
        assert_eq!(rest.uri().query(), http.uri().query());
        let decoded = |request: &Request| {
            percent_encoding::percent_decode_str(request.uri().path()).collect::<Vec<_>>()
        };
        assert_eq!(decoded(&rest), decoded(&http));
    }

    #[tokio::test]
    async fn bodies_are_text_or_base64() {
        let event = rest_event(|event| event["body"] = json!("caf\u{e9}"));
        assert_eq!(body(request(&event)).await, "caf\u{e9}".as_bytes());
        let event = http_event(|event| {
            event["body"] = json!("/wA=");
            event["isBase64Encoded"] = json!(true);
        });
        assert_eq!(body(request(&event)).await, [255, 0]);
        assert!(body(request(&rest_event(|_| ()))).await.is_empty());
    }

    #[test]
    fn an_event_of_another_kind_is_an_error() {
        assert!(serde_json::from_str::<GatewayEvent>(r#"{"Records": []}"#).is_err());
    }

    #[test]
    fn requests_have_the_variables_of_their_stage() {
        for event in [rest_event(|_| ()), http_event(|_| ())] {
            let variables = |variables: Value| {
                let mut event = event.clone();
                event["stageVariables"] = variables;
                request(&event).extensions().get::<StageVariables>().cloned().unwrap_or_default()
            };
            assert_eq!(variables(json!({ "region": "west" })).get("region"), Some("west"));
            for none in [json!(null), json!({}), json!({ "other": "west" })] {
                assert_eq!(variables(none).get("region"), None);
            }
        }
    }

    #[tokio::test]
    async fn responses_have_the_shape_of_their_payload() {
        let response = || {
            let response = Response::builder().status(201).header("location", "product/1");
            let response = response.header("set-cookie", "a=1").header("set-cookie", "b=2");
            response.body(Body::from("{}")).unwrap()
        };
        let v1 = GatewayResponse::new(Payload::V1, response()).await.unwrap();
        assert_eq!(
            serde_json::to_value(v1).unwrap(),
            json!({
                "statusCode": 201,
                "multiValueHeaders": { "location": ["product/1"], "set-cookie": ["a=1", "b=2"] },
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
        let v2 = GatewayResponse::new(Payload::V2, response()).await.unwrap();
        assert_eq!(
            serde_json::to_value(v2).unwrap(),
            json!({
                "statusCode": 201,
                "headers": { "location": "product/1" },
                "cookies": ["a=1", "b=2"],
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
        let binary = Response::new(Body::from(vec![255, 0]));
        let binary = GatewayResponse::new(Payload::V1, binary).await.unwrap();
        assert_eq!((binary.body.as_deref(), binary.is_base64_encoded), (Some("/wA="), true));
    }
}
