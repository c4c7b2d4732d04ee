//! `cargo xtask status`: what runs, and what waits.

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::{Value, json};

use crate::aws::{LocalAws, Service};
use crate::outputs::Outputs;
use crate::paths::Paths;
use crate::stack::LocalStack;
use crate::table;

#[derive(Parser)]
pub struct Args {}

pub fn run(paths: &Paths, _args: &Args) -> Result<()> {
    let stack = LocalStack::of_developer(paths);
    let Some(running) = stack.running() else {
        println!("not running; `cargo xtask up` starts it");
        return Ok(());
    };
    println!(
        "running on port {} (process {}), log in {}",
        running.port,
        running.pid,
        paths.shown(&stack.log())
    );
    let outputs = Outputs::read(&stack.outputs())?;
    println!("API        {}", outputs.api_url);
    println!("functions  {}", outputs.functions.keys().map(String::as_str).collect::<Vec<_>>().join(", "));

    let aws = LocalAws::at(&running.endpoint());
    let mut rows = vec![["queue", "waiting", "in work", "dead", ""].map(str::to_owned)];
    for (name, url) in outputs.queues.iter().filter(|(name, _)| !is_dead_letter_queue(name)) {
        let depth = Depth::of(&aws, url)?;
        let dead = match outputs.queues.get(&dead_letter_queue(name)) {
            Some(url) => Depth::of(&aws, url)?.total(),
            None => 0,
        };
        let hint = if dead > 0 { format!("<- `cargo xtask redrive {name}`") } else { String::new() };
        rows.push([
            name.clone(),
            depth.waiting.to_string(),
            depth.in_work.to_string(),
            dead.to_string(),
            hint,
        ]);
    }
    print!("\n{}", table::render(&rows));
    Ok(())
}

/// How many messages a queue holds, approximately, as SQS says itself.
pub struct Depth {
    waiting: usize,
    in_work: usize,
}

impl Depth {
    pub fn of(aws: &LocalAws, queue_url: &str) -> Result<Self> {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let input = json!({ "QueueUrl": queue_url, "AttributeNames": names });
        let answer = aws.call(Service::Sqs, "GetQueueAttributes", &input)?;
        let [waiting, in_work] = names.map(|name| number(&answer["Attributes"][name]));
        Ok(Self {
            waiting: waiting.with_context(|| format!("{queue_url} does not tell its depth"))?,
            in_work: in_work.with_context(|| format!("{queue_url} does not tell its depth"))?,
        })
    }

    pub fn total(&self) -> usize {
        self.waiting + self.in_work
    }
}

pub fn dead_letter_queue(queue: &str) -> String {
    format!("{queue}-dlq")
}

pub fn is_dead_letter_queue(queue: &str) -> bool {
    queue.ends_with("-dlq")
}

fn number(value: &Value) -> Option<usize> {
    value.as_str()?.parse().ok()
}
