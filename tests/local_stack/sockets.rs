//! API Gateway: a WebSocket API responds, rejects and closes as on AWS.

use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, WebSocket};

use crate::local_aws::{LocalAws, eventually, function};

struct Api {
    aws: LocalAws,
    path: String,
}

impl Api {
    fn deployed(name: &str) -> Self {
        let aws = LocalAws::start(name);
        aws.ready();
        let invoke = |function: &str| {
            json!({ "Fn::Join": ["", [
                "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/", { "Fn::GetAtt": [function, "Arn"] }, "/invocations",
            ]] })
        };
        let of_api = |kind: &str, properties: Value| {
            let mut properties = properties;
            properties["ApiId"] = json!({ "Ref": "Api" });
            json!({ "Type": format!("AWS::ApiGatewayV2::{kind}"), "Properties": properties })
        };
        let route = |key: &str, more: Value| {
            let mut properties = more;
            properties["RouteKey"] = json!(key);
            properties["Target"] = json!({ "Fn::Join": ["", ["integrations/", { "Ref": "Integration" }]] });
            of_api("Route", properties)
        };
        let url = json!({ "Fn::Join": ["", ["https://", { "Ref": "Api" }, ".execute-api.us-east-1.amazonaws.com/live"]] });
        let answered = || json!({ "RouteResponseSelectionExpression": "$default" });
        let resources = json!({
            "Api": { "Type": "AWS::ApiGatewayV2::Api", "Properties": {
                "Name": "live", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action",
            } },
            "Chat": function("chat", &url),
            "Authorize": function("authorize", &json!("")),
            "Integration": of_api("Integration", json!({ "IntegrationType": "AWS_PROXY", "IntegrationUri": invoke("Chat") })),
            "Authorizer": of_api("Authorizer", json!({
                "Name": "token", "AuthorizerType": "REQUEST", "AuthorizerUri": invoke("Authorize"),
                "IdentitySource": ["route.request.querystring.token"],
            })),
            "Connect": route("$connect", json!({ "AuthorizationType": "CUSTOM", "AuthorizerId": { "Ref": "Authorizer" } })),
            "Push": route("push", answered()),
            "Quiet": route("quiet", json!({})),
            "Default": route("$default", answered()),
            "DefaultResponse": of_api("RouteResponse", json!({ "RouteId": { "Ref": "Default" }, "RouteResponseKey": "$default" })),
            "Stage": of_api("Stage", json!({ "StageName": "live", "AutoDeploy": true })),
        });
        let outputs = aws.deploy(&resources, &json!({ "Api": { "Ref": "Api" } }));
        Self { path: format!("_aws/execute-api/{}/live", outputs["Api"]), aws }
    }

    fn connect(&self, query: &str) -> Result<WebSocket<TcpStream>, u16> {
        let address = self.aws.endpoint().replace("http://", "");
        let stream = TcpStream::connect(&address).unwrap();
        match tungstenite::client(format!("ws://{address}/{}{query}", self.path), stream) {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The status of the management API when it posts a frame to a connection.
    fn post(&self, connection: &str, frame: &str) -> u16 {
        self.aws.post(&format!("{}/@connections/{connection}", self.path), frame)
    }
}

fn say(socket: &mut WebSocket<TcpStream>, frame: &str) {
    socket.send(Message::text(frame)).unwrap();
}

fn receive(socket: &mut WebSocket<TcpStream>) -> String {
    socket.read().unwrap().into_text().unwrap().to_string()
}

fn connection_of(frame: &str) -> String {
    serde_json::from_str::<Value>(frame).unwrap()["connection"].as_str().unwrap().to_owned()
}

#[test]
fn handshakes_are_refused_as_the_authorizer_says() {
    let api = Api::deployed("socket-handshake");
    assert_eq!(api.connect("").err(), Some(401));
    assert_eq!(api.connect("?token=bad").err(), Some(403));
    assert!(api.connect("?token=good").is_ok());
}

#[test]
fn frames_are_answered_where_the_route_says_so() {
    let api = Api::deployed("socket-frames");
    let mut socket = api.connect("?token=good").unwrap();
    say(&mut socket, r#"{"action":"quiet"}"#);
    say(&mut socket, r#"{"action":"push"}"#);
    assert_eq!(receive(&mut socket), "pushed", "the quiet route has said nothing before");
    let connection = connection_of(&receive(&mut socket));
    say(&mut socket, "fail");
    let failed: Value = serde_json::from_str(&receive(&mut socket)).unwrap();
    assert_eq!(failed["message"], "Internal server error");
    assert_eq!(failed["connectionId"], json!(connection));
}

#[test]
fn gone_clients_are_removed_and_flooding_ones_disconnected() {
    let api = Api::deployed("socket-gone");
    let mut socket = api.connect("?token=good").unwrap();
    say(&mut socket, "who am I");
    let connection = connection_of(&receive(&mut socket));
    assert_eq!(api.post(&connection, "news"), 200);
    assert_eq!(receive(&mut socket), "news");
    assert_eq!(api.post(&connection, &"x".repeat(128 * 1024 + 1)), 413);
    say(&mut socket, &"x".repeat(128 * 1024 + 1));
    let Message::Close(Some(close)) = socket.read().unwrap() else { panic!("not closed") };
    assert_eq!(close.code, CloseCode::Size);
    drop(socket);
    eventually("a connection that is gone", || (api.post(&connection, "news") == 410).then_some(()));
}
