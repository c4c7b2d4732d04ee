use basket::outbox::translate;
use lambdakit::messaging::publish::Publisher;
use lambdakit::outbox::{Batch, Outbox, RetryQueue};
use serde_json::{Value, json};
use testkit::Account;

#[tokio::test]
async fn a_checkout_in_the_outbox_is_told_as_it_stands_there() {
    let account = Account::new();
    let (bus, retries, aws) = (account.bus().await, account.queue("retries").await, account.aws());
    let publisher = Publisher::new(aws.eventbridge(), bus.name());
    let outbox = Outbox::new(publisher, RetryQueue::new(aws.sqs(), retries), translate);
    let mut sample: Value = serde_json::from_str(include_str!("../../events/basket-publisher.json")).unwrap();
    let detail = sample["Records"][0]["dynamodb"]["NewImage"]["detail"]["S"].as_str().unwrap();
    let detail: Value = serde_json::from_str(detail).unwrap();
    // A row that expired by its time to live is not published.
    let mut removed = sample["Records"][0].clone();
    removed["eventName"] = json!("REMOVE");
    removed["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    sample["Records"].as_array_mut().unwrap().push(removed);

    let batch: Batch = serde_json::from_value(sample).unwrap();
    let response = outbox.invoke(batch, None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    let retried: Batch =
        serde_json::from_str(include_str!("../../events/basket-publisher-retry.json")).unwrap();
    let response = outbox.invoke(retried, None).await.unwrap();
    assert_eq!(response.failed().count(), 0);
    let events = bus.events(2).await;
    assert_eq!(events[0]["detail"], events[1]["detail"]);
    assert_eq!(events[0]["source"], "shop.basket");
    assert_eq!(events[0]["detail-type"], "BasketCheckedOut");
    assert_eq!(events[0]["detail"], detail);
}
