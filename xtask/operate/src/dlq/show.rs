//! `cargo xtask dlq show`: the messages of a failure queue, and why they failed.

use std::time::SystemTime;

use anyhow::Result;

use crate::dlq::dead_letters::messages;
use crate::dlq::dead_letters::{BATCH, DeadLetters};
use crate::dlq::message::{Content, Message};
use crate::dlq::reason::Reasons;
use crate::target::Shop;

pub struct Options {
    most: usize,
    body: bool,
}

impl Options {
    pub fn of(all: bool, body: bool) -> Self {
        Self { most: if all { usize::MAX } else { BATCH }, body }
    }
}

pub fn run(shop: &Shop, queue: &str, options: &Options) -> Result<()> {
    let dead_letters = DeadLetters::of(shop, queue)?;
    let count = dead_letters.count()?;
    if count == 0 {
        println!("nothing waits in {queue}");
        return Ok(());
    }
    let peeked = dead_letters.peek(options.most)?;
    let reasons = Reasons::of(shop);
    let now = SystemTime::now();
    for message in &peeked {
        let message = Message(message);
        println!("{}\n", described(message, &reasons.find(message), now, options.body));
    }
    println!("{} in {queue}", messages(count));
    if peeked.len() < count {
        println!("not shown: {}; `--all` shows all that can be had", count - peeked.len());
    }
    Ok(())
}

fn described(message: Message, reason: &str, now: SystemTime, with_body: bool) -> String {
    let content = Content::of(message.body());
    let mut lines = vec![
        ("message", message.id().to_owned()),
        ("sent", message.shown_sent(now)),
        ("received", format!("{} times", message.receive_count())),
    ];
    lines.extend(content.event.map(|event| ("event", event)));
    lines.extend(content.correlation_id.map(|id| ("correlation", id)));
    lines.push(("reason", reason.to_owned()));
    if with_body {
        lines.push(("body", message.body().to_owned()));
    }
    let lines = lines.iter().map(|(name, value)| format!("{name:<11}  {}", harmless(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Removes control characters, which could move the cursor or worse: a message may contain
/// anything.
fn harmless(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_shown_only_when_asked_for_and_never_raw() {
        let message = json!({ "MessageId": "m-1", "Body": "Grace\u{1b}[2J", "Attributes": {} });
        let shown = |with_body| described(Message(&message), "unreadable", UNIX_EPOCH, with_body);
        assert!(!shown(false).contains("Grace"));
        assert!(shown(true).ends_with("body         Grace [2J"), "{}", shown(true));
        assert!(shown(false).ends_with("reason       unreadable"));
    }
}
