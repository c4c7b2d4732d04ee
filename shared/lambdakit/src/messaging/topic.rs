//! Publishes events to an SNS topic for its subscribers.
//!
//! Events have the envelope of EventBridge events. So a [`consumer`](crate::messaging::consumer)
//! reads them, from a queue with raw message delivery or as a subscriber of its own. Message
//! attributes repeat the values that subscribers filter by; SNS matches them with each
//! subscription's filter policy.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use serde::Serialize;

use crate::aws::AwsError;
use crate::config::{self, ConfigError};
use crate::messaging::envelope::Envelope;

/// Publishes to one topic.
#[derive(Clone, Debug)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    /// The topic of this ARN.
    #[must_use]
    pub fn new(client: Client, arn: String) -> Self {
        Self { client, arn }
    }

    /// The topic whose ARN is in this variable.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn from_env(client: &Client, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(client.clone(), config::required(variable)?))
    }

    /// Publishes an event. A retry must publish the same event, because subscribers receive it
    /// again.
    ///
    /// # Errors
    /// When SNS did not confirm the event.
    pub async fn publish(
        &self,
        source: &str,
        detail_type: &str,
        detail: &impl Serialize,
        attributes: &[(&str, &str)],
    ) -> Result<(), AwsError> {
        let broken = |error: String| AwsError::Permanent(error);
        let message = serde_json::to_string(&Envelope { detail_type, source, detail });
        let message = message.map_err(|error| broken(error.to_string()))?;
        let mut publish = self.client.publish().topic_arn(&self.arn).message(message);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value);
            let value = value.build().map_err(|error| broken(error.to_string()))?;
            publish = publish.message_attributes(*name, value);
        }
        publish.send().await?;
        Ok(())
    }
}
