//! Events published from the table's stream.

use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, Quarantine};
use privacy::outbox::translate;
use serde_json::{Value, json};
use testkit::Account;

const SAMPLE: &str = include_str!("../../events/privacy-publisher.json");

/// A change of a customer's row, made from the sample.
fn change(name: &str, item: &str, old: Option<&str>, new: &str) -> Value {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let mut record = sample["Records"][0].clone();
    record["eventName"] = json!(name);
    let image = |id: &str| {
        let mut image = record["dynamodb"]["NewImage"].clone();
        image["item"]["S"] = json!(item);
        image["requestId"]["S"] = json!(id);
        image["done"] = json!({ "SS": ["basket"] });
        image
    };
    let (old, new) = (old.map(image), image(new));
    if let Some(old) = old {
        record["dynamodb"]["OldImage"] = old;
    }
    record["dynamodb"]["NewImage"] = new;
    record
}

#[tokio::test]
async fn each_new_request_is_told_once_and_nothing_else_is() {
    let (first, second) = ("019c1430-4400-7000-8000-000000000001", "019c1430-4400-7000-8000-000000000002");
    let account = Account::new();
    let (bus, failures, aws) = (account.bus().await, account.queue("failures").await, account.aws());
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let quarantine = Quarantine::new(aws.sqs(), failures, "privacy-publisher".to_owned());
    let outbox = Outbox::new(publisher, quarantine, translate);
    let mut part = change("INSERT", "part#1", None, first);
    part["dynamodb"]["NewImage"].as_object_mut().unwrap().remove("requestId");
    let mut gone = change("REMOVE", "export", Some(second), second);
    gone["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    let records = json!({ "Records": [
        change("INSERT", "erasure", None, first),
        change("MODIFY", "erasure", Some(first), first),
        part,
        change("MODIFY", "export", Some(first), first),
        change("MODIFY", "export", Some(first), second),
        gone,
    ] });
    let batches: [Batch; 3] =
        [SAMPLE, &records.to_string(), SAMPLE].map(|batch| serde_json::from_str(batch).unwrap());
    for batch in batches {
        assert_eq!(outbox.invoke(batch, None).await.unwrap().failed().count(), 0);
    }
    let events = bus.events(4).await;
    let published: Vec<_> = events
        .iter()
        .map(|event| {
            let data = &event["detail"]["data"];
            let id = data.get("exportId").or(data.get("erasureId")).unwrap();
            assert_eq!(event["source"], "shop.privacy");
            assert_eq!(&event["detail"]["metadata"]["eventId"], id);
            (event["detail-type"].as_str().unwrap(), id.as_str().unwrap())
        })
        .collect();
    let sample = ("CustomerExportRequested", "019c1430-4400-7000-8000-000000000007");
    assert_eq!(published.len(), 4);
    assert_eq!(
        published.iter().filter(|event| **event == sample).count(),
        2,
        "a redelivered record makes the same events"
    );
    assert!(published.contains(&("CustomerErasureRequested", first)));
    assert!(published.contains(&("CustomerExportRequested", second)));
}
