//! Events in any order, more than once, and interrupted.

use serde_json::{Value, json};
use testkit::faults::{Fault, Rule};
use uuid::Uuid;

use crate::{created, deleted, message, search, snapshot, updated};

#[tokio::test]
async fn renamed_products_are_found_by_their_new_name_only() {
    let search = search().await;
    let id = search.index("Ferrum Lamp", "Things", "").await;
    search.handled(&updated(&id, "Copper Lamp", 2)).await;
    assert_eq!(search.names("lamp").await, ["Copper Lamp"]);
    assert_eq!(search.names("ferrum").await, Vec::<String>::new());
    search.postings_are_those_of_the_products().await;
}

#[tokio::test]
async fn deleted_products_leave_a_tombstone_that_expires() {
    let search = search().await;
    let id = search.index("Ferrum Lamp", "Things", "").await;
    search.handled(&deleted(&id, 2)).await;
    assert_eq!(search.names("lamp").await, Vec::<String>::new());
    let items = search.items().await;
    assert_eq!(items.len(), 1);
    assert!(items[0].contains_key("expiresAt") && !format!("{items:?}").contains("Lamp"), "{items:?}");
    // Neither an event that is late nor one that is repeated restores it.
    for late in [created(&id, "Ferrum Lamp", "Things", ""), updated(&id, "Ferrum", 2), deleted(&id, 2)] {
        search.handled(&late).await;
    }
    assert_eq!(search.items().await, items);
}

#[tokio::test]
async fn events_in_any_order_leave_the_latest_product() {
    let search = search().await;
    let id = Uuid::now_v7().to_string();
    let (first, second, third) =
        (created(&id, "Red lamp", "Things", ""), updated(&id, "Green lamp", 2), updated(&id, "Blue lamp", 3));
    let events = [&second, &first, &third, &second, &first, &third];
    for event in events {
        search.handled(event).await;
    }
    assert_eq!(search.names("lamp").await, ["Blue lamp"]);
    search.postings_are_those_of_the_products().await;

    let id = Uuid::now_v7().to_string();
    search.handled(&deleted(&id, 4)).await;
    search.handled(&updated(&id, "Black lamp", 3)).await;
    assert_eq!(search.names("lamp").await, ["Blue lamp"]);
    search.postings_are_those_of_the_products().await;
}

#[tokio::test]
async fn events_at_once_leave_the_latest_product() {
    let search = search().await;
    let id = Uuid::now_v7().to_string();
    let names = ["Red", "Green", "Blue", "Black", "White"];
    let mut events: Vec<Value> =
        names.into_iter().zip(1..).map(|(name, version)| updated(&id, name, version)).collect();
    events.extend(events.clone());
    // Each with an id, as those that lose too often are redelivered.
    for (event, number) in events.iter_mut().zip(0..) {
        event["messageId"] = json!(format!("{number}"));
    }
    while !events.is_empty() {
        let deliveries = events.iter().map(|event| search.deliver(std::slice::from_ref(event)));
        let failed = futures::future::join_all(deliveries).await.concat();
        events.retain(|event| failed.iter().any(|id| event["messageId"] == **id));
    }
    assert_eq!(search.names("white").await, ["White"]);
    assert_eq!(search.names("b").await, Vec::<String>::new());
    search.postings_are_those_of_the_products().await;
}

#[tokio::test]
async fn an_interrupted_change_is_completed_by_its_redelivery_or_by_the_next_one() {
    let search = search().await;
    let id = search.index("Ferrum Lamp", "Things", "").await;
    let fails = || Rule::new(Fault::Refuse).on("TransactWriteItems");
    search.faults.add(fails());
    let renamed = updated(&id, "Copper Lamp", 2);
    assert_eq!(search.deliver(std::slice::from_ref(&renamed)).await, ["updated"]);
    // Its postings are those of the former name, and no answer shows what it was.
    assert_eq!(search.names("ferrum").await, Vec::<String>::new());
    assert_eq!(search.names("lamp").await, ["Copper Lamp"]);
    search.faults.clear();
    search.handled(&renamed).await;
    assert_eq!(search.names("copper").await, ["Copper Lamp"]);
    search.postings_are_those_of_the_products().await;

    for (name, version) in [("Zinc Lamp", 3), ("Brass Lamp", 4)] {
        search.faults.add(fails());
        assert_eq!(search.deliver(&[updated(&id, name, version)]).await, ["updated"]);
        search.faults.clear();
    }
    search.handled(&updated(&id, "Brass Lamp", 5)).await;
    search.handled(&updated(&id, "Zinc Lamp", 3)).await;
    assert_eq!(search.names("lamp").await, ["Brass Lamp"]);
    search.postings_are_those_of_the_products().await;

    search.faults.add(fails());
    assert_eq!(search.deliver(&[deleted(&id, 6)]).await, ["deleted"]);
    assert_eq!(search.names("lamp").await, Vec::<String>::new());
    search.faults.clear();
    search.handled(&deleted(&id, 6)).await;
    search.postings_are_those_of_the_products().await;
}

#[tokio::test]
async fn a_change_of_the_price_writes_one_row() {
    let search = search().await;
    let id = search.index("Ferrum Lamp", "Things", "").await;
    let transactions = search.faults.calls("TransactWriteItems");
    let mut product = snapshot(&id, "Ferrum Lamp", "Things", "", 2);
    product["price"] = json!(12.5);
    search.handled(&message("updated", "ProductUpdated", json!({ "product": product }))).await;
    assert_eq!(search.faults.calls("TransactWriteItems"), transactions);
    assert_eq!(search.page("q=lamp").await["items"][0]["price"].to_string(), "12.5");
}

#[tokio::test]
async fn the_longest_product_is_indexed_in_parts() {
    let search = search().await;
    let words =
        |first: &str| (100..400).map(|number| format!("{first}{number}word")).collect::<Vec<_>>().join(" ");
    let id = search.index("Encyclopedia", "Books", &words("")).await;
    assert_eq!(search.faults.calls("TransactWriteItems"), 2);
    search.postings_are_those_of_the_products().await;
    assert_eq!(search.names("110word").await, ["Encyclopedia"]);
    assert_eq!(search.names("399word").await, Vec::<String>::new(), "only its first words are indexed");

    let product = snapshot(&id, "Books and more", "Books", &words("z"), 2);
    search.handled(&message("updated", "ProductUpdated", json!({ "product": product }))).await;
    search.postings_are_those_of_the_products().await;
    // A part in the middle fails.
    search.faults.add(Rule::new(Fault::Refuse).on("TransactWriteItems").after(1));
    assert_eq!(search.deliver(&[deleted(&id, 3)]).await, ["deleted"]);
    search.faults.clear();
    search.handled(&deleted(&id, 3)).await;
    search.postings_are_those_of_the_products().await;
    assert_eq!(search.items().await.len(), 1);
}

#[tokio::test]
async fn names_without_words_are_no_problem() {
    let search = search().await;
    let id = search.index("???", "!!!", "").await;
    search.postings_are_those_of_the_products().await;
    search.handled(&updated(&id, "Lamp", 2)).await;
    search.handled(&updated(&id, "???", 3)).await;
    assert_eq!(search.names("lamp").await, Vec::<String>::new());
    search.postings_are_those_of_the_products().await;
}

#[tokio::test]
async fn events_that_cannot_be_read_are_never_acknowledged() {
    let search = search().await;
    let id = Uuid::now_v7().to_string();
    let mut priceless = snapshot(&id, "Lamp", "Lamps", "", 1);
    priceless["price"] = json!(0.001);
    let good = created(&id, "Lamp", "Lamps", "");
    let failed = search
        .deliver(&[
            json!({ "messageId": "poison", "body": "not an event" }),
            message("unknown", "ProductPainted", json!({})),
            message("priceless", "ProductCreated", json!({ "product": priceless })),
            good,
        ])
        .await;
    assert_eq!(failed, ["poison", "unknown", "priceless"]);
    assert_eq!(search.names("lamp").await, ["Lamp"]);
}
