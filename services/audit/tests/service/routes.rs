use serde_json::json;
use testkit::faults::{Fault, Rule};

use crate::{ORDER, archive, order_event};

#[tokio::test]
async fn an_audit_comes_in_pages() {
    let archive = archive().await;
    let facts: Vec<_> = (0..9).map(|minutes| order_event("OrderPaid", minutes)).collect();
    assert!(archive.deliver(&facts).await.is_empty());
    let (mut minutes, mut next) = (Vec::new(), format!("/audit/{ORDER}?limit=4"));
    loop {
        let page = archive.client.get(&next).await.expect(200).body;
        let times = page["items"].as_array().unwrap().iter().map(|entry| entry["occurredAt"].to_string());
        minutes.extend(times);
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        next = format!("/audit/{ORDER}?limit=4&cursor={cursor}");
    }
    let expected: Vec<_> = (0..9).map(|minute| format!("\"2026-01-31T12:{minute:02}:00.000Z\"")).collect();
    assert_eq!(minutes, expected);
    let other = next.replace(ORDER, "019c1431-2e60-7000-8000-000000000002");
    assert_eq!(archive.client.get(&other).await.expect(400).fields_at_fault(), ["cursor"]);
}

#[tokio::test]
async fn an_audit_is_for_staff() {
    let archive = archive().await;
    let path = format!("/audit/{ORDER}");
    archive.client.nobody().get(&path).await.expect(401);
    archive.client.customer("swn").get(&path).await.expect(403);
    let sample = archive.client.invoke(include_str!("../../events/audit-api.json")).await.expect(200);
    assert_eq!(sample.body, json!({ "items": [] }), "nothing has happened to an order that nobody knows");
}

#[tokio::test]
async fn impossible_order_ids_are_not_found_and_table_failures_are_reported() {
    let archive = archive().await;
    archive.client.get("/audit/1").await.expect(404);
    assert_eq!(
        archive.client.get(&format!("/audit/{ORDER}?limit=0")).await.expect(400).fields_at_fault(),
        ["limit"]
    );
    archive.faults.add(Rule::new(Fault::Throttle).on("Query"));
    archive.client.get(&format!("/audit/{ORDER}")).await.expect(503);
}
