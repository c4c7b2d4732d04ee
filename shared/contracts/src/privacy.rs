//! Privacy requests of customers, and the answers of the services that hold their data.
//!
//! The service `privacy` publishes the requests. Each holder answers for itself, so the answers
//! name their holder and are published under its source. No event carries a user name. A customer
//! id is never reused, so a late message cannot concern another customer.

use domain::{CustomerId, Redacted};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event::{Event, Payload, payloads};

/// A copy of all data that the shop holds about a customer was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CustomerExportRequested {
    /// The customer.
    pub customer_id: CustomerId,
    /// Identifies the request.
    pub export_id: Uuid,
}

/// The erasure of all data that the shop holds about a customer was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CustomerErasureRequested {
    /// The customer.
    pub customer_id: CustomerId,
    /// Identifies the request.
    pub erasure_id: Uuid,
}

/// The erasure of a customer's data is due: their orders had time to be placed, charged and shipped.
///
/// Holders that fulfilment depends on wait for this event. All others erase when it is requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CustomerErasureDue {
    /// The customer.
    pub customer_id: CustomerId,
    /// Identifies the request.
    pub erasure_id: Uuid,
}

payloads!("shop.privacy" => CustomerExportRequested, CustomerErasureRequested, CustomerErasureDue);

/// The requests, as a holder deserializes them: by their detail-type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "each is documented where it is defined")]
pub enum PrivacyRequest {
    CustomerExportRequested(Event<CustomerExportRequested>),
    CustomerErasureRequested(Event<CustomerErasureRequested>),
    CustomerErasureDue(Event<CustomerErasureDue>),
}

/// A part of the data that one service holds about a customer.
///
/// A redelivered request makes the holder start another run with its own id. Data can change
/// between two runs, so parts of different runs never form one export.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CustomerDataCollected {
    /// The customer.
    pub customer_id: CustomerId,
    /// The request for which it was collected.
    pub export_id: Uuid,
    /// The service that holds the data.
    pub holder: String,
    /// The run of the holder that this part belongs to.
    pub run_id: Uuid,
    /// Counts the parts of the run, from 0.
    pub part: u32,
    /// Whether this is the run's last part.
    pub last: bool,
    /// A JSON array of the data, as the holder shows it to customers.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<serde_json::Value>"))]
    pub items: Redacted<Box<RawValue>>,
}

/// A service no longer holds data about a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CustomerDataErased {
    /// The customer.
    pub customer_id: CustomerId,
    /// The request for which it was erased.
    pub erasure_id: Uuid,
    /// The service that held the data.
    pub holder: String,
}

impl Payload for CustomerDataCollected {
    const DETAIL_TYPE: &'static str = "CustomerDataCollected";
    const VERSION: u32 = 1;
}

impl Payload for CustomerDataErased {
    const DETAIL_TYPE: &'static str = "CustomerDataErased";
    const VERSION: u32 = 1;
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use domain::Timestamp;

    fn read(detail_type: &str, detail: Value) -> PrivacyRequest {
        serde_json::from_value(json!({ detail_type: detail })).unwrap()
    }

    #[test]
    fn requests_are_read_by_their_detail_type() {
        let (id, at) = (Uuid::from_u128(1), Timestamp::from_unix_millis(1_767_225_600_000));
        let customer_id = "8a2fd9b6-6a0e-4f3a-9a3b-0d5c4f3f2b1a".parse().unwrap();
        let payload = CustomerExportRequested { customer_id, export_id: id };
        let export = Event::new(id, "c-1".to_owned(), at, payload);
        let request = read(CustomerExportRequested::DETAIL_TYPE, serde_json::to_value(&export).unwrap());
        assert_eq!(request, PrivacyRequest::CustomerExportRequested(export));
        let payload = CustomerErasureRequested { customer_id, erasure_id: id };
        let erasure = Event::new(id, "c-1".to_owned(), at, payload);
        let request = read(CustomerErasureRequested::DETAIL_TYPE, serde_json::to_value(&erasure).unwrap());
        assert_eq!(request, PrivacyRequest::CustomerErasureRequested(erasure));
        let due = Event::new(id, "c-1".to_owned(), at, CustomerErasureDue { customer_id, erasure_id: id });
        let request = read(CustomerErasureDue::DETAIL_TYPE, serde_json::to_value(&due).unwrap());
        assert_eq!(request, PrivacyRequest::CustomerErasureDue(due));
    }
}
