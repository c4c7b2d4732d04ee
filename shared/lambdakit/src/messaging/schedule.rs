//! One-time schedules of EventBridge Scheduler that deliver an event or a command later, to a queue
//! or to a function.
//!
//! They allow longer delays than an SQS message, which can be delayed by 15 minutes at most.
//! EventBridge Scheduler is accurate to the minute.

use std::time::{Duration, SystemTime};

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::create_schedule::CreateScheduleError::ConflictException;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, Target,
};
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;

use crate::aws::Aws;
use crate::aws::AwsError;
use crate::config::{self, ConfigError};
use crate::messaging::command::body;
use crate::telemetry;

/// A function that is the target of its own schedules cannot know its ARN before it is created. It
/// has this value in `SCHEDULE_TARGET_ARN`.
const SELF: &str = "self";

/// Creates schedules for one target.
#[derive(Clone, Debug)]
pub struct Schedules {
    client: Client,
    places: Places,
}

/// The group, the target, the dead-letter queue and the role of the schedules.
#[derive(Clone, Debug)]
pub struct Places {
    /// Name of the schedule group.
    pub group: String,
    /// The queue or function that the scheduler delivers to.
    pub target: ScheduleTarget,
    /// ARN of the dead-letter queue for what the scheduler could not deliver for a day.
    pub dead_letters_arn: String,
    /// ARN of the role that the scheduler uses to deliver.
    pub role_arn: String,
}

/// The target of schedules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleTarget {
    /// The queue or function of this ARN.
    Arn(String),
    /// The function that creates the schedule.
    ThisFunction,
}

impl ScheduleTarget {
    fn from_env() -> Result<Self, ConfigError> {
        let arn = config::required("SCHEDULE_TARGET_ARN")?;
        Ok(if arn == SELF { Self::ThisFunction } else { Self::Arn(arn) })
    }

    fn arn(&self) -> String {
        match self {
            Self::Arn(arn) => arn.clone(),
            Self::ThisFunction => telemetry::function_arn(),
        }
    }
}

impl Schedules {
    /// Creates schedules with these settings.
    #[must_use]
    pub fn new(client: Client, places: Places) -> Self {
        Self { client, places }
    }

    /// Reads the settings from `SCHEDULE_GROUP`, `SCHEDULE_TARGET_ARN` (`self` for the function
    /// itself), `SCHEDULE_DEAD_LETTERS_ARN` and `SCHEDULE_ROLE_ARN`.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let places = Places {
            group: config::required("SCHEDULE_GROUP")?,
            target: ScheduleTarget::from_env()?,
            dead_letters_arn: config::required("SCHEDULE_DEAD_LETTERS_ARN")?,
            role_arn: config::required("SCHEDULE_ROLE_ARN")?,
        };
        Ok(Self::new(aws.scheduler(), places))
    }

    /// Delivers a command or an event after a pause, as [`send_at`](Self::send_at) does.
    ///
    /// # Errors
    /// When EventBridge Scheduler did not confirm the schedule.
    pub async fn send_after(
        &self,
        pause: Duration,
        name: &str,
        source: &str,
        detail_type: &str,
        detail: &impl Serialize,
    ) -> Result<(), AwsError> {
        self.send_at(SystemTime::now() + pause, name, source, detail_type, detail).await
    }

    /// Delivers a command or an event at a time, at least once. An existing schedule with this name
    /// is not changed. The schedule is deleted after its delivery.
    ///
    /// # Errors
    /// When EventBridge Scheduler did not confirm the schedule.
    pub async fn send_at(
        &self,
        moment: SystemTime,
        name: &str,
        source: &str,
        detail_type: &str,
        detail: &impl Serialize,
    ) -> Result<(), AwsError> {
        let Places { group, target, dead_letters_arn, role_arn } = &self.places;
        let target = Target::builder()
            .arn(target.arn())
            .role_arn(role_arn)
            .dead_letter_config(DeadLetterConfig::builder().arn(dead_letters_arn).build())
            .input(body(source, detail_type, detail)?);
        let on_time = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
        let create = self
            .client
            .create_schedule()
            .name(name)
            .group_name(group)
            .schedule_expression(once(moment.into()))
            .flexible_time_window(on_time.build()?)
            .target(target.build()?)
            .action_after_completion(ActionAfterCompletion::Delete);
        match create.send().await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.as_service_error(), Some(ConflictException(_))) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The expression of a one-time schedule in UTC, rounded up to a whole second.
fn once(moment: DateTime<Utc>) -> String {
    let second = if moment.trunc_subsecs(0) == moment {
        moment
    } else {
        moment.trunc_subsecs(0) + Duration::from_secs(1)
    };
    second.format("at(%Y-%m-%dT%H:%M:%S)").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_for_a_whole_second_and_none_too_early() {
        let at = |text: &str| once(text.parse().unwrap());
        assert_eq!(at("2026-01-31T12:00:00Z"), "at(2026-01-31T12:00:00)");
        assert_eq!(at("2026-01-31T23:59:59.001Z"), "at(2026-02-01T00:00:00)");
    }
}
