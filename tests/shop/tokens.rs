//! Token validation: the shop accepts unexpired tokens of its user pool and app client only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shop_tests::{Answer, Shop, eventually, owner};
use uuid::Uuid;

/// A refusal of the gateway itself.
fn expect_refused(customer: &Shop, answer: Answer) -> Answer {
    let refused = answer.expect(401);
    customer.expect_refused_by_gateway(&refused, "unauthorized");
    refused
}

/// Reads the customer's own basket with a token.
fn ask(customer: &Shop, token: &str) -> Answer {
    let path = format!("/basket/{}", customer.user());
    customer.nobody().send("GET", &path, &[("authorization", token)], "")
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A call as the account owner.
fn administer(shop: &Shop, operation: &str, input: &Value) -> Value {
    let mut answer = ureq::post(shop.output("/endpoint"))
        .header("authorization", owner("cognito-idp"))
        .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .send(input.to_string())
        .unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

/// Creates another app client of a pool.
fn client(shop: &Shop, pool: &str, id_token_seconds: u32) -> String {
    let input = json!({
        "UserPoolId": pool, "ClientName": Uuid::now_v7(), "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "IdTokenValidity": id_token_seconds, "TokenValidityUnits": { "IdToken": "seconds" },
    });
    let created = administer(shop, "CreateUserPoolClient", &input);
    created["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned()
}

#[test]
fn the_customers_token_is_taken_with_and_without_its_scheme() {
    let customer = Shop::new().customer();
    ask(&customer, &customer.token()).expect(200);
    ask(&customer, &format!("Bearer {}", customer.token())).expect(200);
}

#[test]
fn no_token_and_no_token_at_all_are_refused() {
    let customer = Shop::new().customer();
    let refused = expect_refused(&customer, customer.nobody().get(&format!("/basket/{}", customer.user())));
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    for token in ["x", "Bearer", "Bearer x", "a.b.c", "..", "Basic Z3JhY2U6eA==", "null"] {
        expect_refused(&customer, ask(&customer, token));
    }
}

#[test]
fn a_token_that_was_tampered_with_is_refused() {
    let customer = Shop::new().customer();
    let token = customer.token();
    let parts: Vec<_> = token.split('.').collect();
    let (header, claims) = (decode(parts[0]), decode(parts[1]));

    let mut promoted = claims.clone();
    promoted["cognito:groups"] = json!(["staff"]);
    let mut prolonged = claims.clone();
    prolonged["exp"] = json!(4_102_444_800_u32);
    let mut unsigned = header.clone();
    unsigned["alg"] = json!("none");
    let mut symmetric = header.clone();
    symmetric["alg"] = json!("HS256");
    for forged in [
        format!("{}.{}.{}", parts[0], encode(&promoted), parts[2]),
        format!("{}.{}.{}", parts[0], encode(&prolonged), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.", encode(&unsigned), encode(&promoted)),
        format!("{}.{}.{}", encode(&unsigned), parts[1], parts[2]),
        format!("{}.{}.{}", encode(&symmetric), encode(&promoted), parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode([0; 256])),
    ] {
        expect_refused(&customer, ask(&customer, &forged));
    }
    ask(&customer, &token).expect(200);
}

#[test]
fn a_token_of_another_user_pool_is_refused() {
    let customer = Shop::new().customer();
    let pool = administer(&customer, "CreateUserPool", &json!({ "PoolName": Uuid::now_v7() }));
    let elsewhere = client(&customer, pool["UserPool"]["Id"].as_str().unwrap(), 3600);
    let token = customer.sign_up_at(&elsewhere).token();
    expect_refused(&customer, ask(&customer, &token));
}

#[test]
fn a_token_for_another_app_client_is_refused() {
    let customer = Shop::new().customer();
    let other = client(&customer, customer.output("/userPoolId"), 3600);
    let token = customer.sign_in_at(&other).token();
    let refused = ask(&customer, &token).expect(401);
    let by_function = !refused.header("x-correlation-id").is_empty();
    assert_eq!(
        by_function,
        !customer.has_http_api(),
        "an HTTP API knows the app client, a REST API only the pool"
    );
    if by_function {
        assert_eq!(refused.problem(), "unauthorized");
    }
}

#[test]
fn an_access_token_is_no_id_token() {
    let customer = Shop::new().customer();
    let token = customer.access_token();
    let refused = ask(&customer, &token).expect(401);
    assert_eq!(refused.problem(), "unauthorized");
    let by_function = !refused.header("x-correlation-id").is_empty();
    assert_eq!(by_function, customer.has_http_api(), "an HTTP API accepts any token of its app client");
}

#[test]
fn a_token_whose_time_is_over_is_refused_at_the_gateway() {
    let customer = Shop::new().customer();
    let brief = client(&customer, customer.output("/userPoolId"), 1);
    let token = customer.sign_in_at(&brief).token();
    // Only the gateway's own rejection has no correlation id.
    let refused = eventually("the end of the token", || {
        let refused = ask(&customer, &token).expect(401);
        refused.header("x-correlation-id").is_empty().then_some(refused)
    });
    customer.expect_refused_by_gateway(&refused, "unauthorized");
}
