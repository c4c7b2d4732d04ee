//! Shipment tests against their real table and real schedules, on the local AWS.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

mod carrier;
mod commands;
mod events;
mod faults;
mod races;
mod routes;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_sqs::types::QueueAttributeName;
use lambdakit::dynamodb::item::Item;
use lambdakit::messaging::consumer;
use lambdakit::messaging::schedule::{Places, ScheduleTarget, Schedules};
use serde_json::{Value, json};
use shipping::api::router;
use shipping::carrier::Carrier;
use shipping::commands::ShipmentHandler;
use shipping::rounds::CarrierHandler;
use shipping::store::ShipmentStore;
use testkit::faults::FaultProxy;
use testkit::{Account, Client, deliver};

const SHIP: &str = include_str!("../../events/shipping-on-command.json");
const CALL_OFF: &str = include_str!("../../events/shipping-on-command-cancel.json");
const DISPATCH: &str = include_str!("../../events/shipping-carrier.json");
const DELIVER: &str = include_str!("../../events/shipping-carrier-deliver.json");

/// The order of the samples.
const ORDER: &str = "019c1431-2e60-7000-8000-000000000001";
/// The schedule group that every account has.
const GROUP: &str = "default";
const TABLE: &str = "SHIPMENT_TABLE";
/// Longer than any test runs, so that no schedule fires by itself.
const PACE: Duration = Duration::from_hours(1);

/// A shipping service with an empty table.
struct Depot {
    client: Client,
    commands: ShipmentHandler,
    rounds: CarrierHandler,
    shipments: ShipmentStore,
    account: Account,
    /// The queue that schedules send to.
    queue: String,
}

async fn depot() -> Depot {
    depot_at(PACE).await
}

/// The same, with a carrier of another pace.
async fn depot_at(pace: Duration) -> Depot {
    let account = Account::new();
    let (shipments, schedules) = (account.table(TABLE).await, account.aws().scheduler());
    depot_of(account, ShipmentStore::new(shipments), schedules, pace).await
}

/// The same, with a proxy between the service and AWS.
async fn faulty_depot() -> (Depot, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    let of_service = account.behind(&faults);
    account.table(TABLE).await;
    let (shipments, schedules) = (of_service.known_table(TABLE), of_service.aws().scheduler());
    (depot_of(account, ShipmentStore::new(shipments), schedules, PACE).await, faults)
}

async fn depot_of(
    account: Account,
    shipments: ShipmentStore,
    schedules: aws_sdk_scheduler::Client,
    pace: Duration,
) -> Depot {
    let queue = account.queue("shipping-carrier").await;
    let places = Places {
        group: GROUP.to_owned(),
        target: ScheduleTarget::Arn(arn(&account, &queue).await),
        dead_letters_arn: arn(&account, &account.queue("shipping-carrier-dlq").await).await,
        role_arn: "arn:aws:iam::000000000000:role/carrier".to_owned(),
    };
    let carrier = Carrier::new(Schedules::new(schedules, places), pace);
    Depot {
        client: Client::new(router(shipments.clone())),
        commands: ShipmentHandler::new(shipments.clone(), carrier.clone()),
        rounds: CarrierHandler::new(shipments.clone(), carrier),
        shipments,
        account,
        queue,
    }
}

async fn arn(account: &Account, queue: &str) -> String {
    let attributes = account.aws().sqs().get_queue_attributes().queue_url(queue);
    let attributes = attributes.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
    attributes.attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap()
}

impl Depot {
    /// Delivers a command and returns whether it was acknowledged.
    async fn ask(&self, sample: &str) -> bool {
        done(&self.commands, sample).await
    }

    /// Delivers a reminder to the carrier and returns whether it was acknowledged.
    async fn remind(&self, sample: &str) -> bool {
        done(&self.rounds, sample).await
    }

    /// The row of the sample's order.
    async fn row(&self) -> Option<Item> {
        let get = self.account.aws().dynamodb().get_item().table_name(TABLE);
        get.key("orderId", AttributeValue::S(ORDER.to_owned())).send().await.unwrap().item
    }

    /// The value of one attribute of that row.
    async fn said(&self, attribute: &str) -> Option<String> {
        self.row().await?.get(attribute)?.as_s().ok().cloned()
    }

    async fn state(&self) -> Option<String> {
        self.said("state").await
    }

    /// The schedule of this name, if there is one.
    async fn schedule(&self, name: &str) -> Option<GetScheduleOutput> {
        let get = self.account.aws().scheduler().get_schedule().group_name(GROUP).name(name);
        get.send().await.ok()
    }

    /// The names of all schedules.
    async fn schedules(&self) -> Vec<String> {
        let listed = self.account.aws().scheduler().list_schedules().send().await.unwrap();
        let mut names: Vec<_> = listed.schedules.into_iter().filter_map(|schedule| schedule.name).collect();
        names.sort();
        names
    }
}

async fn done<H: consumer::Handler>(handler: &H, sample: &str) -> bool {
    deliver(handler, sample).await.is_empty()
}

/// The sample of `ShipOrder`, to another address.
fn ship_to(address: &str) -> String {
    with_data(SHIP, |data| data["recipient"]["address"] = json!(address))
}

/// A sample message, with its command changed.
fn with_data(sample: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut sample: Value = serde_json::from_str(sample).unwrap();
    let mut envelope: Value = serde_json::from_str(sample["Records"][0]["body"].as_str().unwrap()).unwrap();
    change(&mut envelope["detail"]["data"]);
    sample["Records"][0]["body"] = json!(envelope.to_string());
    sample.to_string()
}

/// The name of the schedule for a step of the sample's parcel.
fn schedule_of(step: &str) -> String {
    format!("{ORDER}-{step}")
}
