//! Functions as processes, at a Lambda Runtime API. Each ignored test is what a `main` would run.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot run has failed")]

use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer;
use lambdakit::telemetry::subscriber::{self, Allowed};
use lambdakit::testing::{Error, ErrorReport, Function, FunctionBuilder, StartError, events};
use lambdakit::{ConfigError, config, telemetry};
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

#[tokio::test]
#[ignore = "a function"]
async fn ledger() {
    subscriber::init(ALLOWED);
    // The function goes on without a second subscriber.
    subscriber::init(ALLOWED);
    consumer::run(async || {
        config::required("TABLE")?;
        Ok::<_, ConfigError>(Ledger)
    })
    .await
    .unwrap();
}

fn function() -> FunctionBuilder {
    let function = Function::of_test("ledger").unwrap().env("TABLE", "ledger");
    let function = function.env("SERVICE", "bank").env("STAGE", "test").env("METRICS_NAMESPACE", "Bank");
    function.env("LAMBDAKIT_LOG", "info,functions=debug")
}

fn closed(account: &str) -> Value {
    events::event("bank", "AccountClosed", &json!({ "account": account }))
}

fn messages(line: &Value) -> Vec<&str> {
    let events = line["events"].as_array().into_iter().flatten();
    events.map(|event| event["message"].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_second_subscriber_is_a_log_line() {
    let mut function = function().start().await.unwrap();
    for kind in ["log crate", "tracing"] {
        let line = function.log_line().await.unwrap();
        let message = line["message"].as_str().unwrap();
        assert!(
            message.contains(kind) && message.contains("already been set")
                || message.contains("already initialized"),
            "{line}"
        );
        assert_eq!(line["level"], "WARN");
    }
    assert_eq!(function.invoke(&closed("7")).await.unwrap(), Value::Null);
}

#[tokio::test]
async fn an_invocation_has_one_line_with_its_events() {
    let mut function = function().start().await.unwrap();
    for _ in 0..2 {
        function.log_line().await.unwrap();
    }
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
    let mut function = function().start().await.unwrap();
    for _ in 0..2 {
        function.log_line().await.unwrap();
    }
    function.invoke(&closed("panic")).await.unwrap_err();
    let line = function.log_line().await.unwrap();
    assert!(line["error"].as_str().unwrap().ends_with("the ledger is torn"), "{line}");
    assert_eq!(messages(&line)[0], "closing the account");
}

#[tokio::test]
async fn a_missing_variable_ends_the_init_and_is_logged() {
    let names = ["SERVICE", "STAGE", "METRICS_NAMESPACE", "TABLE"];
    for name in names {
        let error = function().env(name, "").start().await.unwrap_err();
        let StartError::Ended { status, lines } = error else { panic!("{error}") };
        assert!(!status.success());
        let expected = format!("environment variable {name} is not set");
        assert!(lines.iter().any(|line| line.contains("ERROR") && line.contains(&expected)), "{lines:?}");
    }
}

#[tokio::test]
async fn malformed_events_are_errors_and_the_function_lives_on() {
    let mut function = function().start().await.unwrap();
    let payloads = [
        json!(null),
        json!([]),
        json!("secret"),
        json!({}),
        json!({ "Records": [{ "s3": {} }] }),
        json!({ "Records": [{ "kinesis": { "sequenceNumber": 1 } }] }),
    ];
    for payload in payloads {
        let error = function.invoke(&payload).await.unwrap_err();
        let Error::Failed(ErrorReport { error_type, error_message }) = error else { panic!("{error}") };
        assert_eq!(error_type, "Malformed", "{payload}: {error_message}");
        assert!(!error_message.contains("secret"));
    }
    function.invoke(&closed("7")).await.unwrap();
}
