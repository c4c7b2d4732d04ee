use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use lambda_http::RequestExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;
use lambda_http::request::RequestContext;
use lambdakit::auth::caller::TokenClients;
use lambdakit::http::gateway::GatewayEvent;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

/// The app client whose tokens the service accepts; the sample events use it, too.
const APP_CLIENT: &str = "sample-client";

/// A client of a service's routes, with all layers of an API but the gateway.
#[derive(Clone, Debug)]
pub struct Client {
    app: Router,
    /// The claims that the gateway's authorizer would have found in the caller's token.
    claims: Option<Value>,
}

/// A response of the service.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if it is missing.
    pub body: Value,
}

impl Client {
    /// A client of these routes, signed in as staff, who may do everything.
    #[must_use]
    pub fn new(routes: Router) -> Self {
        let app = lambdakit::http::api::app(routes, TokenClients::new([APP_CLIENT]));
        Self { app, claims: Some(claims("ada", "staff")) }
    }

    /// The same, signed in as a customer.
    #[must_use]
    pub fn customer(&self, user_name: &str) -> Self {
        Self { claims: Some(claims(user_name, "")), ..self.clone() }
    }

    /// The same, signed in as a customer of this name whose account has this id.
    #[must_use]
    pub fn customer_with_id(&self, user_name: &str, id: &str) -> Self {
        let mut claims = claims(user_name, "");
        claims["sub"] = json!(id);
        Self { claims: Some(claims), ..self.clone() }
    }

    /// The same, not signed in.
    #[must_use]
    pub fn nobody(&self) -> Self {
        Self { claims: None, ..self.clone() }
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// Sends a POST request with JSON, or with any value that displays as its body.
    pub async fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.send("POST", path, &[], body).await
    }

    /// Sends a request.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ToString,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_string())).expect("a request");
        if let Some(claims) = &self.claims {
            let mut context = ApiGatewayProxyRequestContext::default();
            context.authorizer.fields.insert("claims".to_owned(), claims.clone());
            request = request.with_request_context(RequestContext::ApiGatewayV1(context));
        }
        self.answer(request).await
    }

    /// Sends a request as API Gateway would: a JSON event of a Lambda proxy integration.
    pub async fn invoke(&self, event: &str) -> Answer {
        let event: GatewayEvent = serde_json::from_str(event).expect("an event of API Gateway");
        self.answer(event.into_request()).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// The customer id for this name in tests. The sample events follow the same rule.
#[must_use]
pub fn customer_id(user_name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, user_name.as_bytes()).to_string()
}

fn claims(user_name: &str, groups: &str) -> Value {
    let sub = customer_id(user_name);
    json!({ "sub": sub, "cognito:username": user_name, "cognito:groups": groups, "aud": APP_CLIENT, "token_use": "id" })
}

impl Answer {
    /// The response itself, if it has this status; otherwise the test fails with its body.
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "it asserts")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// A header's value; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The fields that a problem response names, in its order.
    #[must_use]
    pub fn fields_at_fault(&self) -> Vec<&str> {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let errors = self.body["errors"].as_array();
        errors.into_iter().flatten().filter_map(|error| error["field"].as_str()).collect()
    }
}
