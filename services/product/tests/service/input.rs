//! What bad input gets: the right refusal, every field named, and nothing changed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{catalogue, create, path, phone};

/// A product with one field another.
fn with(field: &str, value: Value) -> Value {
    let mut product = phone();
    product[field] = value;
    product
}

#[tokio::test]
async fn what_is_no_json_object_is_a_bad_request() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    for body in ["", "{", "[]", "null", "\"text\"", "{\"name\": }", "\u{0}", &"[".repeat(5000)] {
        for (method, path) in [("POST", "/product"), ("PUT", &path(&product)), ("PATCH", &path(&product))] {
            let refused = catalogue.send(method, path, &[], body).await.expect(400);
            assert_eq!(refused.header("content-type"), "application/problem+json");
        }
    }
    assert_eq!(catalogue.get("/product").await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(catalogue.get(&path(&product)).await.body, product);
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let catalogue = catalogue().await;
    let nothing = catalogue.post("/product", "{}").await.expect(422);
    assert_eq!(nothing.fields_at_fault(), ["name", "category", "price"]);
    let wrong =
        json!({ "name": 1, "price": "cheap", "category": null, "description": [], "currency": "EUR" });
    let refused = catalogue.post("/product", wrong).await.expect(422);
    assert_eq!(refused.fields_at_fault(), ["name", "description", "category", "price", "currency"]);
}

#[tokio::test]
async fn bad_values_are_refused_by_every_method() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    for (field, value) in [
        ("price", json!(-0.01)),
        ("price", json!(9.999)),
        ("price", json!(1e300)),
        ("price", json!(1_000_000.01)),
        ("price", json!("950.40")),
        ("price", json!(true)),
        ("price", json!([])),
        ("name", json!("")),
        ("name", json!("   ")),
        ("name", json!("x".repeat(10_000))),
        ("name", json!("nul\u{0}")),
        ("name", json!({})),
        ("name", json!("two\nlines")),
        ("name", json!("x".repeat(501))),
        ("name", json!("\u{200b}")),
        ("name", json!("\u{3164}")),
        ("name", json!("\u{202e}86.42")),
        ("category", json!("Pho\u{200b}ne")),
        ("category", json!("x".repeat(201))),
        ("category", json!("escape\u{1b}[31m")),
        ("description", json!("costs \u{202e}24.68\u{202c}")),
        ("description", json!("\u{ffff}")),
        ("imageFile", json!("x".repeat(501))),
        ("description", json!("x".repeat(4001))),
        ("currency", json!("dollars")),
    ] {
        for (method, path) in [("POST", "/product"), ("PUT", &path(&product)), ("PATCH", &path(&product))] {
            let refused = catalogue.send(method, path, &[], with(field, value.clone())).await.expect(422);
            assert_eq!(refused.fields_at_fault(), [field], "{method} {}", refused.body);
        }
    }
    assert_eq!(catalogue.get(&path(&product)).await.body, product);
    assert_eq!(catalogue.get("/product").await.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_longest_names_are_accepted_in_every_spelling() {
    let catalogue = catalogue().await;
    for (field, longest) in [("name", 500), ("category", 200), ("description", 4000)] {
        for letter in ["x", "\u{1f600}", "e\u{301}"] {
            let created = create(&catalogue, with(field, json!(letter.repeat(longest)))).await;
            assert_eq!(created[field].as_str().unwrap().chars().count(), longest, "{field}");
        }
    }
}

#[tokio::test]
async fn a_category_in_two_spellings_is_one() {
    let catalogue = catalogue().await;
    for spelling in ["Café", "Cafe\u{301}", "  Café "] {
        assert_eq!(create(&catalogue, with("category", json!(spelling))).await["category"], "Café");
    }
    for query in ["Caf%C3%A9", "Cafe%CC%81", "%20Caf%C3%A9%20"] {
        let page = catalogue.get(&format!("/product?category={query}")).await.expect(200).body;
        assert_eq!(page["items"].as_array().unwrap().len(), 3, "{query}");
    }
}

#[tokio::test]
async fn a_patch_cannot_remove_what_a_product_must_have() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let patch = json!({ "name": null, "price": null, "category": null });
    let refused = catalogue.send("PATCH", &path(&product), &[], patch).await.expect(422);
    assert_eq!(refused.fields_at_fault(), ["name", "category", "price"]);
}

#[tokio::test]
async fn a_client_cannot_write_what_the_shop_sets() {
    let catalogue = catalogue().await;
    let mut product = phone();
    product["id"] = json!("00000000-0000-0000-0000-000000000000");
    product["version"] = json!(99);
    product["createdAt"] = json!("1970-01-01T00:00:00Z");
    product["isAdmin"] = json!(true);
    let created = create(&catalogue, product.clone()).await;
    assert_ne!(created["id"], product["id"]);
    assert_eq!(created["version"], 1);
    assert_ne!(created["createdAt"], product["createdAt"]);
    assert!(created.get("isAdmin").is_none());
}

#[tokio::test]
async fn a_body_of_a_megabyte_is_too_large() {
    let refused = catalogue().await.post("/product", with("description", json!("x".repeat(1 << 20)))).await;
    assert_eq!(refused.expect(413).body["type"], "urn:problem-type:too-large");
}

#[tokio::test]
async fn bad_limits_and_cursors_are_named() {
    let catalogue = catalogue().await;
    for _ in 0..2 {
        create(&catalogue, phone()).await;
    }
    let page = catalogue.get("/product?limit=1").await.expect(200).body;
    let cursor = page["nextCursor"].as_str().unwrap();
    let mut damaged = cursor.to_owned();
    damaged.replace_range(20..21, if &damaged[20..21] == "A" { "B" } else { "A" });
    for query in ["limit=0", "limit=101", "limit=ten", "limit=", "limit=-1", "limit=1e1"] {
        let refused = catalogue.get(&format!("/product?{query}")).await.expect(400);
        assert_eq!(refused.fields_at_fault(), ["limit"], "{query}");
    }
    for query in
        ["cursor=", "cursor=abc", &format!("cursor={damaged}"), &format!("category=Phone&cursor={cursor}")]
    {
        let refused = catalogue.get(&format!("/product?{query}")).await.expect(400);
        assert_eq!(refused.fields_at_fault(), ["cursor"], "{query}");
    }
    let both = catalogue.get("/product?limit=x&cursor=y").await.expect(400);
    assert_eq!(both.fields_at_fault(), ["limit", "cursor"]);
    assert_eq!(catalogue.get("/product?category=").await.expect(400).fields_at_fault(), ["category"]);
}

#[tokio::test]
async fn a_cursor_that_somebody_made_up_is_refused() {
    let catalogue = catalogue().await;
    for _ in 0..2 {
        create(&catalogue, phone()).await;
    }
    for key in ["{}", r#"{"x":"y"}"#, r#"{"id":""}"#, r#"{"id":7}"#] {
        for list in ["product?category=", "product?category=Phone"] {
            // The checksum is no secret.
            let sum = Sha256::new().chain_update(list).chain_update([0]).chain_update(key).finalize();
            let cursor = BASE64_URL_SAFE_NO_PAD.encode([&sum[..8], key.as_bytes()].concat());
            let path = if list.ends_with("Phone") { format!("/{list}&") } else { "/product?".to_owned() };
            let refused = catalogue.get(&format!("{path}cursor={cursor}")).await;
            assert_eq!(refused.status, 400, "{key}");
            assert_eq!(refused.fields_at_fault(), ["cursor"], "{key}");
        }
    }
}

#[tokio::test]
async fn unknown_routes_methods_and_ids_are_refused() {
    let catalogue = catalogue().await;
    catalogue.get("/").await.expect(404);
    catalogue.get("/products").await.expect(404);
    catalogue.get("/product/not-an-id").await.expect(404);
    catalogue.get("/product/%00").await.expect(404);
    catalogue.get("/product/00000000-0000-7000-8000-000000000000").await.expect(404);
    let refused = catalogue.send("DELETE", "/product", &[], "").await.expect(405);
    assert_eq!(refused.header("allow"), "GET,HEAD,POST");
    assert_eq!(refused.body["type"], "urn:problem-type:method-not-allowed");
}

#[tokio::test]
async fn a_correlation_id_comes_back_if_it_is_fit_to_be_logged() {
    let catalogue = catalogue().await;
    let sent = catalogue.send("GET", "/product", &[("x-correlation-id", "my-request.1")], "").await;
    assert_eq!(sent.header("x-correlation-id"), "my-request.1");
    for unfit in ["", "two words", "{\"json\":1}", &"x".repeat(65)] {
        let answer = catalogue.send("GET", "/product", &[("x-correlation-id", unfit)], "").await;
        assert_eq!(answer.header("x-correlation-id").len(), 36, "a new UUID instead of {unfit}");
    }
}
