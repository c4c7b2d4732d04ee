//! Token validation of the WebSocket authorizer. The keys in `keys.json` are for these tests; one
//! stands in for the user pool's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use lambdakit::auth::authorizer;
use lambdakit::auth::jwt::Tokens;
use lambdakit::http_client::HttpClient;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

use crate::server::serve;

const KEYS: &str = include_str!("keys.json");
const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/$connect";

/// An authorizer, and the user pool that it fetches keys from.
struct Door {
    issuer: String,
    tokens: Tokens,
    asked: Arc<AtomicUsize>,
}

async fn door() -> Door {
    door_of(200).await
}

async fn door_of(status: u16) -> Door {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let pool = key("pool");
    let keys = json!({ "keys": [
        { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k-1", "n": pool["n"], "e": pool["e"] },
        { "kty": "EC", "kid": "k-2", "crv": "P-256", "x": "", "y": "" },
    ] });
    let url = serve(move |_, path, _| {
        assert_eq!(path, "/us-east-1_pool/.well-known/jwks.json");
        counted.fetch_add(1, Ordering::SeqCst);
        (status, keys.to_string())
    });
    let issuer = url.await + "/us-east-1_pool";
    let http = HttpClient::new(&issuer, Duration::from_secs(1)).unwrap();
    Door { tokens: Tokens::new(issuer.clone(), ["web", "partner"], http), issuer, asked }
}

fn key(name: &str) -> Value {
    serde_json::from_str::<Value>(KEYS).unwrap()[name].clone()
}

fn signed(header: &Value, claims: &Value, key: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n: number("n"), e: number("e") },
        d: number("d"),
        p: number("p"),
        q: number("q"),
        dP: number("dp"),
        dQ: number("dq"),
        qInv: number("qi"),
    };
    let pair = KeyPair::from_components(&components).unwrap();
    let text = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

impl Door {
    fn claims(&self, change: &Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": "web", "token_use": "id", "exp": in_seconds(3600), "sub": "s-1",
            "cognito:username": "grace", "email": "g@example.com",
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    /// A valid token of the pool with these claims changed.
    fn token(&self, change: &Value) -> String {
        signed(&json!({ "alg": "RS256", "kid": "k-1" }), &self.claims(change), &key("pool"))
    }

    async fn ask(&self, query: Value) -> Result<Value, authorizer::AuthorizerError> {
        let event = json!({
            "type": "REQUEST", "methodArn": ARN, "headers": { "Host": "h" }, "queryStringParameters": query,
        });
        let verdict = authorizer::invoke(&self.tokens, &event.to_string(), None).await?;
        Ok(serde_json::to_value(&verdict).unwrap())
    }

    async fn knock(&self, token: &str) -> Value {
        self.ask(json!({ "token": token })).await.unwrap()
    }

    async fn lets_in(&self, token: &str) -> bool {
        let verdict = self.knock(token).await;
        let statement = &verdict["policyDocument"]["Statement"][0];
        assert_eq!(
            (&statement["Action"], &statement["Resource"]),
            (&json!("execute-api:Invoke"), &json!(ARN))
        );
        let allowed = statement["Effect"] == "Allow";
        assert_eq!(verdict["context"] == json!({}), !allowed, "{verdict}");
        allowed
    }
}

fn in_seconds(seconds: i64) -> i64 {
    Timestamp::now().unix_seconds() + seconds
}

#[tokio::test]
async fn tokens_of_the_pool_are_accepted_with_their_user_name() {
    let door = door().await;
    let verdict = door.knock(&door.token(&json!({ "exp": 9_999_999_999_u64 }))).await;
    assert_eq!(verdict["policyDocument"]["Version"], "2012-10-17");
    assert_eq!(verdict["policyDocument"]["Statement"][0]["Effect"], "Allow");
    let context = json!({
        "subject": "s-1", "userName": "grace", "groups": "", "expiresAt": "9999999999",
    });
    assert_eq!(verdict["context"], context);
    assert!(!verdict.to_string().contains("g@example.com"));
    for (groups, expected) in
        [(json!(["staff"]), "staff"), (json!(["staffing", "not-staff"]), "staffing not-staff")]
    {
        let verdict = door.knock(&door.token(&json!({ "cognito:groups": groups, "aud": "partner" }))).await;
        assert_eq!(verdict["context"]["groups"], expected);
    }
}

#[tokio::test]
async fn the_keys_are_asked_for_once() {
    let door = door().await;
    for _ in 0..5 {
        assert!(door.lets_in(&door.token(&json!({}))).await);
    }
    assert_eq!(door.asked.load(Ordering::SeqCst), 1);
    // An attacker can make up key ids, so unknown ones must not cause requests.
    for number in 0..20 {
        let header = json!({ "alg": "RS256", "kid": format!("made-up-{number}") });
        assert!(!door.lets_in(&signed(&header, &door.claims(&json!({})), &key("pool"))).await);
    }
    assert_eq!(door.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn tokens_that_are_over_or_for_something_else_are_refused() {
    let door = door().await;
    for change in [
        json!({ "exp": in_seconds(-1) }),
        json!({ "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other" }),
        json!({ "aud": "other" }),
        json!({ "aud": null }),
        json!({ "token_use": "access", "client_id": "web" }),
        json!({ "cognito:username": "" }),
        json!({ "sub": null }),
        json!({ "exp": null }),
        json!({ "exp": "9999999999" }),
    ] {
        assert!(!door.lets_in(&door.token(&change)).await, "{change}");
    }
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let door = door().await;
    let (good, claims) = (door.token(&json!({})), door.claims(&json!({})));
    let rs256 = json!({ "alg": "RS256", "kid": "k-1" });
    assert!(!door.lets_in(&signed(&rs256, &claims, &key("stranger"))).await, "somebody else's key");
    let parts: Vec<_> = good.split('.').collect();
    let staff = URL_SAFE_NO_PAD.encode(door.claims(&json!({ "cognito:groups": ["staff"] })).to_string());
    assert!(!door.lets_in(&format!("{}.{staff}.{}", parts[0], parts[2])).await, "changed claims");
    for alg in ["none", "HS256", "RS512", "ES256", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "kid": "k-1" }).to_string());
        assert!(!door.lets_in(&format!("{header}.{}.{}", parts[1], parts[2])).await, "{alg}");
        assert!(!door.lets_in(&format!("{header}.{}.", parts[1])).await, "{alg} without a signature");
    }
    let critical = json!({ "alg": "RS256", "kid": "k-1", "crit": ["exp"] });
    assert!(!door.lets_in(&signed(&critical, &claims, &key("pool"))).await, "what is not understood");
    let elliptic = json!({ "alg": "RS256", "kid": "k-2" });
    assert!(!door.lets_in(&signed(&elliptic, &claims, &key("pool"))).await, "a key of another kind");
    let long = door.token(&json!({ "more": "x".repeat(9000) }));
    for nonsense in ["", ".", "..", "a.b.c", &good[1..], &good[..good.len() - 1], &format!("{good}."), &long]
    {
        assert!(!door.lets_in(nonsense).await, "{nonsense}");
    }
    assert!(door.lets_in(&good).await);
}

#[tokio::test]
async fn connections_without_a_token_are_refused() {
    let door = door().await;
    for query in [Value::Null, json!({}), json!({ "Token": "x" })] {
        let verdict = door.ask(query).await.unwrap();
        assert_eq!(verdict["policyDocument"]["Statement"][0]["Effect"], "Deny");
    }
}

#[tokio::test]
async fn without_the_pools_keys_nobody_is_let_in_or_refused() {
    let door = door_of(500).await;
    let token = door.token(&json!({}));
    assert!(door.ask(json!({ "token": token })).await.is_err());
    assert!(door.ask(json!({ "token": token })).await.is_err());
    assert_eq!(door.asked.load(Ordering::SeqCst), 2, "it may be there in a moment");
}
