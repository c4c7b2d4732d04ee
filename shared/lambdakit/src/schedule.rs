//! What is to happen later, once: one-time schedules of EventBridge Scheduler that put a command on a queue.
//!
//! They reach further than the delay of a queue's message, which is a quarter of an hour at most. AWS keeps the time to
//! the minute.

use std::time::Duration;

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::BuildError;
use aws_sdk_scheduler::operation::create_schedule::CreateScheduleError::ConflictException;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, Target,
};
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;

use crate::aws::Aws;
use crate::command::body;
use crate::config::{self, ConfigError};
use crate::store::AwsError;

/// Makes schedules that put commands on one queue.
#[derive(Clone, Debug)]
pub struct Schedules {
    client: Client,
    places: Places,
}

/// Where schedules are kept, and where they lead to.
#[derive(Clone, Debug)]
pub struct Places {
    /// The group that they belong to.
    pub group: String,
    /// ARN of the queue.
    pub queue_arn: String,
    /// ARN of the queue for commands that the scheduler could not put on the first one for a day.
    pub dead_letters_arn: String,
    /// ARN of the role in which the scheduler sends.
    pub role_arn: String,
}

impl Schedules {
    /// Schedules between these places.
    #[must_use]
    pub fn new(client: Client, places: Places) -> Self {
        Self { client, places }
    }

    /// Schedules between the places in `SCHEDULE_GROUP`, `SCHEDULE_QUEUE_ARN`, `SCHEDULE_DEAD_LETTERS_ARN` and
    /// `SCHEDULE_ROLE_ARN`.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        let places = Places {
            group: config::required("SCHEDULE_GROUP")?,
            queue_arn: config::required("SCHEDULE_QUEUE_ARN")?,
            dead_letters_arn: config::required("SCHEDULE_DEAD_LETTERS_ARN")?,
            role_arn: config::required("SCHEDULE_ROLE_ARN")?,
        };
        Ok(Self::new(aws.scheduler(), places))
    }

    /// Sends a command after a while, at least once. Nothing changes if there is a schedule of this name; when its
    /// command was sent, it goes.
    ///
    /// # Errors
    /// When there is no such schedule, as far as is known.
    pub async fn send_after(
        &self,
        pause: Duration,
        name: &str,
        source: &str,
        detail_type: &str,
        detail: &impl Serialize,
    ) -> Result<(), AwsError> {
        let Places { group, queue_arn, dead_letters_arn, role_arn } = &self.places;
        let broken = |error: BuildError| AwsError::Permanent(error.to_string());
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
            .flexible_time_window(on_time.build().map_err(broken)?)
            .target(target.build().map_err(broken)?)
            .action_after_completion(ActionAfterCompletion::Delete);
        match create.send().await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.as_service_error(), Some(ConflictException(_))) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The expression of a one-time schedule: whole seconds of UTC, and none too early.
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
