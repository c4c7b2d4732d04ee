//! Client of the shop's API: HTTP requests with a Cognito token.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// The confirmation code that the local Cognito sends to every new user.
const CODE: &str = "123456";
/// The number of concurrent sign-ins: far below Cognito's quota of 120 a second.
const AT_A_TIME: usize = 8;
/// Longer than the gateway's integration timeout.
const TIMEOUT: Duration = Duration::from_secs(35);

/// The fields of `outputs.json` that are needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outputs {
    pub api_url: String,
    region: String,
    /// The endpoint of the local AWS.
    endpoint: Option<String>,
    user_pool_client_id: String,
}

impl Outputs {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}; `cargo xtask up` writes it", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not the outputs of a stage", path.display()))
    }

    pub fn is_local(&self) -> bool {
        self.endpoint.is_some()
    }

    fn cognito(&self) -> String {
        let of_aws = || format!("https://cognito-idp.{}.amazonaws.com/", self.region);
        self.endpoint.clone().unwrap_or_else(of_aws)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub user_name: String,
    pub password: String,
}

/// A signed-in customer.
#[derive(Clone)]
pub struct Customer {
    pub name: String,
    token: String,
}

#[derive(Clone)]
pub struct Shop {
    client: Client,
    api: String,
    cognito: String,
    client_id: String,
}

/// A status, and the body if it is JSON.
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Shop {
    pub fn new(outputs: &Outputs) -> Result<Self> {
        // Fails if one is installed already, which is as good.
        let _there_is_one = rustls::crypto::ring::default_provider().install_default();
        // A firewall rejects requests without a user agent, and reqwest sends none by default.
        let client = Client::builder().user_agent("ferrocart-load").timeout(TIMEOUT);
        let client = client.no_proxy().tcp_nodelay(true).build()?;
        Ok(Self {
            client,
            api: outputs.api_url.clone(),
            cognito: outputs.cognito(),
            client_id: outputs.user_pool_client_id.clone(),
        })
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        customer: Option<&Customer>,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.api));
        if let Some(customer) = customer {
            request = request.header("authorization", &customer.token);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }

    /// The ids of the first page of products.
    pub async fn catalogue(&self) -> Result<Vec<String>> {
        let answer =
            self.send(Method::GET, "/product", None, None, None).await.context("the shop does not answer")?;
        ensure!(answer.status.is_success(), "GET /product answers {}", answer.status);
        let items = answer.body["items"].as_array().into_iter().flatten();
        let ids: Vec<_> = items.filter_map(|item| item["id"].as_str().map(str::to_owned)).collect();
        ensure!(!ids.is_empty(), "there is nothing on sale; `cargo xtask seed` fills the local catalogue");
        Ok(ids)
    }

    /// Signs users in, after signing up those who are new.
    pub async fn sign_in(&self, users: Vec<User>, new: bool) -> Result<Vec<Customer>> {
        let (mut waiting, mut tasks, mut customers) = (users.into_iter(), JoinSet::new(), Vec::new());
        loop {
            while tasks.len() < AT_A_TIME
                && let Some(user) = waiting.next()
            {
                let shop = self.clone();
                tasks.spawn(async move {
                    if new {
                        shop.sign_up(&user).await?;
                    }
                    shop.token(user).await
                });
            }
            match tasks.join_next().await {
                Some(customer) => customers.push(customer.context("a sign-in fell over")??),
                None => return Ok(customers),
            }
        }
    }

    async fn sign_up(&self, user: &User) -> Result<()> {
        let User { user_name, password } = user;
        let email = json!([{ "Name": "email", "Value": format!("{user_name}@example.com") }]);
        let client = &self.client_id;
        self.ask_cognito(
            "SignUp",
            json!({ "ClientId": client, "Username": user_name, "Password": password, "UserAttributes": email }),
        )
        .await?;
        let code = json!({ "ClientId": client, "Username": user_name, "ConfirmationCode": CODE });
        self.ask_cognito("ConfirmSignUp", code).await?;
        Ok(())
    }

    async fn token(&self, user: User) -> Result<Customer> {
        let parameters = json!({ "USERNAME": user.user_name, "PASSWORD": user.password });
        let input = json!({
            "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": self.client_id, "AuthParameters": parameters,
        });
        let answer = self.ask_cognito("InitiateAuth", input).await?;
        match answer.pointer("/AuthenticationResult/IdToken").and_then(Value::as_str) {
            Some(token) => Ok(Customer { name: user.user_name, token: token.to_owned() }),
            None => bail!("{} cannot sign in with a password alone", user.user_name),
        }
    }

    async fn ask_cognito(&self, operation: &str, input: Value) -> Result<Value> {
        let request = self
            .client
            .post(&self.cognito)
            .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
            .header("content-type", "application/x-amz-json-1.1")
            .body(input.to_string());
        let response = request.send().await?;
        let status = response.status();
        let body: Value = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
        if status.is_success() { Ok(body) } else { Err(anyhow!("{operation}: {body}")) }
    }
}
