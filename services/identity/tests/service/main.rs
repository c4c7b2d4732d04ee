//! Sign-up tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use lambdakit::auth::sign_up::{SignUpError, invoke};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../events/identity-on-sign-up.json");

async fn sign_up(event: String) -> Result<Box<RawValue>, SignUpError> {
    invoke(identity::check, RawValue::from_string(event).unwrap(), None).await
}

#[tokio::test]
async fn the_sample_event_is_accepted() {
    assert_eq!(sign_up(SAMPLE.trim().to_owned()).await.unwrap().get(), SAMPLE.trim());
}

#[tokio::test]
async fn names_that_the_shop_does_not_accept_are_refused() {
    let account_id = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a";
    for name in ["", "zoë", "a/b", "grace hopper", "checkout", account_id] {
        let mut event: Value = serde_json::from_str(SAMPLE).unwrap();
        event["userName"] = json!(name);
        let refused = sign_up(event.to_string()).await.unwrap_err();
        assert!(matches!(refused, SignUpError::UserName(_)), "{name}: {refused}");
        assert!(refused.to_string().starts_with("The user name "), "{refused}");
    }
}
