//! Parsers of untrusted input, for fuzzing: each accepts any bytes and panics where the parser is
//! wrong. `fuzz_targets` runs them with libFuzzer; `tests/corpus` runs them with the inputs stored
//! in `corpus`.

use axum::extract::FromRequestParts;
use axum::http::Request;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use contracts::basket::BasketCheckedOut;
use contracts::privacy::PrivacyRequest;
use contracts::product::{ProductCreated, ProductDeleted, ProductUpdated};
use contracts::{Event, Payload};
use lambdakit::http::parameters::Parameters;
use lambdakit::messaging::delivery::Delivery;
use lambdakit::messaging::event::Envelope;
use product::store::ProductStore;
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use testkit::{Account, Client};

/// A cursor is rejected, or decodes to a key without empty parts, even if its checksum is right.
pub fn cursor(data: &[u8]) {
    let list = "product?category=";
    let sum = Sha256::new().chain_update(list).chain_update([0]).chain_update(data).finalize();
    let honest = [&sum[..8], data].concat();
    for bytes in [data, &honest] {
        let uri = format!("/product?limit=7&cursor={}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        let Ok(request) = Request::get(uri).body(()) else { continue };
        let (mut parts, ()) = request.into_parts();
        let read = runtime().block_on(Parameters::from_request_parts(&mut parts, &()));
        let page = read.expect("a readable query").page(list);
        if let Some(start) = page.and_then(|page| page.start()) {
            assert!(!start.is_empty());
            assert!(start.values().all(|value| value.as_s().is_ok_and(|text| !text.is_empty())));
        }
    }
}

/// The payload of an invocation is malformed, or has messages whose bodies are rejected or are
/// events.
pub fn delivery(data: &[u8]) {
    let payload = String::from_utf8_lossy(data);
    let Ok(delivery) = Delivery::parse(&payload) else { return };
    for message in delivery.messages() {
        drop(Envelope::<PrivacyRequest>::open(&message.body));
        let open = Envelope::<Box<RawValue>>::open;
        let Ok(Envelope { detail_type, event, .. }) = open(&message.body) else { continue };
        // Every trigger delivers the same event.
        let body = format!(r#"{{"detail-type": {}, "detail": {event}}}"#, json!(detail_type));
        let batch = json!({ "Records": [{ "messageId": "m", "body": body }] }).to_string();
        for payload in [body, batch] {
            let delivery = Delivery::parse(&payload).expect("a delivery");
            let again = open(&delivery.messages()[0].body).expect("an event");
            assert_eq!((&again.detail_type, again.event.get()), (&detail_type, event.get()));
        }
    }
}

/// An event is rejected, or keeps its meaning when it is serialized and parsed again.
pub fn event(data: &[u8]) {
    survives::<ProductCreated>(data);
    survives::<ProductUpdated>(data);
    survives::<ProductDeleted>(data);
    if let Some(event) = survives::<BasketCheckedOut>(data) {
        // Rejecting an order whose total does not add up is the only expected error.
        drop(event.data.into_order(event.metadata.correlation_id));
    }
}

fn survives<D: Payload + PartialEq + std::fmt::Debug>(data: &[u8]) -> Option<Event<D>> {
    let event: Event<D> = serde_json::from_slice(data).ok()?;
    let again = serde_json::to_vec(&event).expect("what was read can be written");
    assert_eq!(serde_json::from_slice::<Event<D>>(&again).expect("what was written can be read"), event);
    Some(event)
}

/// A merge patch is rejected with its invalid fields, or fails because the product does not exist.
pub fn merge_patch(data: &[u8]) {
    let table = Account::of_the_shop_at("http://127.0.0.1:9").known_table("product");
    let catalogue =
        Client::new(product::api::router(ProductStore::new(table), "USD".parse().expect("a currency")));
    let patch = String::from_utf8_lossy(data);
    let status = runtime().block_on(catalogue.send("PATCH", "/product/none", &[], patch)).status;
    assert!([400, 404, 413, 422].contains(&status.as_u16()), "{status}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
