//! Search, as a customer uses it.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shop_tests::{Shop, eventually};
use testkit::Account;
use tokio::runtime::Builder;
use uuid::Uuid;

#[test]
fn a_product_is_found_once_it_is_created_and_until_it_is_deleted() {
    let staff = Shop::new();
    let nobody = staff.nobody();
    let word = Uuid::now_v7().simple().to_string();
    let body = json!({
        "name": format!("Ferrum {word}"), "category": "Lamps", "description": "Très élégante", "price": 19.9,
    });
    let product = staff.post("/product", body).expect(201).body;
    let path = format!("/product/{}", product["id"].as_str().unwrap());
    let found = |query: &str| nobody.get(&format!("/search?q={word}+{query}")).expect(200).body;

    let hit = eventually("the new product in the search", || found("elegant")["items"].get(0).cloned());
    for (name, value) in hit.as_object().unwrap() {
        assert_eq!(*value, product[name], "{name}");
    }
    assert_eq!(found("lamps+fer")["items"], json!([hit]));
    assert_eq!(found("lamp+fer")["items"], json!([]));

    staff.send("PATCH", &path, &[], json!({ "name": format!("Copper {word}") })).expect(200);
    eventually("the new name", || {
        (found("copper")["items"][0]["name"] == json!(format!("Copper {word}"))).then_some(())
    });
    assert_eq!(found("fer")["items"], json!([]));

    staff.send("DELETE", &path, &[], "").expect(204);
    eventually("the end of the product", || (found("copper") == json!({ "items": [] })).then_some(()));
    nobody.get("/search").expect(400);
}

#[test]
fn products_of_any_age_are_indexed_by_republishing_them() {
    let staff = Shop::new();
    let word = Uuid::now_v7().simple().to_string();
    let product = staff.product(&word, "19.90");
    let hits = || staff.get(&format!("/search?q={word}")).expect(200).body["items"].as_array().unwrap().len();
    eventually("the new product in the search", || (hits() == 1).then_some(()));

    // As if the service had been added later.
    let dynamodb = Account::of_the_shop().aws().dynamodb();
    let delete = dynamodb
        .delete_item()
        .table_name(staff.output("/tables/search"))
        .key("item", AttributeValue::S(format!("product#{product}")))
        .key("sort", AttributeValue::S("product".to_owned()));
    Builder::new_current_thread().enable_all().build().unwrap().block_on(delete.send()).unwrap();
    assert_eq!(hits(), 0);
    let republish = staff.xtask(&["republish", "product-publisher"]);
    assert!(republish.status.success(), "{}", String::from_utf8_lossy(&republish.stderr));
    eventually("the product in the search again", || (hits() == 1).then_some(()));
}
