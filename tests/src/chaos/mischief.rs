use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use testkit::{Account, Dice};

use super::processes::{self, Processes};
use crate::Shop;

/// What is done to the shop from outside: functions are killed in the middle of their work, and
/// messages come a second time, later and in another order.
pub(super) struct Mischief {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<(&'static str, u64)>>,
}

impl Mischief {
    pub(super) fn start(seed: u64, shop: &Shop) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let processes = Processes::of_the_shop();
        let killer = {
            let (over, dice) = (Arc::clone(&over), Dice::new(seed ^ 0xDEAD));
            thread::spawn(move || ("functions killed", kill(&processes, dice, &over)))
        };
        let echo = {
            let (over, dice, shop) = (Arc::clone(&over), Dice::new(seed ^ 0xEC40), shop.clone());
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                ("messages doubled", runtime.expect("a runtime").block_on(echo(&shop, dice, &over)))
            })
        };
        Self { over, threads: vec![killer, echo] }
    }

    /// Ends it, and says how often what was done.
    pub(super) fn stop(self) -> BTreeMap<String, u64> {
        self.over.store(true, Ordering::SeqCst);
        let threads = self.threads.into_iter();
        threads
            .map(|thread| thread.join().expect("mischief"))
            .map(|(what, times)| (what.to_owned(), times))
            .collect()
    }
}

/// Kills a function every other second or so, with SIGKILL.
fn kill(processes: &Processes, mut dice: Dice, over: &AtomicBool) -> u64 {
    let mut killed = 0;
    while !over.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(500 + dice.number() % 2000));
        let functions = processes.all();
        if let Some(process) = functions.get(dice.pick(functions.len())) {
            killed += u64::from(processes::kill(process));
        }
    }
    killed
}

/// Listens to the bus, and tells the consumers' queues again what they have heard already.
async fn echo(shop: &Shop, mut dice: Dice, over: &AtomicBool) -> u64 {
    let account = Account::of_the_shop();
    let (sqs, events) = (account.aws().sqs(), account.aws().eventbridge());
    let created = sqs.create_queue().queue_name("echo").send().await.expect("a queue");
    let echo = created.queue_url.expect("the queue's URL");
    let attributes =
        sqs.get_queue_attributes().queue_url(&echo).attribute_names(QueueAttributeName::QueueArn);
    let attributes = attributes.send().await.expect("the queue's ARN").attributes.unwrap_or_default();
    let arn = attributes.into_values().next().expect("the queue's ARN");
    let bus = shop.output("/eventBus");
    let rule = events.put_rule().event_bus_name(bus).name("echo");
    rule.event_pattern(r#"{"source": [{"prefix": "shop."}]}"#).send().await.expect("a rule");
    let target = Target::builder().id("echo").arn(arn).build().expect("a target");
    events.put_targets().event_bus_name(bus).rule("echo").targets(target).send().await.expect("a target");

    let mut doubled = 0;
    let mut heard: Vec<String> = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let received = sqs.receive_message().queue_url(&echo).max_number_of_messages(10).send().await;
        for message in received.ok().and_then(|received| received.messages).unwrap_or_default() {
            let receipt = message.receipt_handle().unwrap_or_default();
            sqs.delete_message().queue_url(&echo).receipt_handle(receipt).send().await.ok();
            heard.extend(message.body);
        }
        if dice.pick(3) == 0 && !heard.is_empty() {
            let message = heard.swap_remove(dice.pick(heard.len()));
            let queue =
                if message.contains("BasketCheckedOut") { "ordering-consumer" } else { "basket-prices" };
            let url = shop.output(&format!("/queues/{queue}"));
            let sent = sqs.send_message().queue_url(url).message_body(message).send().await;
            doubled += u64::from(sent.is_ok());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    doubled
}
