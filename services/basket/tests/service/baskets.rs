use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use serde_json::{Value, json};

use testkit::customer_id;

use crate::{Shop, shop, snapshot};

/// A shop with two products, and a basket with two of the first and one of the second.
async fn filled() -> (Shop, String, String) {
    let shop = shop().await;
    let (phone, camera) = (shop.product("IPhone X", "950.40").await, shop.product("Leica", "870").await);
    let basket = json!({ "userName": "swn", "items": [
        { "productId": phone, "color": "Red", "quantity": 2 },
        { "productId": camera, "quantity": 1 },
    ] });
    shop.client.post("/basket", basket).await.expect(200);
    (shop, phone, camera)
}

fn item_path(basket: &Value, index: usize) -> String {
    format!("/basket/swn/items/{}", basket["items"][index]["itemId"].as_str().unwrap())
}

#[tokio::test]
async fn a_basket_that_nobody_filled_is_empty_and_not_missing() {
    let basket = shop().await.client.get("/basket/swn").await.expect(200).body;
    assert_eq!(
        basket,
        json!({
            "customerId": customer_id("swn"), "userName": "swn", "items": [], "subtotal": 0.0, "currency": "USD",
        })
    );
}

#[tokio::test]
async fn a_basket_shows_todays_prices_and_their_sum() {
    let (shop, phone, _) = filled().await;
    let basket = shop.client.get("/basket/swn").await.expect(200).body;
    assert_eq!(basket["subtotal"].to_string(), "2770.8");
    let first = &basket["items"][0];
    assert_eq!(first["productId"], json!(phone));
    assert_eq!(first["productName"], "IPhone X");
    assert_eq!(first["lineTotal"].to_string(), "1900.8");
    assert_eq!(first["priceChanged"], false);
    assert_eq!(first["available"], true);
}

#[tokio::test]
async fn client_supplied_names_and_prices_are_ignored() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    let cheap = json!({ "userName": "swn", "totalPrice": 1, "items": [
        { "productId": phone, "quantity": 1, "price": 0.01, "productName": "Free phone" },
    ] });
    let basket = shop.client.post("/basket", cheap).await.expect(200).body;
    assert_eq!(basket["items"][0]["price"].to_string(), "950.4");
    assert_eq!(basket["items"][0]["productName"], "IPhone X");
    assert_eq!(basket["subtotal"].to_string(), "950.4");
}

#[tokio::test]
async fn posting_a_basket_replaces_the_one_before() {
    let (shop, _, camera) = filled().await;
    let one = json!({ "userName": "swn", "items": [{ "productId": camera, "quantity": 3 }] });
    shop.client.post("/basket", one).await.expect(200);
    let basket = shop.client.get("/basket/swn").await.body;
    assert_eq!(basket["items"].as_array().unwrap().len(), 1);
    assert_eq!(basket["subtotal"].to_string(), "2610.0");
}

#[tokio::test]
async fn adding_an_item_makes_a_line_or_raises_its_quantity() {
    let (shop, phone, _) = filled().await;
    let (red, blue) = (
        json!({ "productId": phone, "color": "Red", "quantity": 3 }),
        json!({ "productId": phone, "color": "Blue", "quantity": 1 }),
    );
    shop.client.post("/basket/swn/items", red).await.expect(200);
    let basket = shop.client.post("/basket/swn/items", blue).await.expect(200).body;
    let quantities: Vec<_> =
        basket["items"].as_array().unwrap().iter().map(|item| item["quantity"].as_u64().unwrap()).collect();
    assert_eq!(quantities, [5, 1, 1]);
    assert_eq!(shop.client.get("/basket/swn").await.body, basket);
}

#[tokio::test]
async fn items_added_at_the_same_time_are_all_counted() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    let item = json!({ "productId": phone, "quantity": 1 });
    let answers = join_all((0..30).map(|_| shop.client.post("/basket/swn/items", &item))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(shop.client.get("/basket/swn").await.body["items"][0]["quantity"], 30);
}

#[tokio::test]
async fn one_line_can_be_changed_and_removed() {
    let (shop, ..) = filled().await;
    let basket = shop.client.get("/basket/swn").await.body;
    let (first, second) = (item_path(&basket, 0), item_path(&basket, 1));
    let changed = shop.client.send("PATCH", &first, &[], r#"{"quantity": 5}"#).await.expect(200).body;
    assert_eq!(changed["items"][0]["quantity"], 5);
    shop.client.send("DELETE", &second, &[], "").await.expect(204);
    let basket = shop.client.get("/basket/swn").await.body;
    assert_eq!(basket["items"].as_array().unwrap().len(), 1);
    for (method, body) in [("PATCH", r#"{"quantity": 1}"#), ("DELETE", "")] {
        shop.client.send(method, &second, &[], body).await.expect(404);
        shop.client.send(method, "/basket/swn/items/nonsense", &[], body).await.expect(404);
    }
}

#[tokio::test]
async fn a_deleted_basket_is_empty_and_deleting_it_again_is_fine() {
    let (shop, ..) = filled().await;
    for _ in 0..2 {
        shop.client.send("DELETE", "/basket/swn", &[], "").await.expect(204);
    }
    assert_eq!(shop.client.get("/basket/swn").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_basket_follows_the_price_and_says_so() {
    let (shop, phone, _) = filled().await;
    shop.handle("ProductUpdated", &snapshot(&phone, "IPhone X", "900.00", 2)).await;
    let basket = shop.client.get("/basket/swn").await.body;
    assert_eq!(basket["items"][0]["price"].to_string(), "900.0");
    assert_eq!(basket["items"][0]["priceChanged"], true);
    assert_eq!(basket["subtotal"].to_string(), "2670.0");
}

#[tokio::test]
async fn a_product_that_left_the_catalogue_shows_but_does_not_count() {
    let (shop, phone, _) = filled().await;
    shop.handle("ProductDeleted", &format!(r#"{{"productId": "{phone}", "version": 2}}"#)).await;
    let basket = shop.client.get("/basket/swn").await.body;
    assert_eq!(basket["items"][0]["available"], false);
    assert!(basket["items"][0].get("productName").is_none());
    assert_eq!(basket["subtotal"].to_string(), "870.0");
}

#[tokio::test]
async fn a_basket_that_expired_is_empty_before_dynamodb_removes_it() {
    let (shop, phone, _) = filled().await;
    shop.dynamodb
        .update_item()
        .table_name("BASKET_TABLE")
        .key("customerId", AttributeValue::S(customer_id("swn")))
        .update_expression("SET expiresAt = :past")
        .expression_attribute_values(":past", AttributeValue::N("1769860800".to_owned()))
        .send()
        .await
        .unwrap();
    assert_eq!(shop.client.get("/basket/swn").await.body["items"], json!([]));
    assert_eq!(shop.staff.get("/basket").await.body["items"], json!([]));
    let item = json!({ "productId": phone, "quantity": 1 });
    let basket = shop.client.post("/basket/swn/items", item).await.expect(200).body;
    assert_eq!(basket["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.client.get("/basket/swn").await.body, basket);
}

#[tokio::test]
async fn all_baskets_are_listed_in_pages() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    for number in 0..5 {
        let (item, name) = (json!({ "productId": phone, "quantity": 1 }), format!("user-{number}"));
        shop.client.customer(&name).post(&format!("/basket/{name}/items"), item).await.expect(200);
    }
    let (mut names, mut next) = (Vec::new(), "/basket?limit=2".to_owned());
    loop {
        let page = shop.staff.get(&next).await.expect(200).body;
        names.extend(page["items"].as_array().unwrap().iter().map(|b| b["userName"].to_string()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        next = format!("/basket?limit=2&cursor={cursor}");
    }
    names.sort();
    assert_eq!(names, (0..5).map(|n| format!("\"user-{n}\"")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_has_as_many_baskets_as_were_asked_for_however_many_were_emptied() {
    let shop = shop().await;
    let phone = shop.product("IPhone X", "950.40").await;
    for number in 0..12 {
        let (item, name) = (json!({ "productId": phone, "quantity": 1 }), format!("user-{number}"));
        let (client, path) = (shop.client.customer(&name), format!("/basket/{name}"));
        client.post(&format!("{path}/items"), item).await.expect(200);
        if number != 7 {
            client.send("DELETE", &path, &[], "").await.expect(204);
        }
    }
    let page = shop.staff.get("/basket?limit=1").await.expect(200).body;
    assert_eq!(page["items"][0]["userName"], "user-7");
    if let Some(cursor) = page["nextCursor"].as_str() {
        let rest = shop.staff.get(&format!("/basket?limit=1&cursor={cursor}")).await.expect(200).body;
        assert_eq!(rest, json!({ "items": [] }));
    }
}

#[tokio::test]
async fn the_sample_request_of_the_gateway_is_answered() {
    let sample = include_str!("../../events/basket-api.json");
    let answer = shop().await.client.invoke(sample).await.expect(200);
    assert_eq!(answer.body["userName"], "swn");
    assert_eq!(answer.header("x-correlation-id"), "sample-request");
}
