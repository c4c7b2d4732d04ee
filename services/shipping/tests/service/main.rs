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
use lambdakit::aws::Aws;
use lambdakit::dynamodb::item::Item;
use lambdakit::messaging::consumer;
use serde_json::{Value, json};
use shipping::api::router;
use shipping::carrier::Carrier;
use shipping::commands::ShipmentHandler;
use shipping::rounds::CarrierHandler;
use shipping::store::ShipmentStore;
use testkit::faults::FaultProxy;
use testkit::{Account, Bus, Client, SCHEDULE_GROUP};

const SHIP: &str = include_str!("../../events/shipping-on-command.json");
const CALL_OFF: &str = include_str!("../../events/shipping-on-command-cancel.json");
const DISPATCH: &str = include_str!("../../events/shipping-carrier.json");
const DELIVER: &str = include_str!("../../events/shipping-carrier-deliver.json");

/// The order of the samples.
const ORDER: &str = "019c1431-2e60-7000-8000-000000000001";
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
    /// The bus that schedules publish to.
    bus: Bus,
}

async fn depot() -> Depot {
    depot_at(PACE).await
}

/// The same, with a carrier of another pace.
async fn depot_at(pace: Duration) -> Depot {
    let account = Account::new();
    let (shipments, aws) = (account.table(TABLE).await, account.aws().clone());
    depot_of(account, ShipmentStore::new(shipments), &aws, pace).await
}

/// The same, with a proxy between the service and AWS.
async fn faulty_depot() -> (Depot, FaultProxy) {
    let account = Account::new();
    let faults = account.faults().await;
    let of_service = account.behind(&faults);
    account.table(TABLE).await;
    let shipments = ShipmentStore::new(of_service.known_table(TABLE));
    (depot_of(account, shipments, of_service.aws(), PACE).await, faults)
}

async fn depot_of(account: Account, shipments: ShipmentStore, of_service: &Aws, pace: Duration) -> Depot {
    let bus = account.bus_named("steps").await;
    let carrier = Carrier::new(bus.schedules(of_service), pace);
    Depot {
        client: Client::new(router(shipments.clone())),
        commands: ShipmentHandler::new(shipments.clone(), carrier.clone()),
        rounds: CarrierHandler::new(shipments.clone(), carrier),
        shipments,
        account,
        bus,
    }
}

impl Depot {
    /// Delivers a command and returns whether it was acknowledged.
    async fn ask(&self, sample: &str) -> bool {
        is_handled(&self.commands, sample).await
    }

    /// Delivers an event to the carrier and returns whether it was handled.
    async fn remind(&self, event: &str) -> bool {
        is_handled(&self.rounds, event).await
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
        let get = self.account.aws().scheduler().get_schedule().group_name(SCHEDULE_GROUP).name(name);
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

/// Whether a consumer handles all events of an invocation.
async fn is_handled(consumer: &impl consumer::Handler, payload: &str) -> bool {
    match consumer::invoke(consumer, payload, None).await {
        Ok(response) => response.is_none_or(|response| response.failed().next().is_none()),
        Err(_) => false,
    }
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
