//! The payment webhook: only requests signed by the provider are accepted.

use std::time::{SystemTime, UNIX_EPOCH};

use lambdakit::webhooks::WebhookSecrets;
use serde_json::{Value, json};
use shop_tests::{Answer, Shop, eventually, owner};
use uuid::Uuid;

/// The value of a function's environment variable.
fn variable(shop: &Shop, function: &str, variable: &str) -> String {
    let (endpoint, function) = (shop.output("/endpoint"), shop.output(&format!("/functions/{function}")));
    let mut answer = ureq::get(format!("{endpoint}/2015-03-31/functions/{function}/configuration"))
        .header("authorization", owner("lambda"))
        .call()
        .unwrap();
    let function: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    function["Environment"]["Variables"][variable].as_str().unwrap().to_owned()
}

/// The parameter whose name a function has in an environment variable.
fn parameter(shop: &Shop, function: &str, name: &str) -> Value {
    let input = json!({ "Name": variable(shop, function, name), "WithDecryption": true });
    let mut answer = ureq::post(shop.output("/endpoint"))
        .header("authorization", owner("ssm"))
        .header("x-amz-target", "AmazonSSM.GetParameter")
        .header("content-type", "application/x-amz-json-1.1")
        .send(input.to_string())
        .unwrap();
    let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    answer["Parameter"].clone()
}

/// The value of the parameter whose name a function has in an environment variable.
fn secret(shop: &Shop, function: &str, name: &str) -> String {
    parameter(shop, function, name)["Value"].as_str().unwrap().to_owned()
}

/// The secrets shared with the payment provider, for signing.
fn webhook_secrets(shop: &Shop) -> WebhookSecrets {
    secret(shop, "payment-webhook", "WEBHOOK_SECRET_PARAMETER").parse().unwrap()
}

/// Refunds a part of a charge manually at the payment provider.
fn refund_part(shop: &Shop, charge: &Value, key: &str, amount: u64) {
    // The host name is not in DNS; the local AWS serves it at a path.
    let url = variable(shop, "payment-on-command", "PROVIDER_URL");
    let id = url.trim_start_matches("https://").split('.').next().unwrap();
    let url = format!("{}/_aws/lambda-url/{id}/v1/refunds", shop.output("/endpoint"));
    let api_key = format!("Bearer {}", secret(shop, "payment-sandbox-api", "PROVIDER_KEY_PARAMETER"));
    let request = ureq::post(url).header("authorization", api_key).header("idempotency-key", key);
    request.send_json(json!({ "charge": charge, "amount": amount })).unwrap();
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Sends a webhook signed with these secrets now.
fn send(shop: &Shop, secrets: &WebhookSecrets, id: &str, webhook: &Value) -> Answer {
    let time = now();
    send_signed(shop, id, time, &secrets.sign(id, time, webhook.to_string().as_bytes()), webhook)
}

fn send_signed(shop: &Shop, id: &str, time: u64, signature: &str, webhook: &Value) -> Answer {
    let time = time.to_string();
    let headers = [("webhook-id", id), ("webhook-timestamp", &*time), ("webhook-signature", signature)];
    shop.nobody().send("POST", "/payment/webhook", &headers, webhook)
}

/// An id that no webhook has used.
fn new_id() -> String {
    format!("evt_{}", Uuid::now_v7().simple())
}

/// A paid order, and a webhook of this type for its payment.
fn paid(staff: &Shop, kind: &str) -> (Value, Value) {
    let customer = staff.customer();
    let receipt = customer.buy(&staff.product_in_stock("Lamp", "19.90", 1), 1, &json!({}));
    customer.order_that_is("DELIVERED", &receipt);
    let payment = payment(staff, &receipt);
    let status = kind.trim_start_matches("charge.");
    let charge = json!({
        "id": payment["chargeId"], "amount": 1990, "currency": "USD", "reference": receipt["orderId"],
        "status": status, "amountRefunded": if status == "refunded" { 1990 } else { 0 },
    });
    (receipt, json!({ "type": kind, "timestamp": "2026-01-31T12:02:00Z", "data": charge }))
}

fn payment(staff: &Shop, receipt: &Value) -> Value {
    staff.get(&format!("/payment/{}", receipt["orderId"].as_str().unwrap())).expect(200).body
}

#[test]
fn unsigned_forged_and_stale_webhooks_are_refused() {
    let staff = Shop::new();
    let (receipt, webhook) = paid(&staff, "charge.refunded");
    let (before, body) = (payment(&staff, &receipt), webhook.to_string());
    let secrets = webhook_secrets(&staff);
    let forger: WebhookSecrets = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhlIHByb3ZpZGVy".parse().unwrap();
    let refused = staff.nobody().post("/payment/webhook", &webhook).expect(401);
    assert_eq!(refused.problem(), "unauthorized");
    let (time, id) = (now(), new_id());
    let sign = |time, body: &[u8]| secrets.sign(&id, time, body);
    for (time, signature) in [
        (time, forger.sign(&id, time, body.as_bytes())),
        (time - 400, sign(time - 400, body.as_bytes())),
        (time + 400, sign(time + 400, body.as_bytes())),
        (time, sign(time, b"{}")),
        (time, "nonsense".to_owned()),
    ] {
        let refused = send_signed(&staff, &id, time, &signature, &webhook).expect(401);
        assert_eq!(refused.problem(), "unauthorized", "{signature}");
    }
    // A member of staff is not accepted either.
    assert_eq!(staff.post("/payment/webhook", &webhook).expect(401).problem(), "unauthorized");
    assert_eq!(payment(&staff, &receipt), before);
}

#[test]
fn repeated_webhooks_are_accepted_and_change_nothing() {
    let staff = Shop::new();
    let (receipt, webhook) = paid(&staff, "charge.settled");
    let (before, secrets, id) = (payment(&staff, &receipt), webhook_secrets(&staff), new_id());
    assert_eq!(send(&staff, &secrets, &id, &webhook).expect(200).body["replayed"], false);
    assert_eq!(send(&staff, &secrets, &id, &webhook).expect(200).body["replayed"], true);
    assert_eq!(payment(&staff, &receipt), before);
}

#[test]
fn webhooks_about_unknown_orders_are_not_found() {
    let staff = Shop::new();
    let (_, mut webhook) = paid(&staff, "charge.settled");
    webhook["data"]["reference"] = json!(Uuid::now_v7());
    let refused = send(&staff, &webhook_secrets(&staff), &new_id(), &webhook).expect(404);
    assert_eq!(refused.problem(), "not-found");
}

#[test]
fn secrets_are_encrypted_and_shared_with_the_provider() {
    let shop = Shop::new();
    for (ours, theirs, variable) in [
        ("payment-webhook", "payment-sandbox-webhooks", "WEBHOOK_SECRET_PARAMETER"),
        ("payment-on-command", "payment-sandbox-api", "PROVIDER_KEY_PARAMETER"),
    ] {
        let parameter = |function| parameter(&shop, function, variable);
        assert_eq!(parameter(ours)["Type"], "SecureString");
        assert_eq!(parameter(ours), parameter(theirs));
    }
    let secret = secret(&shop, "payment-webhook", "WEBHOOK_SECRET_PARAMETER");
    assert!(secret.starts_with("whsec_"));
    secret.parse::<WebhookSecrets>().unwrap();
}

#[test]
fn partial_refunds_at_the_provider_are_seen_by_staff_and_leave_the_order_alone() {
    let staff = Shop::new();
    let customer = staff.customer();
    let receipt = customer.buy(&staff.product_in_stock("Lamp", "19.90", 1), 1, &json!({}));
    let order = customer.order_that_is("DELIVERED", &receipt).body;
    let audit = || staff.get(&format!("/audit/{}", receipt["orderId"].as_str().unwrap())).expect(200).body;
    let audited = eventually("the delivery in the audit", || {
        let audit = audit();
        audit.to_string().contains("OrderDelivered").then_some(audit)
    });
    let charge = payment(&staff, &receipt)["chargeId"].clone();
    for (key, amount, refunded, state) in
        [("first", 100, 1.0, "SETTLED"), ("second", 400, 5.0, "SETTLED"), ("third", 1490, 19.9, "REFUNDED")]
    {
        refund_part(&staff, &charge, key, amount);
        let payment = eventually(&format!("a refund of {refunded} in all"), || {
            let payment = payment(&staff, &receipt);
            (payment["refunded"].as_f64() == Some(refunded)).then_some(payment)
        });
        assert_eq!(payment["state"], state);
    }
    assert_eq!(customer.order(&receipt).body, order);
    assert_eq!(audit(), audited);
}
