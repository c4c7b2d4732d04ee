//! One-time schedules of EventBridge Scheduler that send a command to a queue later.
//!
//! They allow longer delays than an SQS message, which can be delayed by 15 minutes at most.
//! EventBridge Scheduler is accurate to the minute.

use std::time::Duration;

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

/// Creates schedules that send commands to one queue.
#[derive(Clone, Debug)]
pub struct Schedules {
    client: Client,
    places: Places,
}

/// The group, the queues and the role of the schedules.
#[derive(Clone, Debug)]
pub struct Places {
    /// Name of the schedule group.
    pub group: String,
    /// ARN of the target queue.
    pub queue_arn: String,
    /// ARN of the dead-letter queue for commands that the scheduler could not send to the target
    /// queue for a day.
    pub dead_letters_arn: String,
    /// ARN of the role that the scheduler uses to send.
    pub role_arn: String,
}

impl Schedules {
    /// Creates schedules with these settings.
    #[must_use]
    pub fn new(client: Client, places: Places) -> Self {
        Self { client, places }
    }

    /// Reads the settings from `SCHEDULE_GROUP`, `SCHEDULE_QUEUE_ARN`, `SCHEDULE_DEAD_LETTERS_ARN`
    /// and `SCHEDULE_ROLE_ARN`.
    ///
    /// # Errors
    /// When one of them is not set.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let places = Places {
            group: config::required("SCHEDULE_GROUP")?,
            queue_arn: config::required("SCHEDULE_QUEUE_ARN")?,
            dead_letters_arn: config::required("SCHEDULE_DEAD_LETTERS_ARN")?,
            role_arn: config::required("SCHEDULE_ROLE_ARN")?,
        };
        Ok(Self::new(aws.scheduler(), places))
    }

    /// Sends a command after a pause, at least once. An existing schedule with this name is not
    /// changed. The schedule is deleted after its command is sent.
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
        let Places { group, queue_arn, dead_letters_arn, role_arn } = &self.places;
        let target = Target::builder()
            .arn(queue_arn)
            .role_arn(role_arn)
            .dead_letter_config(DeadLetterConfig::builder().arn(dead_letters_arn).build())
            .input(body(source, detail_type, detail)?);
        let on_time = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
        let create = self
            .client
            .create_schedule()
            .name(name)
            .group_name(group)
            .schedule_expression(once(Utc::now() + pause))
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
