//! Privacy requests of customers, against the real table, bus and user pool of the local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod delay;
mod erasure;
mod export;
mod requests;
mod second_owner;

use std::time::Duration;

use lambdakit::messaging::publish::Publisher;
use lambdakit::messaging::schedule::{Places, ScheduleTarget, Schedules};
use privacy::account::Accounts;
use privacy::api::router;
use privacy::erasure::ErasureDelay;
use privacy::progress::RequestProgress;
use privacy::store::{Holders, RequestStore};
use serde_json::{Value, json};
use testkit::faults::FaultProxy;
use testkit::{Account, Bus, Client, deliver};
use uuid::Uuid;

/// The services that hold customer data in these tests.
const HOLDERS: [&str; 4] = ["basket", "notification", "ordering", "realtime"];
/// The target of schedules.
const TARGET: &str = "arn:aws:sqs:us-east-1:000000000000:privacy-on-event";

/// A privacy service with an empty table and a user pool, and a proxy between it and AWS.
struct Shop {
    /// Signed in as the customer `swn`.
    client: Client,
    staff: Client,
    dynamodb: aws_sdk_dynamodb::Client,
    cognito: aws_sdk_cognitoidentityprovider::Client,
    pool: String,
    progress: RequestProgress,
    faults: FaultProxy,
    /// Without the proxy.
    account: Account,
    bus: Bus,
}

async fn shop() -> Shop {
    shop_that_delays(Duration::from_mins(15)).await
}

/// A shop that delays erasures by this duration.
async fn shop_that_delays(delay: Duration) -> Shop {
    let account = Account::new();
    let faults = account.faults().await;
    let of_service = account.behind(&faults);
    account.table("PRIVACY_TABLE").await;
    let cognito = account.aws().cognito();
    let pool = cognito.create_user_pool().pool_name("users").send().await.unwrap();
    let pool = pool.user_pool.unwrap().id.unwrap();
    let requests = RequestStore::new(of_service.known_table("PRIVACY_TABLE"), Holders::new(HOLDERS));
    let bus = account.bus().await;
    let places = Places {
        group: "default".to_owned(),
        target: ScheduleTarget::Arn(TARGET.to_owned()),
        dead_letters_arn: "arn:aws:sqs:us-east-1:000000000000:privacy-failures".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/scheduler".to_owned(),
    };
    let schedules = Schedules::new(of_service.aws().scheduler(), places);
    let publisher = Publisher::new(of_service.aws().eventbridge(), bus.name());
    let progress = RequestProgress::new(
        requests.clone(),
        Accounts::new(of_service.aws().cognito(), pool.clone()),
        ErasureDelay::new(schedules, publisher, delay),
    );
    let staff = Client::new(router(requests));
    let client = staff.customer("swn");
    let dynamodb = account.aws().dynamodb();
    Shop { client, staff, dynamodb, cognito, pool, progress, faults, account, bus }
}

impl Shop {
    /// Delivers an event of a holder and returns whether it was acknowledged.
    async fn deliver(&self, detail_type: &str, data: &Value) -> bool {
        let metadata = json!({
            "eventId": Uuid::now_v7(),
            "version": 1,
            "correlationId": "c-1",
            "occurredAt": "2026-01-31T12:00:00.000Z",
        });
        let envelope = json!({
            "source": "shop.basket",
            "detail-type": detail_type,
            "detail": { "metadata": metadata, "data": data },
        });
        self.deliver_batch(&json!({ "Records": [{ "messageId": "m", "body": envelope.to_string() }] })).await
    }

    async fn deliver_batch(&self, batch: &Value) -> bool {
        deliver(&self.progress, batch).await.is_empty()
    }

    /// The rows of the table, as text.
    async fn rows(&self) -> Vec<String> {
        let rows = self.dynamodb.scan().table_name("PRIVACY_TABLE").send().await.unwrap();
        rows.items().iter().map(|row| format!("{row:?}")).collect()
    }
}
