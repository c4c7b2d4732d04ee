//! API Gateway: an HTTP API of a template passes events and answers as on AWS.

use serde_json::{Value, json};
use ureq::http::{HeaderMap, Request};

use crate::local_aws::{LocalAws, function};

const ORIGIN: &str = "https://shop.example";

struct Api {
    aws: LocalAws,
    path: String,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Api {
    fn deployed(name: &str) -> Self {
        let aws = LocalAws::start(name);
        aws.ready();
        let of_api = |kind: &str, properties: Value| {
            let mut properties = properties;
            properties["ApiId"] = json!({ "Ref": "Api" });
            json!({ "Type": format!("AWS::ApiGatewayV2::{kind}"), "Properties": properties })
        };
        let integration = |function: &str| {
            of_api(
                "Integration",
                json!({
                    "IntegrationType": "AWS_PROXY", "IntegrationUri": { "Fn::GetAtt": [function, "Arn"] }, "PayloadFormatVersion": "2.0",
                }),
            )
        };
        let route = |key: &str, integration: &str, more: Value| {
            let mut properties = more;
            properties["RouteKey"] = json!(key);
            properties["Target"] = json!({ "Fn::Join": ["", ["integrations/", { "Ref": integration }]] });
            of_api("Route", properties)
        };
        let resources = json!({
            "Api": { "Type": "AWS::ApiGatewayV2::Api", "Properties": {
                "Name": "shop", "ProtocolType": "HTTP",
                "CorsConfiguration": { "AllowOrigins": [ORIGIN], "AllowMethods": ["GET"], "ExposeHeaders": ["ETag"] },
            } },
            "Reflect": function("reflect", &json!("")),
            "Fail": function("fail", &json!("")),
            "Reflects": integration("Reflect"),
            "Fails": integration("Fail"),
            "Authorizer": of_api("Authorizer", json!({
                "Name": "token", "AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": { "Audience": ["client"], "Issuer": "https://cognito-idp.us-east-1.amazonaws.com/pool" },
            })),
            "Thing": route("GET /thing/{name}", "Reflects", json!({})),
            "Rare": route("GET /rare", "Reflects", json!({})),
            "Broken": route("GET /broken", "Fails", json!({})),
            "Own": route("GET /own", "Reflects", json!({ "AuthorizationType": "JWT", "AuthorizerId": { "Ref": "Authorizer" } })),
            "Stage": of_api("Stage", json!({
                "StageName": "live", "AutoDeploy": true, "StageVariables": { "services": "product,basket" },
                "DefaultRouteSettings": { "ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 1000 },
                "RouteSettings": { "GET /rare": { "ThrottlingRateLimit": 0.01, "ThrottlingBurstLimit": 2 } },
            })),
        });
        let outputs = aws.deploy(&resources, &json!({ "Api": { "Ref": "Api" } }));
        Self { path: format!("_aws/execute-api/{}/live", outputs["Api"]), aws }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}/{}{path}", self.aws.endpoint(), self.path);
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
        let agent: ureq::Agent = config.build().into();
        let mut response = agent.run(request.body(()).unwrap()).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or_default(),
        }
    }
}

#[test]
fn http_events_have_the_stage_and_the_cookies_of_the_request() {
    let api = Api::deployed("http-events");
    let event = api.send("GET", "/thing/a%20b?x=1&x=%2B", &[("cookie", "a=1; b=2")]).body;
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "GET /thing/{name}");
    assert_eq!(
        (&event["rawPath"], &event["requestContext"]["http"]["path"]),
        (&json!("/live/thing/a b"), &json!("/live/thing/a b"))
    );
    assert_eq!(event["rawQueryString"], "x=1&x=%2B");
    assert_eq!(event["stageVariables"], json!({ "services": "product,basket" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"].get("cookie"), None);
    let plain = api.send("GET", "/thing/a", &[]).body;
    assert_eq!(plain.get("cookies"), None);
}

#[test]
fn an_http_api_answers_for_itself() {
    let api = Api::deployed("http-answers");
    let cors = |answer: &Answer| {
        answer
            .headers
            .get_all("access-control-allow-origin")
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let preflight =
        api.send("OPTIONS", "/thing/a", &[("origin", ORIGIN), ("access-control-request-method", "GET")]);
    assert_eq!((preflight.status, cors(&preflight)), (204, vec![ORIGIN.to_owned()]));
    assert_eq!(cors(&api.send("GET", "/thing/a", &[("origin", ORIGIN)])), [ORIGIN]);
    assert!(cors(&api.send("GET", "/thing/a", &[("origin", "https://other.example")])).is_empty());

    let failed = api.send("GET", "/broken", &[]);
    assert_eq!((failed.status, failed.body), (500, json!({ "message": "Internal Server Error" })));
    let refused = api.send("GET", "/own", &[("authorization", "Bearer x.y.z")]);
    assert_eq!((refused.status, &refused.headers["www-authenticate"]), (401, &"Bearer".parse().unwrap()));
    let unknown = api.send("POST", "/thing/a", &[]);
    assert_eq!((unknown.status, unknown.body), (404, json!({ "message": "Not Found" })));

    let statuses: Vec<_> = (0..3).map(|_| api.send("GET", "/rare", &[]).status).collect();
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(api.send("GET", "/thing/a", &[]).status, 200, "each route has its own limit");
}
