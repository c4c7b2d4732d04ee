use std::collections::HashSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{catalogue, create, path, phone};

#[tokio::test]
async fn a_created_product_can_be_read_where_its_location_says() {
    let catalogue = catalogue().await;
    let created = catalogue.post("/product", phone()).await.expect(201);
    assert_eq!(created.header("etag"), "\"1\"");
    assert_eq!(created.body["version"], 1);
    assert_eq!(created.body["currency"], "USD");
    assert_eq!(created.body["createdAt"], created.body["updatedAt"]);

    let read = catalogue.get(&format!("/{}", created.header("location"))).await.expect(200);
    assert_eq!(read.body, created.body);
    assert_eq!(read.header("etag"), "\"1\"");
}

#[tokio::test]
async fn a_price_keeps_its_cents() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let read = catalogue.get(&path(&product)).await.expect(200);
    assert_eq!(read.body["price"].to_string(), "950.4");
}

#[tokio::test]
async fn put_replaces_all_that_can_be_written() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let new = json!({ "name": "IPhone 11", "category": "Smart Phone", "price": 1 });
    let replaced = catalogue.send("PUT", &path(&product), &[], new).await.expect(200);
    assert_eq!(replaced.header("etag"), "\"2\"");
    assert_eq!(replaced.body["name"], "IPhone 11");
    assert!(replaced.body.get("description").is_none() && replaced.body.get("imageFile").is_none());
    assert_eq!(replaced.body["createdAt"], product["createdAt"]);
    assert_eq!(catalogue.get(&path(&product)).await.body, replaced.body);
}

#[tokio::test]
async fn a_product_can_be_put_back_as_it_was_read() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let replaced = catalogue.send("PUT", &path(&product), &[], &product).await.expect(200);
    assert_eq!(replaced.body["version"], 2);
    assert_eq!(replaced.body["id"], product["id"]);
}

#[tokio::test]
async fn patch_changes_what_is_sent_and_removes_what_is_null() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let patch = json!({ "price": 899, "description": null });
    let patched = catalogue.send("PATCH", &path(&product), &[], patch).await.expect(200);
    assert_eq!(patched.body["price"].to_string(), "899.0");
    assert!(patched.body.get("description").is_none());
    assert_eq!(patched.body["name"], product["name"]);
    assert_eq!(patched.body["imageFile"], product["imageFile"]);
}

#[tokio::test]
async fn an_empty_patch_changes_nothing_but_the_version() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let patched = catalogue.send("PATCH", &path(&product), &[], "{}").await.expect(200);
    assert_eq!(patched.body["name"], product["name"]);
    assert_eq!(patched.body["version"], 2);
}

#[tokio::test]
async fn a_change_to_another_version_than_the_one_read_is_refused() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    for method in ["PUT", "PATCH"] {
        for stale in ["\"2\"", "\"abc\"", "W/\"1\"", ""] {
            let refused = catalogue.send(method, &path(&product), &[("if-match", stale)], phone()).await;
            assert_eq!(refused.expect(412).body["type"], "urn:problem-type:precondition-failed");
        }
    }
    assert_eq!(catalogue.get(&path(&product)).await.body, product);

    for current in ["\"1\"", "\"7\", \"2\"", "*"] {
        catalogue.send("PUT", &path(&product), &[("if-match", current)], phone()).await.expect(200);
    }
}

#[tokio::test]
async fn a_deletion_of_another_version_than_the_one_read_is_refused() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let path = path(&product);
    for (name, value) in [
        ("if-match", "\"2\""),
        ("if-match", "W/\"1\""),
        ("if-match", "\"01\""),
        ("if-match", ""),
        ("if-none-match", "*"),
        ("if-none-match", "W/\"1\""),
        ("if-none-match", "\"7\",, \"1\""),
    ] {
        for method in ["DELETE", "PATCH", "PUT"] {
            let refused = catalogue.send(method, &path, &[(name, value)], phone()).await.expect(412);
            assert_eq!(
                refused.body["type"], "urn:problem-type:precondition-failed",
                "{method} {name}: {value}"
            );
        }
    }
    for (name, value) in [("if-match", "1"), ("if-none-match", "\"1")] {
        for method in ["DELETE", "PATCH", "GET"] {
            catalogue.send(method, &path, &[(name, value)], phone()).await.expect(400);
        }
    }
    assert_eq!(catalogue.get(&path).await.body, product);
    let conditions = [("if-match", "\"x,y\", \"1\""), ("if-none-match", "\"2\"")];
    catalogue.send("DELETE", &path, &conditions, "").await.expect(204);
    catalogue.send("DELETE", &path, &[("if-match", "*")], "").await.expect(404);
}

#[tokio::test]
async fn a_change_or_a_deletion_of_a_version_wins() {
    let catalogue = catalogue().await;
    for _ in 0..10 {
        let product = create(&catalogue, phone()).await;
        let (path, if_match) = (path(&product), [("if-match", "\"1\"")]);
        let change = catalogue.send("PATCH", &path, &if_match, r#"{"price": 1}"#);
        let deletion = catalogue.send("DELETE", &path, &if_match, "");
        let (changed, deleted) = futures::join!(change, deletion);
        let there = catalogue.get(&path).await.status;
        match (changed.status.as_u16(), deleted.status.as_u16()) {
            (200, 412) => assert_eq!(there, 200),
            (404, 204) => assert_eq!(there, 404),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let path = path(&product);
    for method in ["GET", "HEAD"] {
        for known in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
            let unchanged = catalogue.send(method, &path, &[("if-none-match", known)], "").await.expect(304);
            assert_eq!(unchanged.header("etag"), "\"1\"");
            assert!(unchanged.body.is_null() && unchanged.header("content-type").is_empty());
        }
        for unknown in ["\"2\"", "\"01\"", ""] {
            catalogue.send(method, &path, &[("if-none-match", unknown)], "").await.expect(200);
        }
        catalogue.send(method, &path, &[("if-match", "\"2\"")], "").await.expect(412);
        let dates = [("if-modified-since", "Sat, 31 Jan 2099 12:00:00 GMT")];
        catalogue.send(method, &path, &dates, "").await.expect(200);
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    for (path, status) in [
        (&*path(&product), 200),
        ("/product", 200),
        ("/openapi.json", 200),
        ("/product?limit=0", 400),
        ("/product/0190f2a0-0000-7000-8000-000000000000", 404),
        ("/nowhere", 404),
    ] {
        let id = [("x-correlation-id", "head-1")];
        let get = catalogue.send("GET", path, &id, "").await.expect(status);
        let head = catalogue.send("HEAD", path, &id, "").await.expect(status);
        assert!(head.body.is_null(), "{path}");
        assert!(!head.header("content-length").is_empty(), "{path}");
        let mut same = head.headers.clone();
        same.remove("content-length");
        let mut of_get = get.headers.clone();
        if let Some(length) = of_get.remove("content-length") {
            assert_eq!(length, head.header("content-length"), "{path}");
        }
        assert_eq!(same, of_get, "{path}");
    }
}

#[tokio::test]
async fn one_of_many_changes_to_a_version_is_made() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let (path, if_match) = (path(&product), [("if-match", "\"1\"")]);
    let changes = (0..20).map(|_| catalogue.send("PATCH", &path, &if_match, r#"{"price": 1}"#));
    let answers = join_all(changes).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 19);
}

#[tokio::test]
async fn changes_without_if_match_are_all_made() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let path = path(&product);
    let answers = join_all((0..20).map(|_| catalogue.send("PATCH", &path, &[], r#"{"price": 1}"#))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(catalogue.get(&path).await.body["version"], 21);
}

#[tokio::test]
async fn a_deleted_product_is_gone() {
    let catalogue = catalogue().await;
    let product = create(&catalogue, phone()).await;
    let deleted = catalogue.send("DELETE", &path(&product), &[], "").await.expect(204);
    assert!(deleted.body.is_null());
    for (method, body) in [("GET", ""), ("DELETE", ""), ("PATCH", "{}"), ("PUT", &phone().to_string())] {
        let gone = catalogue.send(method, &path(&product), &[], body).await.expect(404);
        assert_eq!(gone.body["type"], "urn:problem-type:not-found");
    }
    let gone = catalogue.send("PATCH", &path(&product), &[("if-match", "\"1\"")], "{}").await;
    assert_eq!(gone.status, 404, "missing comes before outdated");
}

#[tokio::test]
async fn a_list_is_read_in_pages_and_whole() {
    let catalogue = catalogue().await;
    let mut created = HashSet::new();
    for number in 0..25 {
        let mut product = phone();
        product["category"] = json!(if number % 5 == 0 { "Camera" } else { "Phone" });
        created.insert(create(&catalogue, product).await["id"].to_string());
    }
    for (list, count) in [("/product?limit=7", 25), ("/product?category=Phone&limit=7", 20)] {
        let mut ids = Vec::new();
        let mut next = list.to_owned();
        loop {
            let page = catalogue.get(&next).await.expect(200).body;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 7);
            ids.extend(items.iter().map(|item| item["id"].to_string()));
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            next = format!("{list}&cursor={cursor}");
        }
        assert_eq!(ids.len(), count, "{list}");
        assert!(ids.iter().all(|id| created.contains(id)));
    }
    let phones = catalogue.get("/product?category=Phone").await.expect(200).body;
    let ids: Vec<_> = phones["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect();
    assert!(ids.is_sorted(), "a category lists its oldest products first");
}

#[tokio::test]
async fn a_category_that_nobody_uses_is_an_empty_list() {
    let found = catalogue().await.get("/product?category=Nothing").await.expect(200);
    assert_eq!(found.body, json!({ "items": [] }));
}

#[tokio::test]
async fn the_sample_request_of_the_gateway_is_answered() {
    let sample = include_str!("../../events/product-api.json");
    let created = catalogue().await.invoke(sample).await.expect(201);
    assert_eq!(created.body["name"], "IPhone X");
    assert_eq!(created.header("x-correlation-id"), "sample-request");
}

#[tokio::test]
async fn the_description_has_the_deployed_services() {
    let catalogue = catalogue().await;
    let mut event: Value = serde_json::from_str(include_str!("../../events/product-api.json")).unwrap();
    event["httpMethod"] = json!("GET");
    event["path"] = json!("/openapi.json");
    for (variables, has_baskets) in [
        (json!({ "services": "product,ordering" }), false),
        (json!({ "services": "product,basket" }), true),
        (json!(null), true),
    ] {
        event["stageVariables"] = variables;
        let document = catalogue.invoke(&event.to_string()).await.expect(200);
        assert_eq!(document.header("content-type"), "application/json");
        assert!(document.body["paths"].get("/product").is_some());
        assert_eq!(document.body["paths"].get("/basket").is_some(), has_baskets);
    }
}

#[tokio::test]
async fn the_payload_of_an_http_api_is_understood_with_a_stage_and_without() {
    let sample = include_str!("../../events/product-api-http-api.json");
    for (stage, path) in [("dev", "/dev/product"), ("$default", "/product"), ("prod", "/product")] {
        let sample = sample.replace(r#""stage": "dev""#, &format!(r#""stage": "{stage}""#));
        let sample = sample.replace("/dev/product", path);
        let answer = catalogue().await.invoke(&sample).await.expect(200);
        assert_eq!(answer.body, json!({ "items": [] }));
    }
}

#[test]
fn a_function_whose_configuration_is_missing_says_which() {
    let set = ["SERVICE", "STAGE", "METRICS_NAMESPACE"];
    for (handler, set, wrong) in [
        ("product-api", &[][..], "SERVICE is not set"),
        ("product-publisher", &set, "AWS_LAMBDA_FUNCTION_NAME is not set"),
        ("", &set, "_HANDLER is not set"),
        ("product-apj", &set, "_HANDLER is wrong: the executable has no function `product-apj`"),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_product"));
        command.env_clear().env("_HANDLER", handler).envs(set.iter().map(|name| (name, "x")));
        let output = command.output().unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(&format!("environment variable {wrong}")), "{said}");
    }
}
