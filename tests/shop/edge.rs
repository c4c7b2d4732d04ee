//! Responses of the gateway itself, and of bad requests.

use serde_json::json;
use shop_tests::Shop;

#[test]
fn missing_resources_and_methods_are_problems() {
    let shop = Shop::new();
    shop.expect_refused_by_gateway(&shop.get("/nothing").expect(404), "not-found");
    assert_eq!(shop.get("/product/nothing").expect(404).problem(), "not-found");
    assert_eq!(shop.get("/order/nobody/nothing").expect(404).problem(), "not-found");
    let refused = shop.send("DELETE", "/product", &[], "");
    shop.expect_refused_by_gateway(&refused, "method-not-allowed");
    if shop.has_http_api() {
        assert_eq!(refused.status, 404);
    } else {
        assert_eq!(refused.status, 405);
        assert!(refused.header("allow").contains("POST"));
    }
}

#[test]
fn bodies_that_are_no_json_object_are_bad_requests() {
    let shop = Shop::new();
    for body in ["{", "[]", "nonsense"] {
        for path in ["/product", "/basket", "/basket/checkout", "/basket/swn/items"] {
            assert_eq!(shop.post(path, body).expect(400).problem(), "bad-request", "{path} {body}");
        }
    }
}

#[test]
fn fields_at_fault_are_named() {
    let shop = Shop::new();
    let refused = shop.post("/product", json!({ "name": "", "category": "x", "price": -1.001 })).expect(422);
    assert_eq!(refused.problem(), "validation");
    let fields: Vec<_> = refused.body["errors"].as_array().unwrap().iter().map(|e| &e["field"]).collect();
    assert_eq!(fields, ["name", "price"]);
    let refused = shop.get("/product?limit=1000").expect(400);
    assert_eq!(refused.body["errors"][0]["field"], "limit");
}

#[test]
fn a_megabyte_is_too_much() {
    let product = json!({ "name": "x", "category": "x", "price": 1, "padding": "x".repeat(1 << 20) });
    assert_eq!(Shop::new().post("/product", product).expect(413).problem(), "too-large");
}

#[test]
fn browsers_of_allowed_origins_may_call() {
    let shop = Shop::new();
    let site = shop.output("/siteUrl");
    let origin = ("origin", site);
    let asked = [
        origin,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let preflight = shop.send("OPTIONS", "/product", &asked, "").expect(204);
    assert_eq!(preflight.header("access-control-allow-origin"), origin.1);
    assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
    assert!(preflight.header("access-control-allow-headers").contains("Idempotency-Key"));

    let answer = shop.send("GET", "/product?limit=1", &[origin], "").expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), origin.1);
    assert!(answer.header("access-control-expose-headers").to_lowercase().contains("etag"));
    let other =
        shop.send("GET", "/product?limit=1", &[("origin", "https://elsewhere.example")], "").expect(200);
    assert_eq!(other.header("access-control-allow-origin"), "");
}

#[test]
fn refusals_of_the_gateway_can_be_read_by_browsers() {
    let nobody = Shop::new().nobody();
    if nobody.has_http_api() {
        return;
    }
    let site = nobody.output("/siteUrl");
    for (method, path, status) in [
        ("GET", "/basket", 401),
        ("GET", "/nowhere", 404),
        ("PUT", "/product", 405),
        ("POST", "/product", 401),
    ] {
        let refused = nobody.send(method, path, &[("origin", site)], "").expect(status);
        assert!(refused.problem().is_ascii(), "{method} {path}");
        assert_eq!(refused.header("access-control-allow-origin"), site, "{method} {path}");
        let exposed = refused.header("access-control-expose-headers").to_lowercase();
        for header in ["etag", "location", "retry-after", "x-correlation-id"] {
            assert!(exposed.contains(header), "{method} {path}: {exposed}");
        }
    }
}

#[test]
fn headers_that_only_describe_the_connection_change_nothing() {
    let shop = Shop::new();
    for (name, value) in [("x-forwarded-proto", "!!"), ("x-forwarded-host", "a b"), ("forwarded", ";;")] {
        shop.send("GET", "/product?limit=1", &[(name, value)], "").expect(200);
    }
}

#[test]
fn every_answer_carries_a_correlation_id() {
    let shop = Shop::new();
    let sent = shop.send("GET", "/product?limit=1", &[("x-correlation-id", "edge-1")], "").expect(200);
    assert_eq!(sent.header("x-correlation-id"), "edge-1");
    let new = shop.get("/basket/a%20b").expect(422);
    assert_eq!(new.problem(), "validation");
    assert!(!new.header("x-correlation-id").is_empty());
}
