//! The schemas of the events are stored in `schemas/`.
//!
//! Published schemas are kept. A type that changes gets a new version, and `UPDATE_EXPECT=1
//! cargo test -p contracts` writes the new version's file beside the old one. Only descriptions
//! may change within a version.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use contracts::basket::BasketCheckedOut;
use contracts::inventory::{StockChanged, StockLow, StockReleased, StockReserved, StockShipped};
use contracts::ordering::{
    OrderCancellationRequested, OrderCancelled, OrderDelivered, OrderPaid, OrderPlaced, OrderRejected,
    OrderShipped, OrderStockReserved,
};
use contracts::payment::{
    ChargePayment, PaymentDeclined, PaymentPartiallyRefunded, PaymentRefunded, PaymentSettled, RefundPayment,
};
use contracts::privacy::{
    CustomerDataCollected, CustomerDataErased, CustomerErasureDue, CustomerErasureRequested,
    CustomerExportRequested,
};
use contracts::product::{ProductCreated, ProductDeleted, ProductUpdated};
use contracts::shipping::{
    CancelShipment, ShipOrder, ShipmentCancelled, ShipmentCreated, ShipmentDelivered, ShipmentDispatched,
    ShipmentRefused,
};
use contracts::{Event, Payload};
use expect_test::expect_file;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

fn check<D: Payload + JsonSchema>() {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Event<D>>();
    schema.insert("title".to_owned(), format!("{} v{}", D::DETAIL_TYPE, D::VERSION).into());
    let file = format!("{}/schemas/{}.v{}.json", env!("CARGO_MANIFEST_DIR"), D::DETAIL_TYPE, D::VERSION);
    if let Ok(published) = std::fs::read_to_string(&file) {
        assert!(
            meaning(&serde_json::from_str(&published).unwrap()) == meaning(schema.as_value()),
            "{name} is no longer what was published as its version {version}: set VERSION to {next}, then run \
             `UPDATE_EXPECT=1 cargo test -p contracts`",
            name = D::DETAIL_TYPE,
            version = D::VERSION,
            next = D::VERSION + 1,
        );
    }
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    expect_file![file].assert_eq(&text);
}

/// A schema without its descriptions. The schema of a field named `description` is kept: it is
/// not a string.
fn meaning(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let said = |(name, value): &(&String, &Value)| *name == "description" && value.is_string();
            let meant = members.iter().filter(|member| !said(member));
            meant.map(|(name, value)| (name.clone(), meaning(value))).collect()
        }
        Value::Array(values) => values.iter().map(meaning).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_schema_of_each_event_is_the_published_one() {
    check::<ProductCreated>();
    check::<ProductUpdated>();
    check::<ProductDeleted>();
    check::<BasketCheckedOut>();
    check::<CustomerExportRequested>();
    check::<CustomerDataCollected>();
    check::<CustomerErasureRequested>();
    check::<CustomerErasureDue>();
    check::<CustomerDataErased>();
    check::<OrderPlaced>();
    check::<OrderStockReserved>();
    check::<OrderPaid>();
    check::<OrderShipped>();
    check::<OrderDelivered>();
    check::<OrderCancellationRequested>();
    check::<OrderRejected>();
    check::<OrderCancelled>();
    check::<StockReserved>();
    check::<StockReleased>();
    check::<StockShipped>();
    check::<StockChanged>();
    check::<StockLow>();
    check::<PaymentSettled>();
    check::<PaymentDeclined>();
    check::<PaymentPartiallyRefunded>();
    check::<PaymentRefunded>();
    check::<ShipmentCreated>();
    check::<ShipmentRefused>();
    check::<ShipmentCancelled>();
    check::<ShipmentDispatched>();
    check::<ShipmentDelivered>();
}

#[test]
fn the_schema_of_each_command_is_the_published_one() {
    check::<ChargePayment>();
    check::<RefundPayment>();
    check::<ShipOrder>();
    check::<CancelShipment>();
}
