use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::types::Message;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use lambdakit::aws::{Aws, CallLimits};
use lambdakit::dynamodb::table::Table;
use serde_json::json;
use uuid::Uuid;

use crate::faults::FaultProxy;
use crate::{Bus, eventually, template};

/// Limits that treat a busy machine as no fault.
const PATIENT: CallLimits = CallLimits { attempts: 3, attempt_timeout: Duration::from_secs(20) };
/// The limits of the functions.
const LIMITS: CallLimits = CallLimits { attempts: 3, attempt_timeout: Duration::from_millis(1500) };

/// An account on the local AWS for one test, so that tests run in parallel.
#[derive(Debug)]
pub struct Account {
    id: String,
    aws: Aws,
}

impl Default for Account {
    fn default() -> Self {
        Self::new()
    }
}

impl Account {
    /// A new account. The local AWS treats any twelve digits as an account, if they are the access
    /// key.
    #[must_use]
    pub fn new() -> Self {
        Self::of(format!("{:012}", Uuid::now_v7().as_u128() % 1_000_000_000_000), endpoint(), PATIENT)
    }

    /// The account that the shop is deployed to.
    #[must_use]
    pub fn of_the_shop() -> Self {
        Self::of_the_shop_at(&endpoint())
    }

    /// The account that the shop is deployed to, on another local AWS.
    #[must_use]
    pub fn of_the_shop_at(endpoint: &str) -> Self {
        Self::of("000000000000".to_owned(), endpoint.to_owned(), PATIENT)
    }

    /// A user of the account that the shop is deployed to, on another local AWS.
    #[must_use]
    pub fn of_user(key: &str, secret: &str, endpoint: &str) -> Self {
        let credentials = Credentials::new(key, secret, None, None, "testkit");
        let aws = Aws::new("us-east-1".to_owned(), credentials, Some(endpoint.to_owned()), PATIENT);
        Self { id: "000000000000".to_owned(), aws }
    }

    fn of(id: String, endpoint: String, limits: CallLimits) -> Self {
        let credentials = Credentials::new(&id, "test", None, None, "testkit");
        Self { aws: Aws::new("us-east-1".to_owned(), credentials, Some(endpoint), limits), id }
    }

    /// A proxy to the local AWS that can inject faults.
    pub async fn faults(&self) -> FaultProxy {
        FaultProxy::start(&endpoint(), 1).await
    }

    /// The same account through a proxy.
    #[must_use]
    pub fn behind(&self, proxy: &FaultProxy) -> Self {
        Self::of(self.id.clone(), proxy.endpoint().to_owned(), LIMITS)
    }

    /// The same, with limits for large calls, which could time out on a busy machine without a
    /// fault.
    #[must_use]
    pub fn patiently_behind(&self, proxy: &FaultProxy) -> Self {
        Self::of(self.id.clone(), proxy.endpoint().to_owned(), PATIENT)
    }

    /// The clients of this account.
    #[must_use]
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Creates the table that functions have in this environment variable, as the template
    /// describes it. The table has the variable's name.
    pub async fn table(&self, variable: &str) -> Table {
        let table = self.known_table(variable);
        template::create_table(table.client(), variable).await;
        table
    }

    /// The table of this name, which exists already.
    #[must_use]
    pub fn known_table(&self, variable: &str) -> Table {
        Table::new(self.aws.dynamodb(), variable.to_owned())
    }

    /// Creates an event bus whose events tests can read.
    pub async fn bus(&self) -> Bus {
        self.bus_named("bus").await
    }

    /// The same with a name, for tests of several publishers.
    pub async fn bus_named(&self, name: &str) -> Bus {
        Bus::create(&self.aws, name.to_owned()).await
    }

    /// Creates a queue and returns its URL.
    pub async fn queue(&self, name: &str) -> String {
        let created = self.aws.sqs().create_queue().queue_name(name).send().await.expect("a queue");
        created.queue_url.expect("the queue's URL")
    }

    /// Creates a parameter of SSM and returns its name.
    pub async fn parameter(&self, name: &str, value: &str) -> String {
        let input = json!({ "Name": name, "Value": value, "Type": "String" });
        // One call does not justify SSM's SDK.
        let request = self
            .request("ssm")
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", "AmazonSSM.PutParameter")
            .body(input.to_string());
        expect_success(request.expect("a request")).await;
        name.to_owned()
    }

    /// The next message of a queue, which is deleted.
    pub async fn message(&self, queue_url: &str) -> Message {
        let sqs = self.aws.sqs();
        let message = eventually("a message in the queue", async || {
            let receive = sqs.receive_message().queue_url(queue_url).message_attribute_names("All");
            receive.send().await.expect("messages").messages.unwrap_or_default().pop()
        })
        .await;
        let delete = sqs.delete_message().queue_url(queue_url);
        let delete = delete.receipt_handle(message.receipt_handle().unwrap_or_default());
        delete.send().await.expect("a deleted message");
        message
    }

    /// Creates a role without permissions and returns its ARN, for resources that need one.
    pub async fn role(&self, name: &str) -> String {
        // One call does not justify IAM's SDK.
        let call =
            format!("Action=CreateRole&Version=2010-05-08&RoleName={name}&AssumeRolePolicyDocument=%7B%7D");
        let request =
            self.request("iam").header("Content-Type", "application/x-www-form-urlencoded").body(call);
        expect_success(request.expect("a request")).await;
        format!("arn:aws:iam::{}:role/{name}", self.id)
    }

    /// The start of a request to a service of this account.
    fn request(&self, service: &str) -> hyper::http::request::Builder {
        let scope = format!("{}/20260101/us-east-1/{service}/aws4_request", self.id);
        let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        Request::post(endpoint()).header("Authorization", signature).header("User-Agent", "testkit")
    }
}

async fn expect_success(request: Request<String>) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
}

fn endpoint() -> String {
    std::env::var("FERROCART_ENDPOINT")
        .expect("FERROCART_ENDPOINT is not set: run these tests with `cargo xtask test`")
}
