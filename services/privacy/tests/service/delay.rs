//! The delay between the request for an erasure and the erasure of what fulfilment needs.

use std::time::Duration;

use domain::Timestamp;
use lambdakit::messaging::consumer;
use privacy::erasure::schedule_name;
use serde_json::{Value, json};
use testkit::SCHEDULE_GROUP;
use testkit::faults::{Fault, Rule};
use uuid::Uuid;

use crate::{Shop, shop, shop_that_delays};

const DELAY: Duration = Duration::from_mins(15);

impl Shop {
    /// Requests an erasure for `swn` and returns the event that the publisher makes of it.
    async fn erasure_requested(&self) -> Value {
        let erasure = self.client.send("DELETE", "/me", &[], "").await.expect(202).body;
        let id = &erasure["requestId"];
        let metadata = json!({
            "eventId": id, "version": 1, "correlationId": "c-1", "occurredAt": erasure["requestedAt"],
        });
        let data = json!({ "customerId": erasure["customerId"], "erasureId": id });
        json!({
            "source": "shop.privacy", "detail-type": "CustomerErasureRequested",
            "detail": { "metadata": metadata, "data": data },
        })
    }

    /// Invokes the consumer with one event, and returns whether it was handled.
    async fn invoke(&self, event: &Value) -> bool {
        consumer::invoke(&self.progress, &event.to_string(), None).await.is_ok()
    }

    /// The names of all schedules.
    async fn schedules(&self) -> Vec<String> {
        let listed = self.account.aws().scheduler().list_schedules().send().await.unwrap();
        listed.schedules.into_iter().filter_map(|schedule| schedule.name).collect()
    }

    /// The events on the bus. Another erasure, which is due at once, shows that there are no more.
    async fn published(&self) -> Vec<Value> {
        let last = self.staff.send("DELETE", &format!("/customer/{}", Uuid::now_v7()), &[], "").await;
        let last = last.expect(202).body;
        let mark = json!(Uuid::now_v7());
        let mut due = due(&last["customerId"], &last["requestId"]);
        due["detail"]["metadata"]["correlationId"] = mark.clone();
        assert!(self.invoke(&due).await);
        let mut count = 1;
        loop {
            let mut events = self.bus.events(count).await;
            let end = events.iter().position(|event| event["detail"]["metadata"]["correlationId"] == mark);
            if let Some(end) = end {
                events.truncate(end);
                return events;
            }
            count = events.len() + 1;
        }
    }
}

/// The input of an erasure's schedule.
fn due(customer_id: &Value, erasure_id: &Value) -> Value {
    let metadata = json!({
        "eventId": Uuid::now_v7(), "version": 1, "correlationId": "c-1", "occurredAt": "2026-01-31T12:15:00.000Z",
    });
    let data = json!({ "customerId": customer_id, "erasureId": erasure_id });
    json!({
        "source": "shop.privacy", "detail-type": "ErasureDelayPassed",
        "detail": { "metadata": metadata, "data": data },
    })
}

#[tokio::test]
async fn an_erasure_is_due_when_its_schedule_says_so() {
    let shop = shop().await;
    let requested = shop.erasure_requested().await;
    let [metadata, data] = ["metadata", "data"].map(|part| &requested["detail"][part]);
    // The event is redelivered.
    for _ in 0..2 {
        assert!(shop.invoke(&requested).await);
    }
    let name = schedule_name(data["erasureId"].as_str().unwrap().parse().unwrap());
    assert_eq!(shop.schedules().await, [&*name]);
    let schedule = shop
        .account
        .aws()
        .scheduler()
        .get_schedule()
        .group_name(SCHEDULE_GROUP)
        .name(name)
        .send()
        .await
        .unwrap();
    let at = schedule.schedule_expression().unwrap().strip_prefix("at(").unwrap().replace(')', "Z");
    let at: Timestamp = serde_json::from_value(json!(at)).unwrap();
    let requested_at: Timestamp = serde_json::from_value(metadata["occurredAt"].clone()).unwrap();
    let wait = at.unix_millis() - requested_at.unix_millis();
    assert!((900_000..901_000).contains(&wait), "{wait}");
    assert_eq!(shop.published().await, Vec::<Value>::new());

    let target = schedule.target().unwrap();
    assert_eq!(target.arn(), shop.bus.arn());
    assert!(target.dead_letter_config().unwrap().arn().is_some());
    let event = target.event_bridge_parameters().unwrap();
    let detail: Value = serde_json::from_str(target.input().unwrap()).unwrap();
    let passed = json!({ "source": event.source(), "detail-type": event.detail_type(), "detail": detail });
    for _ in 0..2 {
        assert!(shop.invoke(&passed).await);
    }
    let published = shop.published().await;
    // The first event is the one that showed that there were no others.
    let [_, due, again] = &published[..] else { panic!("{published:?}") };
    assert_eq!((&due["source"], &due["detail-type"]), (&json!("shop.privacy"), &json!("CustomerErasureDue")));
    assert_eq!(&due["detail"]["data"], data);
    assert_eq!(due["detail"]["metadata"]["causationId"], metadata["eventId"]);
    assert_eq!(due["detail"]["metadata"]["correlationId"], "c-1");
    assert_eq!(due["detail"], again["detail"], "an event that comes again is the same");
}

#[tokio::test]
async fn an_erasure_without_delay_is_due_at_once() {
    let shop = shop_that_delays(Duration::ZERO).await;
    assert!(shop.invoke(&shop.erasure_requested().await).await);
    assert_eq!(shop.published().await.len(), 1);
    assert_eq!(shop.schedules().await, [""; 0]);
}

#[tokio::test]
async fn an_erasure_whose_delay_has_passed_is_due_at_once() {
    let shop = shop().await;
    let mut requested = shop.erasure_requested().await;
    let now = Timestamp::now().unix_millis();
    let delay = u64::try_from(DELAY.as_millis()).unwrap();
    requested["detail"]["metadata"]["occurredAt"] = json!(Timestamp::from_unix_millis(now - delay));
    assert!(shop.invoke(&requested).await);
    assert_eq!(shop.published().await.len(), 1);
    assert_eq!(shop.schedules().await, [""; 0]);
}

#[tokio::test]
async fn an_erasure_that_was_not_requested_or_is_done_is_not_due() {
    let shop = shop().await;
    let requested = shop.erasure_requested().await;
    let data = &requested["detail"]["data"];
    for (customer_id, erasure_id) in
        [(&data["customerId"], &json!(Uuid::now_v7())), (&json!(Uuid::now_v7()), &data["erasureId"])]
    {
        assert!(shop.invoke(&due(customer_id, erasure_id)).await);
    }
    assert_eq!(shop.published().await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_erasure_whose_schedule_cannot_be_made_is_redelivered() {
    let shop = shop().await;
    let requested = shop.erasure_requested().await;
    for fault in [Fault::Refuse, Fault::ServerError] {
        shop.faults.add(Rule::new(fault).on("POST /schedules"));
        assert!(!shop.invoke(&requested).await);
        shop.faults.clear();
        assert_eq!(shop.schedules().await, [""; 0]);
    }
    shop.faults.add(Rule::new(Fault::LoseAnswer).on("POST /schedules").times(1));
    assert!(shop.invoke(&requested).await, "the schedule that it finds is its own");
    assert_eq!(shop.schedules().await.len(), 1);
}

#[tokio::test]
async fn a_due_erasure_that_cannot_be_published_is_redelivered() {
    let shop = shop_that_delays(Duration::ZERO).await;
    let requested = shop.erasure_requested().await;
    for operation in ["GetItem", "PutEvents"] {
        shop.faults.add(Rule::new(Fault::ServerError).on(operation));
        assert!(!shop.invoke(&requested).await, "{operation}");
        shop.faults.clear();
    }
    assert!(shop.invoke(&requested).await);
    assert_eq!(shop.published().await.len(), 1);
}
