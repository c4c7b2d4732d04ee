//! Commands: requests that a service sends directly to the queue of one other service.
//!
//! They have the envelope of EventBridge events, so a
//! [`consumer`](crate::messaging::consumer) reads them like events.

use aws_sdk_sqs::Client;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::aws::AwsError;
use crate::config::{self, ConfigError};
use crate::messaging::envelope::Envelope;

/// Sends commands to one queue.
#[derive(Clone, Debug)]
pub struct CommandQueue {
    client: Client,
    url: String,
}

impl CommandQueue {
    /// Sends commands to the queue at this URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends commands to the queue whose URL is in this variable.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn from_env(client: &Client, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(client.clone(), config::required(variable)?))
    }

    /// Sends a command. A retry must send the same command, and the receiver must be idempotent.
    ///
    /// # Errors
    /// When SQS did not confirm the command.
    pub async fn send(
        &self,
        source: &str,
        detail_type: &str,
        detail: &impl Serialize,
    ) -> Result<(), AwsError> {
        let body = body(source, detail_type, detail)?;
        self.client.send_message().queue_url(&self.url).message_body(body).send().await?;
        Ok(())
    }
}

/// A command in its envelope.
fn body(source: &str, detail_type: &str, detail: &impl Serialize) -> Result<String, AwsError> {
    let unwritable = |error: serde_json::Error| AwsError::Permanent(error.to_string());
    let detail = to_raw_value(detail).map_err(unwritable)?;
    serde_json::to_string(&Envelope { detail_type, source, detail }).map_err(unwritable)
}
