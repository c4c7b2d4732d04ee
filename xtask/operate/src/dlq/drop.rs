//! `cargo xtask dlq drop`: deletes messages for good.

use anyhow::Result;
use xtask_common::confirm::confirm;

use crate::dlq::dead_letters::DeadLetters;
use crate::dlq::dead_letters::messages;
use crate::target::Shop;

pub fn run(shop: &Shop, queue: &str, yes: bool) -> Result<()> {
    let dead_letters = DeadLetters::of(shop, queue)?;
    let count = dead_letters.count()?;
    if count == 0 {
        println!("nothing waits in {queue}");
        return Ok(());
    }
    let stage = &shop.outputs.stage;
    let question = format!("Delete {} from {queue} in stage {stage}?", messages(count));
    confirm(&question, yes)?;
    let dropped = dead_letters.take(count, |_| Ok(()))?;
    println!("{} deleted", messages(dropped.count));
    Ok(())
}
