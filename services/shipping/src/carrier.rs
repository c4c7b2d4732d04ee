//! The carrier. This one drives no van: it lets time pass, and knows of one place where it does not go.

use std::time::Duration;

use domain::OrderId;
use domain::checkout::Recipient;
use lambdakit::schedule::Schedules;
use lambdakit::{AwsError, ConfigError, config};
use serde::{Deserialize, Serialize};

/// What an address holds that no carrier serves.
const NOWHERE: &str = "Nowhere";
/// Who the carrier's commands come from.
const SOURCE: &str = "shop.shipping";

/// What the carrier does with one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Fetches it.
    Dispatch,
    /// Hands it over.
    Deliver,
}

/// What a schedule reminds the carrier with, in the shape of every command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarrierCommand {
    /// As much as the log line needs.
    pub metadata: Metadata,
    /// What it is about.
    pub data: Parcel,
}

/// Which story a command belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Ties the parcel to the request that placed the order.
    pub correlation_id: String,
}

/// A stop of the carrier's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parcel {
    /// Whose parcel.
    pub order_id: OrderId,
}

/// The carrier's calendar.
#[derive(Clone, Debug)]
pub struct Carrier {
    schedules: Schedules,
    pace: Duration,
}

impl Carrier {
    /// A carrier that takes its time for each step.
    #[must_use]
    pub fn new(schedules: Schedules, pace: Duration) -> Self {
        Self { schedules, pace }
    }

    /// A carrier that takes as many seconds as `CARRIER_PACE_SECONDS` says.
    ///
    /// # Errors
    /// When that is not there, or no number.
    pub fn from_env(schedules: Schedules) -> Result<Self, ConfigError> {
        Ok(Self::new(schedules, Duration::from_secs(config::parsed("CARRIER_PACE_SECONDS")?)))
    }

    /// Whether a carrier goes there. To somebody whom the shop has forgotten none does.
    #[must_use]
    pub fn goes_to(recipient: &Recipient) -> bool {
        !recipient.is_erased() && !recipient.address.reveal().as_str().contains(NOWHERE)
    }

    /// Has the carrier take a step after a while. Asked again it is the same step, under the same name.
    pub async fn plan(&self, step: Step, order_id: OrderId, correlation_id: String) -> Result<(), AwsError> {
        let command = CarrierCommand { metadata: Metadata { correlation_id }, data: Parcel { order_id } };
        let name = step.schedule_name(order_id);
        self.schedules.send_after(self.pace, &name, SOURCE, step.command(), &command).await
    }
}

impl Step {
    /// The command that reminds the carrier of it.
    fn command(self) -> &'static str {
        match self {
            Self::Dispatch => "DispatchParcel",
            Self::Deliver => "DeliverParcel",
        }
    }

    /// The schedule for it: one for each order.
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
        // What EventBridge Scheduler takes for a name.
        let good = |name: &String| {
            name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        assert!(names.iter().all(good));
    }
}
