//! Idempotency keys for work that spans more than one transaction.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Body;
use axum::extract::OptionalFromRequestParts;
use axum::http::Request as HttpRequest;
use futures::future::join_all;
use lambdakit::idempotency::{ClaimOutcome, IdempotencyKey, IdempotencyStore, Lease, Request};
use testkit::faults::{Fault, Rule};
use testkit::{Account, eventually};

const LONG: Duration = Duration::from_mins(1);

async fn store() -> IdempotencyStore {
    IdempotencyStore::new(Account::new().table("IDEMPOTENCY_TABLE").await)
}

async fn request(payload: &str) -> Request {
    let request = HttpRequest::builder().header("idempotency-key", "k-1").body(Body::empty()).unwrap();
    let (mut parts, _) = request.into_parts();
    let key = IdempotencyKey::from_request_parts(&mut parts, &()).await.unwrap().unwrap();
    Request::new("charge", "swn", &key, payload.as_bytes())
}

fn work(begun: ClaimOutcome) -> Lease {
    match begun {
        ClaimOutcome::Work(lease) => lease,
        other => panic!("not the work but {other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_new_then_in_progress_then_completed() {
    let store = store().await;
    let lease = work(store.begin(request("a").await, LONG).await.unwrap());
    assert!(matches!(store.begin(request("a").await, LONG).await.unwrap(), ClaimOutcome::InProgress));
    assert!(store.finish(lease, "done".to_owned()).await.unwrap());
    match store.begin(request("a").await, LONG).await.unwrap() {
        ClaimOutcome::Completed(answer) => assert_eq!(answer, "done"),
        other => panic!("not completed but {other:?}"),
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_payload_in_progress_and_completed() {
    let store = store().await;
    let lease = work(store.begin(request("a").await, LONG).await.unwrap());
    assert!(matches!(store.begin(request("b").await, LONG).await.unwrap(), ClaimOutcome::OtherPayload));
    store.finish(lease, "done".to_owned()).await.unwrap();
    assert!(matches!(store.begin(request("b").await, LONG).await.unwrap(), ClaimOutcome::OtherPayload));
}

#[tokio::test]
async fn one_of_twenty_concurrent_claims_wins() {
    let store = store().await;
    let begun =
        join_all((0..20).map(|_| async { store.begin(request("a").await, LONG).await.unwrap() })).await;
    assert_eq!(begun.iter().filter(|begun| matches!(begun, ClaimOutcome::Work(_))).count(), 1);
    assert_eq!(begun.iter().filter(|begun| matches!(begun, ClaimOutcome::InProgress)).count(), 19);
}

#[tokio::test]
async fn a_crash_in_progress_frees_the_key_after_the_functions_timeout() {
    let store = store().await;
    let lost = work(store.begin(request("a").await, Duration::from_secs(3)).await.unwrap());
    assert!(matches!(store.begin(request("a").await, LONG).await.unwrap(), ClaimOutcome::InProgress));
    let lease = eventually("the key", async || match store.begin(request("a").await, LONG).await.unwrap() {
        ClaimOutcome::Work(lease) => Some(lease),
        _ => None,
    })
    .await;
    // The request whose claim was taken over finishes too late.
    assert!(!store.finish(lost, "too late".to_owned()).await.unwrap());
    assert!(store.finish(lease, "done".to_owned()).await.unwrap());
}

#[tokio::test]
async fn work_that_failed_can_be_tried_again_at_once() {
    let store = store().await;
    let lease = work(store.begin(request("a").await, LONG).await.unwrap());
    store.release(lease).await.unwrap();
    work(store.begin(request("a").await, LONG).await.unwrap());
}

#[tokio::test]
async fn a_completed_request_is_forgotten_when_it_expires() {
    let account = Account::new();
    let table = account.table("IDEMPOTENCY_TABLE").await;
    let store = IdempotencyStore::new(table.clone());
    let lease = work(store.begin(request("a").await, LONG).await.unwrap());
    store.finish(lease, "done".to_owned()).await.unwrap();
    let rows = table.client().scan().table_name(table.name()).send().await.unwrap();
    let mut row = rows.items()[0].clone();
    row.insert("expiresAt".to_owned(), AttributeValue::N("1769860800".to_owned()));
    table.client().put_item().table_name(table.name()).set_item(Some(row)).send().await.unwrap();
    work(store.begin(request("b").await, LONG).await.unwrap());
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_ours() {
    let account = Account::new();
    account.table("IDEMPOTENCY_TABLE").await;
    let faults = account.faults().await;
    let store = IdempotencyStore::new(account.behind(&faults).known_table("IDEMPOTENCY_TABLE"));
    faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").times(1));
    let lease = work(store.begin(request("a").await, LONG).await.unwrap());
    faults.add(Rule::new(Fault::LoseAnswer).on("PutItem").times(1));
    assert!(store.finish(lease, "done".to_owned()).await.unwrap());
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_ours_whoever_asks_meanwhile() {
    let account = Account::new();
    account.table("IDEMPOTENCY_TABLE").await;
    let faults = account.faults().await;
    let store = IdempotencyStore::new(account.behind(&faults).known_table("IDEMPOTENCY_TABLE"));
    let (ours, theirs) = (request("a").await, request("a").await);
    let others = async {
        assert!(matches!(store.begin(theirs, LONG).await.unwrap(), ClaimOutcome::InProgress));
    };
    let lease = work(faults.meanwhile("PutItem", store.begin(ours, LONG), others).await.unwrap());
    let again = request("a").await;
    let others = async {
        assert!(matches!(store.begin(again, LONG).await.unwrap(), ClaimOutcome::Completed(_)));
    };
    assert!(faults.meanwhile("PutItem", store.finish(lease, "done".to_owned()), others).await.unwrap());
}
