//! Functions as processes, at a Lambda Runtime API. Each ignored test is what a `main` would run.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

use axum::Router;
use axum::routing::get;
use lambdakit::auth::{authorizer, jwt, sign_up};
use lambdakit::aws::Aws;
use lambdakit::http::api;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::{self, EventRecord, Outbox};
use lambdakit::telemetry::subscriber::{self, Allowed};
use lambdakit::testing::{Error, ErrorReport, Function, FunctionBuilder, StartError, events};
use lambdakit::websocket::{self, ConnectionEvent};
use lambdakit::workflow::steps::{self, StepError, StepResult};
use lambdakit::{ConfigError, Problem, config, handler, telemetry};
use serde::Deserialize;
use serde_json::{Value, json};

const ALLOWED: &[Allowed] = &[Allowed { target: "functions", fields: &["account"] }];

#[derive(Deserialize)]
enum AccountEvent {
    AccountClosed(Closed),
}

#[derive(Deserialize)]
struct Closed {
    account: String,
}

struct Ledger;

impl consumer::Handler for Ledger {
    type Event = AccountEvent;

    async fn handle(&self, AccountEvent::AccountClosed(closed): AccountEvent) -> Result<(), HandlerError> {
        let Closed { account } = closed;
        telemetry::field("route", "ledger");
        tracing::debug!(account, owner = "grace@example.com", "closing the account");
        log::info!("the ledger is open");
        log::info!("the ledger of {account} is open");
        match &*account {
            "" => Err("no account".into()),
            "panic" => panic!("the ledger is torn"),
            _ => Ok(()),
        }
    }
}

impl steps::Handler for Ledger {
    type Step = Closed;
    type Output = ();

    async fn handle(&self, _: Closed) -> Result<StepResult<()>, StepError> {
        Ok(StepResult::Done(()))
    }
}

impl websocket::Handler for Ledger {
    async fn handle(&self, _: ConnectionEvent) -> Result<Option<String>, Problem> {
        Ok(None)
    }
}

/// The functions by the name of their handler, as an executable for several functions has them.
#[tokio::test]
#[ignore = "a function"]
async fn main() {
    match handler::name().unwrap().as_str() {
        "ledger" => {
            subscriber::init(ALLOWED);
            // The function goes on without a second subscriber.
            subscriber::init(ALLOWED);
            let build = async || {
                config::required("TABLE")?;
                Ok::<_, ConfigError>(Ledger)
            };
            consumer::run(build).await.unwrap();
        }
        "api" => api::run(async || Ok(Router::new().route("/", get(async || "ok")))).await.unwrap(),
        "websocket" => websocket::run(async || Ok(Ledger)).await.unwrap(),
        "step" => steps::run(async || Ok(Ledger)).await.unwrap(),
        "authorizer" => authorizer::run(jwt::Tokens::from_env).await.unwrap(),
        "sign-up" => sign_up::run(|_: &str| Ok::<_, String>(())).await.unwrap(),
        "outbox" => {
            let translate = |_: &EventRecord| Ok::<_, HandlerError>(None::<Entry>);
            outbox::run(async || Outbox::from_env(&Aws::from_env()?, translate)).await.unwrap();
        }
        other => panic!("{}", handler::unknown(other)),
    }
}

fn function(handler: &str) -> FunctionBuilder {
    let function = Function::of_test("main").unwrap().env("_HANDLER", handler);
    [
        ("SERVICE", "bank"),
        ("STAGE", "test"),
        ("METRICS_NAMESPACE", "Bank"),
        ("LAMBDAKIT_LOG", "info,functions=debug"),
        ("TABLE", "ledger"),
        ("EVENT_BUS", "bank"),
        ("QUARANTINE_QUEUE_URL", "http://127.0.0.1:9/quarantine"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("TOKEN_ISSUER", "http://127.0.0.1:9"),
        ("TOKEN_CLIENTS", "client"),
        ("ALLOWED_ORIGINS", "http://localhost:3000"),
    ]
    .into_iter()
    .fold(function, |function, (name, value)| function.env(name, value))
}

fn closed(account: &str) -> Value {
    events::event("bank", "AccountClosed", &json!({ "account": account }))
}

/// The function, after the lines that name its second subscriber.
async fn ledger() -> Function {
    let mut function = function("ledger").start().await.unwrap();
    for _ in 0..2 {
        function.log_line().await.unwrap();
    }
    function
}

fn messages(line: &Value) -> Vec<&str> {
    let events = line["events"].as_array().into_iter().flatten();
    events.map(|event| event["message"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_second_subscriber_is_a_log_line() {
    let mut function = function("ledger").start().await.unwrap();
    for cause in ["records of the log crate are not logged: ", "events of tracing are not logged: "] {
        let line = function.log_line().await.unwrap();
        assert_eq!(line["level"], "WARN");
        assert!(line["message"].as_str().unwrap().starts_with(cause), "{line}");
    }
    assert_eq!(function.invoke(&closed("7")).await.unwrap(), Value::Null);
}

#[tokio::test]
async fn an_invocation_has_one_line_with_its_events() {
    let mut function = ledger().await;
    let batch = events::sqs_batch([events::sqs_message("m-1", &closed("7").to_string())]);
    let response = function.invoke(&batch).await.unwrap();
    assert_eq!(response, json!({ "batchItemFailures": [] }));
    let line = function.log_line().await.unwrap();
    assert_eq!((&line["service"], &line["outcome"]), (&json!("bank"), &json!("ok")));
    assert_eq!(line["requestId"], "8476a536-e9f4-11e8-9739-000000000001");
    assert_eq!(messages(&line), ["the ledger is open", ""], "{line}");
    let Error::Failed(error) = function.invoke(&closed("")).await.unwrap_err() else { panic!() };
    let expected = ErrorReport { error_type: "Failed".to_owned(), error_message: "no account".to_owned() };
    assert_eq!(error, expected);
    let line = function.log_line().await.unwrap();
    assert_eq!((&line["level"], &line["coldStart"]), (&json!("ERROR"), &json!(false)));
    assert_eq!(messages(&line), ["closing the account", "the ledger is open", ""], "{line}");
    assert_eq!(line["events"][0]["account"], "");
    assert!(!line.to_string().contains("grace@"), "{line}");
}

#[tokio::test]
async fn a_panic_is_a_log_line_with_the_events() {
    let mut function = ledger().await;
    function.invoke(&closed("panic")).await.unwrap_err();
    let line = function.log_line().await.unwrap();
    assert!(line["error"].as_str().unwrap().ends_with("the ledger is torn"), "{line}");
    assert_eq!(messages(&line)[0], "closing the account");
}

#[tokio::test]
async fn a_missing_variable_ends_the_init_and_is_logged() {
    for (handler, name) in [
        ("ledger", "SERVICE"),
        ("ledger", "STAGE"),
        ("ledger", "METRICS_NAMESPACE"),
        ("ledger", "TABLE"),
        ("outbox", "EVENT_BUS"),
        ("outbox", "QUARANTINE_QUEUE_URL"),
        ("authorizer", "TOKEN_ISSUER"),
    ] {
        let error = function(handler).env(name, "").start().await.unwrap_err();
        let StartError::Ended { status, lines } = error else { panic!("{error}") };
        assert!(!status.success());
        let expected = format!("environment variable {name} is not set");
        assert!(lines.iter().any(|line| line.contains("ERROR") && line.contains(&expected)), "{lines:?}");
    }
}

#[tokio::test]
async fn malformed_events_end_no_function() {
    let payloads = [
        json!(null),
        json!([]),
        json!("secret"),
        json!({}),
        json!({ "Records": [{ "s3": {} }] }),
        json!({ "Records": [{ "kinesis": { "sequenceNumber": 1 } }] }),
        json!({ "Records": [{ "dynamodb": "secret" }] }),
    ];
    let request = events::HttpRequest::new("GET", "/");
    for (handler, valid) in [
        ("ledger", vec![closed("7"), events::sns_notification(&closed("7").to_string())]),
        ("api", vec![request.rest_api(), request.http_api(), request.function_url()]),
        ("websocket", vec![events::websocket_message("c-1", "hello")]),
        ("step", vec![events::task(&json!({ "account": "7" }), "token")]),
        ("authorizer", vec![]),
        ("sign-up", vec![events::pre_sign_up("grace")]),
        ("outbox", vec![events::dynamodb_batch([])]),
    ] {
        let mut function = function(handler).start().await.unwrap();
        for payload in &payloads {
            match function.invoke(payload).await {
                // A client of a WebSocket API gets a status.
                Ok(response) => {
                    assert!(response["statusCode"].as_u64() >= Some(500), "{handler}: {response}");
                }
                Err(Error::Failed(ErrorReport { error_type, error_message })) => {
                    assert!(!error_type.is_empty() && !error_message.is_empty(), "{handler}: {payload}");
                    assert!(!error_message.contains("secret"), "{handler}: {error_message}");
                }
                Err(error) => panic!("{handler}: {payload}: {error}"),
            }
            let line = loop {
                let line = function.log_line().await.unwrap();
                if line.get("outcome").is_some() {
                    break line;
                }
            };
            assert_eq!((&line["outcome"], &line["level"]), (&json!("failed"), &json!("ERROR")), "{line}");
            // A stream's records fail on their own.
            let has_cause = ["error", "failures"].iter().any(|name| !line[name].is_null());
            assert!(has_cause, "{handler}: {payload}: {line}");
            assert!(!line.to_string().contains("secret"), "{handler}: {line}");
        }
        for event in valid {
            let response = function.invoke(&event).await;
            assert!(response.is_ok(), "{handler}: {response:?}");
        }
    }
}
