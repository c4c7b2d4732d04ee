//! Events of each trigger, after the samples in AWS's documentation.

mod http;
mod records;
mod websocket;

use serde::Serialize;
use serde_json::{Value, json};

pub use http::HttpRequest;
pub use records::{
    DynamoDbRecord, dynamodb_batch, kinesis_batch, kinesis_record, sns_notification, sqs_batch, sqs_message,
};
pub use websocket::{websocket_authorizer, websocket_connect, websocket_disconnect, websocket_message};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const TIME: &str = "2026-01-31T12:00:00Z";

/// An event as an EventBridge rule invokes a function with it.
#[must_use]
pub fn event(source: &str, detail_type: &str, detail: &impl Serialize) -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [],
        "detail": json!(detail),
    })
}

/// The event of an EventBridge Scheduler schedule whose target has no input. One that has an input
/// invokes the function with that.
#[must_use]
pub fn schedule(name: &str) -> Value {
    let mut event = event("aws.scheduler", "Scheduled Event", &json!({}));
    event["resources"] = json!([format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}")]);
    // The scheduler sends its empty detail as text.
    event["detail"] = json!("{}");
    event
}

/// The input of a Step Functions task that waits for its task token.
#[must_use]
pub fn task(input: &impl Serialize, task_token: &str) -> Value {
    let mut input = json!(input);
    input["taskToken"] = json!(task_token);
    input
}

/// The event of a Cognito user pool before it creates an account of this name.
#[must_use]
pub fn pre_sign_up(user_name: &str) -> Value {
    json!({
        "version": "1",
        "triggerSource": "PreSignUp_SignUp",
        "region": REGION,
        "userPoolId": "us-east-1_AbCdEfGhI",
        "userName": user_name,
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "sample-client" },
        "request": { "userAttributes": {}, "validationData": null },
        "response": { "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false },
    })
}
