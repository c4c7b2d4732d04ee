//! The one route that is open to another program: it believes what is signed, and nothing else.

use std::time::{SystemTime, UNIX_EPOCH};

use lambdakit::signature::SigningKey;
use serde_json::{Value, json};
use shop_tests::{Answer, Shop, owner};
use uuid::Uuid;

/// The secret that the shop shares with its payment provider.
fn secret(shop: &Shop) -> String {
    let (endpoint, function) = (shop.output("/endpoint"), shop.output("/functions/payment-webhook"));
    let mut answer = ureq::get(format!("{endpoint}/2015-03-31/functions/{function}/configuration"))
        .header("authorization", owner("lambda"))
        .call()
        .unwrap();
    let function: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let name = &function["Environment"]["Variables"]["WEBHOOK_SECRET"];
    let mut answer = ureq::post(endpoint)
        .header("authorization", owner("secretsmanager"))
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .header("content-type", "application/x-amz-json-1.1")
        .send(json!({ "SecretId": name }).to_string())
        .unwrap();
    let secret: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    secret["SecretString"].as_str().unwrap().to_owned()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn tell(shop: &Shop, signature: &str, webhook: &Value) -> Answer {
    shop.nobody().send("POST", "/payment/webhook", &[("webhook-signature", signature)], webhook)
}

/// An order that is paid, and a webhook that says of its payment whatever it says.
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
    (receipt, json!({ "id": format!("evt_{}", Uuid::now_v7().simple()), "type": kind, "data": charge }))
}

fn payment(staff: &Shop, receipt: &Value) -> Value {
    staff.get(&format!("/payment/{}", receipt["orderId"].as_str().unwrap())).expect(200).body
}

#[test]
fn what_is_not_signed_or_forged_or_stale_is_refused_and_changes_nothing() {
    let staff = Shop::new();
    let (receipt, webhook) = paid(&staff, "charge.refunded");
    let (before, body) = (payment(&staff, &receipt), webhook.to_string());
    let key = SigningKey::new(&secret(&staff)).unwrap();
    let forger = SigningKey::new("not the secret").unwrap();
    let refused = staff.nobody().post("/payment/webhook", &webhook).expect(401);
    assert_eq!(refused.problem(), "unauthorized");
    for signature in [
        forger.sign(now(), body.as_bytes()),
        key.sign(now() - 400, body.as_bytes()),
        key.sign(now() + 400, body.as_bytes()),
        key.sign(now(), b"{}"),
        "nonsense".to_owned(),
    ] {
        assert_eq!(tell(&staff, &signature, &webhook).expect(401).problem(), "unauthorized", "{signature}");
    }
    // Neither is somebody believed for being staff.
    assert_eq!(staff.post("/payment/webhook", &webhook).expect(401).problem(), "unauthorized");
    assert_eq!(payment(&staff, &receipt), before);
}

#[test]
fn what_is_told_again_is_taken_and_changes_nothing() {
    let staff = Shop::new();
    let (receipt, webhook) = paid(&staff, "charge.settled");
    let (before, body) = (payment(&staff, &receipt), webhook.to_string());
    let signature = SigningKey::new(&secret(&staff)).unwrap().sign(now(), body.as_bytes());
    assert_eq!(tell(&staff, &signature, &webhook).expect(200).body["replayed"], false);
    assert_eq!(tell(&staff, &signature, &webhook).expect(200).body["replayed"], true);
    assert_eq!(payment(&staff, &receipt), before);
}

#[test]
fn of_an_order_that_is_none_nothing_can_be_told() {
    let staff = Shop::new();
    let (_, mut webhook) = paid(&staff, "charge.settled");
    webhook["data"]["reference"] = json!(Uuid::now_v7());
    let signature = SigningKey::new(&secret(&staff)).unwrap().sign(now(), webhook.to_string().as_bytes());
    assert_eq!(tell(&staff, &signature, &webhook).expect(404).problem(), "not-found");
}
