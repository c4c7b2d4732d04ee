//! `cargo xtask dlq list`: the number of messages per queue, and the age of the oldest one.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use xtask_common::table;

use crate::dlq::dead_letters::{self, BATCH, DeadLetters};
use crate::dlq::message::{self, Message};
use crate::target::Shop;

pub fn run(shop: &Shop) -> Result<()> {
    let now = SystemTime::now();
    let mut rows = vec![["queue", "dead letters", "oldest"].map(str::to_owned)];
    for queue in dead_letters::queues(&shop.outputs) {
        let dead_letters = DeadLetters::of(shop, queue)?;
        let count = dead_letters.count()?;
        let mut oldest = String::new();
        if count > 0 {
            let peeked = dead_letters.peek(BATCH)?;
            let ages: Vec<Duration> = peeked.iter().filter_map(|message| Message(message).age(now)).collect();
            oldest = shown_age(&ages, count);
        }
        rows.push([queue.to_owned(), count.to_string(), oldest]);
    }
    print!("{}", table::render(&rows));
    Ok(())
}

/// The age of the oldest message seen, for a queue with `count` messages.
fn shown_age(ages: &[Duration], count: usize) -> String {
    match ages.iter().max() {
        Some(&oldest) if ages.len() >= count => message::shown_age(oldest),
        Some(&oldest) => format!("{} or more", message::shown_age(oldest)),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_known_only_when_all_were_seen() {
        let ages = [Duration::from_secs(5), Duration::from_mins(3)];
        assert_eq!(shown_age(&ages, 2), "3 min");
        assert_eq!(shown_age(&ages, 12), "3 min or more");
        assert_eq!(shown_age(&[], 1), "unknown");
    }
}
