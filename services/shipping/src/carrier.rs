//! The simulated carrier of shipping. Each step takes a fixed time, and one place is not served.

use std::time::Duration;

use domain::OrderId;
use domain::checkout::Recipient;
use lambdakit::messaging::publish::Entry;
use lambdakit::messaging::schedule::Schedules;
use lambdakit::{AwsError, ConfigError, config};
use serde::{Deserialize, Serialize};

/// The carrier does not serve addresses that contain this text.
const NOWHERE: &str = "Nowhere";
/// The source of shipping's events.
const SOURCE: &str = "shop.shipping";

/// A step of the carrier with one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    /// Picks the parcel up.
    Dispatch,
    /// Delivers the parcel.
    Deliver,
}

/// The event that a schedule publishes for the carrier, in the shape of every event. No other service
/// consumes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShipmentStepDue {
    /// The metadata that the log line needs.
    pub metadata: Metadata,
    /// What to do with which parcel.
    pub data: DueStep,
}

/// The event's metadata.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Ties the parcel to the request that placed the order.
    pub correlation_id: String,
}

/// A step that is due.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DueStep {
    /// The parcel's order.
    pub order_id: OrderId,
    /// The step.
    pub step: Step,
}

/// Schedules the carrier's steps.
#[derive(Clone, Debug)]
pub struct Carrier {
    schedules: Schedules,
    pace: Duration,
}

impl Carrier {
    /// A carrier that waits for `pace` before each step.
    #[must_use]
    pub fn new(schedules: Schedules, pace: Duration) -> Self {
        Self { schedules, pace }
    }

    /// A carrier that waits for `CARRIER_PACE_SECONDS` before each step.
    ///
    /// # Errors
    /// When the variable is missing, or not a number.
    pub fn from_env(schedules: Schedules) -> Result<Self, ConfigError> {
        Ok(Self::new(schedules, Duration::from_secs(config::parsed("CARRIER_PACE_SECONDS")?)))
    }

    /// Whether the carrier serves this recipient. It does not serve erased customers.
    #[must_use]
    pub fn goes_to(recipient: &Recipient) -> bool {
        !recipient.is_erased() && !recipient.address.reveal().as_str().contains(NOWHERE)
    }

    /// Schedules a step of the carrier. A repeated call uses the same schedule name.
    pub async fn plan(&self, step: Step, order_id: OrderId, correlation_id: String) -> Result<(), AwsError> {
        let due = ShipmentStepDue { metadata: Metadata { correlation_id }, data: DueStep { order_id, step } };
        let event = Entry::new(SOURCE, "ShipmentStepDue", &due);
        let event = event.map_err(|error| AwsError::Permanent(error.to_string()))?;
        self.schedules.publish_after(self.pace, &step.schedule_name(order_id), &event).await
    }
}

impl Step {
    /// The name of this step's schedule: one for each order.
    #[must_use]
    pub fn schedule_name(self, order_id: OrderId) -> String {
        let step = match self {
            Self::Dispatch => "dispatch",
            Self::Deliver => "deliver",
        };
        format!("{order_id}-{step}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carrier_goes_everywhere_but_nowhere() {
        let recipient = |address: &str| Recipient {
            first_name: "Grace".parse().unwrap(),
            last_name: "Hopper".parse().unwrap(),
            email: domain::checkout::EmailAddress::try_from("g@example.com".to_owned()).unwrap().into(),
            address: address.parse().unwrap(),
        };
        assert!(Carrier::goes_to(&recipient("1 Harbour Street")));
        assert!(!Carrier::goes_to(&recipient("1 Harbour Street\nNowhere")));
    }

    #[test]
    fn a_schedule_is_named_after_its_order_and_its_step() {
        let order_id = "019c1431-2e60-7000-8000-000000000001".parse().unwrap();
        let names = [Step::Dispatch, Step::Deliver].map(|step| step.schedule_name(order_id));
        assert_eq!(names[0], "019c1431-2e60-7000-8000-000000000001-dispatch");
        assert_eq!(names[1], "019c1431-2e60-7000-8000-000000000001-deliver");
        // EventBridge Scheduler's limits for a schedule's name.
        let good = |name: &String| {
            name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        assert!(names.iter().all(good));
    }
}
