//! One-time schedules of EventBridge Scheduler that publish an event later.
//!
//! The event goes to the bus like any other, and the rules of its consumers apply. EventBridge
//! Scheduler is accurate to the minute.

use std::time::{Duration, SystemTime};

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::create_schedule::CreateScheduleError::ConflictException;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, EventBridgeParameters, FlexibleTimeWindow,
    FlexibleTimeWindowMode, Target,
};
use chrono::{DateTime, SubsecRound, Utc};

use crate::aws::{Aws, AwsError};
use crate::config::{self, ConfigError};
use crate::messaging::publish::Entry;

/// Creates schedules that publish events to one bus.
#[derive(Clone, Debug)]
pub struct Schedules {
    client: Client,
    settings: ScheduleSettings,
}

/// What all schedules of a function share.
#[derive(Clone, Debug)]
pub struct ScheduleSettings {
    /// Name of the schedule group.
    pub group: String,
    /// ARN of the role that the scheduler publishes with.
    pub role_arn: String,
    /// ARN of the event bus.
    pub bus_arn: String,
    /// ARN of the queue for events that the scheduler could not publish for a day.
    pub failures_arn: String,
}

impl Schedules {
    /// Creates schedules with these settings.
    #[must_use]
    pub fn new(client: Client, settings: ScheduleSettings) -> Self {
        Self { client, settings }
    }

    /// Reads the settings from `SCHEDULE_GROUP`, `SCHEDULE_ROLE_ARN`, `SCHEDULE_BUS_ARN` and
    /// `SCHEDULE_FAILURES_ARN`.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let settings = ScheduleSettings {
            group: config::required("SCHEDULE_GROUP")?,
            role_arn: config::required("SCHEDULE_ROLE_ARN")?,
            bus_arn: config::required("SCHEDULE_BUS_ARN")?,
            failures_arn: config::required("SCHEDULE_FAILURES_ARN")?,
        };
        Ok(Self::new(aws.scheduler(), settings))
    }

    /// Publishes an event after a pause, as [`publish_at`](Self::publish_at) does.
    ///
    /// # Errors
    /// When EventBridge Scheduler did not confirm the schedule.
    pub async fn publish_after(&self, pause: Duration, name: &str, event: &Entry) -> Result<(), AwsError> {
        self.publish_at(SystemTime::now() + pause, name, event).await
    }

    /// Publishes an event at a moment, at least once. An existing schedule with this name is not
    /// changed. The schedule is deleted after its event is published.
    ///
    /// # Errors
    /// When EventBridge Scheduler did not confirm the schedule.
    pub async fn publish_at(&self, moment: SystemTime, name: &str, event: &Entry) -> Result<(), AwsError> {
        let ScheduleSettings { group, role_arn, bus_arn, failures_arn } = &self.settings;
        let parameters =
            EventBridgeParameters::builder().source(event.source).detail_type(event.detail_type).build()?;
        let target = Target::builder()
            .arn(bus_arn)
            .role_arn(role_arn)
            .dead_letter_config(DeadLetterConfig::builder().arn(failures_arn).build())
            .event_bridge_parameters(parameters)
            .input(&event.detail);
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
