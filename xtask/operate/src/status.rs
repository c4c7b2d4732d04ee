//! `cargo xtask status`: running processes, and waiting messages.

use anyhow::Result;
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::shop::aws::Aws;
use xtask_common::shop::outputs::Outputs;
use xtask_common::stack::LocalStack;
use xtask_common::table;

use crate::queues::{Depth, is_failure_queue};

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

    let aws = Aws::local(&running.endpoint());
    let mut rows = vec![["queue", "waiting", "in work", "dead", ""].map(str::to_owned)];
    for (name, url) in &outputs.queues {
        let depth = Depth::of(&aws, url)?;
        let [waiting, in_work, dead] =
            if is_failure_queue(name) { [0, 0, depth.total()] } else { [depth.waiting, depth.in_work, 0] };
        let hint = if dead > 0 { format!("<- `cargo xtask dlq show {name}`") } else { String::new() };
        rows.push([name.clone(), waiting.to_string(), in_work.to_string(), dead.to_string(), hint]);
    }
    print!("\n{}", table::render(&rows));
    Ok(())
}
