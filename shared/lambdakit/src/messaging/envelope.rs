//! The envelope of EventBridge events, for messages that other services carry.

use serde::Serialize;

/// The envelope of an EventBridge event.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Envelope<'a, D> {
    pub detail_type: &'a str,
    pub source: &'a str,
    pub detail: D,
}
