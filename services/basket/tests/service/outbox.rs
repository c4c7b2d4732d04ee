use basket::outbox::translate;
use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, Quarantine};
use serde_json::{Value, json};
use testkit::Account;

#[tokio::test]
async fn a_checkout_in_the_outbox_is_told_as_it_stands_there() {
    let account = Account::new();
    let (bus, failures, aws) = (account.bus().await, account.queue("failures").await, account.aws());
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let quarantine = Quarantine::new(aws.sqs(), failures, "basket-publisher".to_owned());
    let outbox = Outbox::new(publisher, quarantine, translate);
    let mut sample: Value = serde_json::from_str(include_str!("../../events/basket-publisher.json")).unwrap();
    let detail = sample["Records"][0]["dynamodb"]["NewImage"]["detail"]["S"].as_str().unwrap();
    let detail: Value = serde_json::from_str(detail).unwrap();
    // A row that expired by its time to live is not published.
    let mut removed = sample["Records"][0].clone();
    removed["eventName"] = json!("REMOVE");
    removed["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    sample["Records"].as_array_mut().unwrap().push(removed);

    let again = json!({ "Records": [sample["Records"][0]] });
    for batch in [sample, again] {
        let batch: Batch = serde_json::from_value(batch).unwrap();
        let response = outbox.invoke(batch, None).await.unwrap();
        assert_eq!(response.failed().count(), 0);
    }
    let events = bus.events(2).await;
    assert_eq!(events[0]["detail"], events[1]["detail"]);
    assert_eq!(events[0]["source"], "shop.basket");
    assert_eq!(events[0]["detail-type"], "BasketCheckedOut");
    assert_eq!(events[0]["detail"], detail);
}
