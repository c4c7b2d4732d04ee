//! Invalid input is rejected with every field named, and changes nothing.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{catalogue, create, path, phone};

/// A product with one field replaced.
fn with(field: &str, value: Value) -> Value {
    let mut product = phone();
    product[field] = value;
    product
}

#[tokio::test]
async fn bodies_that_are_no_json_object_are_bad_requests() {
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
            // The checksum has no secret key, so anyone can compute it.
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

#[tokio::test]
async fn an_id_is_the_same_in_either_case() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let path = format!("/product/{}", product["id"].as_str().unwrap().to_uppercase());
    assert_eq!(catalogue.get(&path).await.expect(200).body, product);
    let changed = catalogue.send("PATCH", &path, &[], r#"{"price": 1}"#).await.expect(200).body;
    assert_eq!(changed["id"], product["id"]);
    catalogue.get(&path.replace('-', "")).await.expect(404);
    catalogue.send("DELETE", &path, &[], "").await.expect(204);
}

#[tokio::test]
async fn an_empty_optional_text_is_not_given() {
    let catalogue = catalogue().await;
    let mut export = phone();
    for field in ["description", "imageFile", "currency"] {
        export[field] = json!("");
    }
    let product = create(&catalogue, export.clone()).await;
    assert!(product.get("description").is_none() && product.get("imageFile").is_none());
    assert_eq!(product["currency"], "USD");
    for (method, change) in [
        ("PUT", export),
        ("PATCH", json!({ "description": "", "imageFile": "" })),
        ("PATCH", json!({ "description": null, "imageFile": null })),
    ] {
        catalogue.send("PUT", &path(&product), &[], phone()).await.expect(200);
        let changed = catalogue.send(method, &path(&product), &[], change).await.expect(200).body;
        assert!(changed.get("description").is_none() && changed.get("imageFile").is_none(), "{changed}");
    }
    for blank in [" ", "\t"] {
        let refused = catalogue.send("PATCH", &path(&product), &[], json!({ "imageFile": blank })).await;
        assert_eq!(refused.expect(422).fields_at_fault(), ["imageFile"]);
    }
}

#[tokio::test]
async fn a_category_is_its_decoded_text() {
    let catalogue = catalogue().await;
    let category = "Caf\u{e9} + Bar";
    let product = create(&catalogue, with("category", json!(category))).await;
    for query in ["Caf%C3%A9+%2B+Bar", "Caf%c3%a9%20%2B%20Bar"] {
        let found = catalogue.get(&format!("/product?category={query}")).await.expect(200).body;
        assert_eq!(found["items"], json!([product]), "{query}");
    }
    for query in ["Caf%E9", "%FF"] {
        catalogue.get(&format!("/product?category={query}")).await.expect(400);
    }
    let found = catalogue.get("/product?category=caf%C3%A9+%2B+bar").await.expect(200).body;
    assert_eq!(found["items"], json!([]), "categories have a case");
    let twice = catalogue.get("/product?category=a&category=b&limit=1&limit=2").await.expect(400);
    assert_eq!(twice.fields_at_fault(), ["category", "limit"]);
}

#[tokio::test]
async fn a_body_that_is_compressed_or_in_another_charset_is_refused() {
    let catalogue = catalogue().await;
    for (header, value, said) in [
        ("content-encoding", "gzip", "Content-Encoding is gzip"),
        ("content-encoding", "br", "Content-Encoding is br"),
        ("content-type", "application/json; charset=iso-8859-1", "charset is iso-8859-1"),
    ] {
        let refused = catalogue.send("POST", "/product", &[(header, value)], phone()).await.expect(415);
        assert_eq!(refused.body["type"], "urn:problem-type:unsupported-media-type");
        assert!(refused.body["detail"].as_str().unwrap().contains(said), "{}", refused.body);
        assert_eq!(refused.header("accept-encoding"), "identity");
    }
    let plain = [("content-encoding", "identity"), ("content-type", "application/json; charset=UTF-8")];
    let body = format!("\u{feff}{}", phone());
    catalogue.send("POST", "/product", &plain, body).await.expect(201);
}

#[tokio::test]
async fn an_event_that_is_not_http_is_a_bad_request() {
    let catalogue = catalogue().await;
    let sample: Value = serde_json::from_str(include_str!("../../events/product-api.json")).unwrap();
    for (header, value, status) in [
        ("X-Forwarded-Proto", "!!", 201),
        ("User-Agent", "caf\u{e9}", 201),
        ("Host", "a b", 400),
        ("X-Any", "nul\u{0}", 400),
    ] {
        let mut event = sample.clone();
        event["headers"][header] = json!(value);
        event["multiValueHeaders"][header] = json!([value]);
        let answer = catalogue.invoke(&event.to_string()).await.expect(status);
        assert_eq!(answer.header("x-correlation-id"), "sample-request", "{header}");
        if status == 400 {
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
}
