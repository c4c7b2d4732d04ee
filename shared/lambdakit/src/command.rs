//! Commands: what a service asks of one other service, straight to that service's queue.
//!
//! They travel in the envelope that EventBridge would put around them, so [`queue::run`](crate::queue::run) reads them
//! like events.

use aws_sdk_sqs::Client;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::config::{self, ConfigError};
use crate::store::AwsError;

/// Sends commands to one queue.
#[derive(Clone, Debug)]
pub struct CommandQueue {
    client: Client,
    url: String,
}

/// As EventBridge writes it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Envelope<'a, D> {
    pub detail_type: &'a str,
    pub source: &'a str,
    pub detail: D,
}

impl CommandQueue {
    /// Commands to the queue at this URL.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Commands to the queue whose URL is in this variable.
    ///
    /// # Errors
    /// When the variable is not there.
    pub fn from_env(client: &Client, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(client.clone(), config::required(variable)?))
    }

    /// Sends a command. One that is sent again is to be the same, and harmless.
    ///
    /// # Errors
    /// When it is not on the queue, as far as is known.
    pub async fn send(
        &self,
        source: &str,
        detail_type: &str,
        detail: &impl Serialize,
    ) -> Result<(), AwsError> {
        self.send_later(source, detail_type, detail, 0).await
    }

    /// The same, for so many seconds from now: 900 at most (SQS quota).
    ///
    /// # Errors
    /// When it is not on the queue, as far as is known.
    pub async fn send_later(
        &self,
        source: &str,
        detail_type: &str,
        detail: &impl Serialize,
        seconds: u16,
    ) -> Result<(), AwsError> {
        let body = body(source, detail_type, detail)?;
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        // A message without a delay of its own takes the queue's.
        send.set_delay_seconds((seconds > 0).then(|| seconds.into())).send().await?;
        Ok(())
    }
}

/// A command in its envelope.
pub(crate) fn body(source: &str, detail_type: &str, detail: &impl Serialize) -> Result<String, AwsError> {
    let unwritable = |error: serde_json::Error| AwsError::Permanent(error.to_string());
    let detail = to_raw_value(detail).map_err(unwritable)?;
    serde_json::to_string(&Envelope { detail_type, source, detail }).map_err(unwritable)
}
