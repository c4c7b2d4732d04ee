//! Translates changes of the product table into events, for the publisher.

use contracts::product::{PriceChange, ProductCreated, ProductDeleted, ProductSnapshot, ProductUpdated};
use contracts::{Event, Published};
use domain::Timestamp;
use domain::product::Product;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::publish::Entry;
use lambdakit::outbox::EventRecord;
use lambdakit::telemetry;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A product as an image in the stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    #[serde(flatten)]
    product: Product,
    correlation_id: String,
    /// The correlation id of the deletion under way.
    #[serde(default)]
    removal: Option<String>,
}

/// Why a stream record is not a change of a product.
#[derive(Debug, thiserror::Error)]
enum ChangeError {
    #[error("a stream record has the unknown event name {0}")]
    EventName(String),
}

/// The event for a change.
///
/// # Errors
/// When the record does not contain products.
pub fn translate(record: &EventRecord) -> Result<Option<Entry>, HandlerError> {
    let image = |item: &serde_dynamo::Item| serde_dynamo::from_item::<_, Image>(item.clone());
    let (old, new) = (&record.change.old_image, &record.change.new_image);
    match &*record.event_name {
        "INSERT" => {
            let Image { product, correlation_id, .. } = image(new)?;
            let payload = ProductCreated { product: ProductSnapshot::from(&product) };
            entry(record, correlation_id, product.created_at, payload)
        }
        "MODIFY" => {
            let (before, Image { product, correlation_id, .. }) = (image(old)?, image(new)?);
            // The deletion is published when the item is removed, and inventory publishes stock
            // changes.
            if product.version == before.product.version {
                return Ok(None);
            }
            let (from, to) = (before.product.price.money().amount(), product.price.money().amount());
            let price_change = (from != to).then_some(PriceChange { from, to });
            let payload = ProductUpdated { product: ProductSnapshot::from(&product), price_change };
            entry(record, correlation_id, product.updated_at, payload)
        }
        "REMOVE" => {
            let Image { product, correlation_id, removal } = image(old)?;
            let payload = ProductDeleted { product_id: product.id, version: product.version + 1 };
            let at = record.change.approximate_creation_date_time.into();
            entry(record, removal.unwrap_or(correlation_id), at, payload)
        }
        other => Err(ChangeError::EventName(other.to_owned()).into()),
    }
}

/// The event's id is derived from the record's id, so a redelivered record gives the same event.
fn entry<D: Published + Serialize>(
    record: &EventRecord,
    correlation_id: String,
    at: Timestamp,
    payload: D,
) -> Result<Option<Entry>, HandlerError> {
    telemetry::correlate(&correlation_id);
    let event_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, record.event_id.as_bytes());
    let event = Event::new(event_id, correlation_id, at, payload);
    Ok(Some(Entry::new(D::SOURCE, D::DETAIL_TYPE, &event)?))
}
