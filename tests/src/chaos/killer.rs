use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use testkit::{Account, SeededRng};

use super::processes::{self, Processes};
use crate::Shop;

/// Faults outside of AWS calls: functions are killed while they work, and messages are redelivered
/// later and in another order.
pub(super) struct ProcessKiller {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<BTreeMap<String, u64>>>,
}

impl ProcessKiller {
    pub(super) fn start(seed: u64, shop: &Shop) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let killer = {
            let (over, rng, shop) = (Arc::clone(&over), SeededRng::new(seed ^ 0xDEAD), shop.clone());
            thread::spawn(move || kill(&shop, rng, &over))
        };
        let echo = {
            let (over, rng, shop) = (Arc::clone(&over), SeededRng::new(seed ^ 0xEC40), shop.clone());
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let doubled = runtime.expect("a runtime").block_on(echo(&shop, rng, &over));
                BTreeMap::from([("messages doubled".to_owned(), doubled)])
            })
        };
        Self { over, threads: vec![killer, echo] }
    }

    /// Stops it and returns the number of each fault.
    pub(super) fn stop(self) -> BTreeMap<String, u64> {
        self.over.store(true, Ordering::SeqCst);
        let threads = self.threads.into_iter();
        threads.flat_map(|thread| thread.join().expect("mischief")).collect()
    }
}

/// Kills a function about every other second with SIGKILL; each function has the same chance.
fn kill(shop: &Shop, mut rng: SeededRng, over: &AtomicBool) -> BTreeMap<String, u64> {
    let functions = shop.all("/functions");
    let names: BTreeMap<_, _> = functions.iter().map(|(name, function)| (function, name)).collect();
    let processes = Processes::of_the_shop();
    let mut killed = BTreeMap::from([("functions killed".to_owned(), 0)]);
    while !over.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(500 + rng.number() % 2000));
        let running = processes.by_function();
        let Some((function, processes)) = running.iter().nth(rng.pick(running.len())) else { continue };
        if processes::kill(&processes[rng.pick(processes.len())]) {
            let name = names.get(function).map_or("unknown", |name| name.as_str());
            for count in ["functions killed".to_owned(), format!("{name} killed")] {
                *killed.entry(count).or_default() += 1;
            }
        }
    }
    killed
}

/// Reads the events of the bus and sends them to the consumers' queues a second time.
async fn echo(shop: &Shop, mut rng: SeededRng, over: &AtomicBool) -> u64 {
    let account = Account::of_the_shop();
    let (sqs, events) = (account.aws().sqs(), account.aws().eventbridge());
    let bus = shop.output("/eventBus");
    let listeners = listeners(shop, &events, bus).await;
    let created = sqs.create_queue().queue_name("echo").send().await.expect("a queue");
    let echo = created.queue_url.expect("the queue's URL");
    let attributes =
        sqs.get_queue_attributes().queue_url(&echo).attribute_names(QueueAttributeName::QueueArn);
    let attributes = attributes.send().await.expect("the queue's ARN").attributes.unwrap_or_default();
    let arn = attributes.into_values().next().expect("the queue's ARN");
    let rule = events.put_rule().event_bus_name(bus).name("echo");
    rule.event_pattern(r#"{"source": [{"prefix": "shop."}]}"#).send().await.expect("a rule");
    let target = Target::builder().id("echo").arn(arn).build().expect("a target");
    events.put_targets().event_bus_name(bus).rule("echo").targets(target).send().await.expect("a target");

    let mut doubled = 0;
    let mut captured: Vec<String> = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let received = sqs.receive_message().queue_url(&echo).max_number_of_messages(10).send().await;
        for message in received.ok().and_then(|received| received.messages).unwrap_or_default() {
            let receipt = message.receipt_handle().unwrap_or_default();
            sqs.delete_message().queue_url(&echo).receipt_handle(receipt).send().await.ok();
            captured.extend(message.body);
        }
        if rng.pick(3) == 0 && !captured.is_empty() {
            let message = captured.swap_remove(rng.pick(captured.len()));
            let envelope: Value = serde_json::from_str(&message).unwrap_or_default();
            let queues = listeners.get(envelope["detail-type"].as_str().unwrap_or_default());
            if let Some(queues) = queues.filter(|queues| !queues.is_empty()) {
                let queue = &queues[rng.pick(queues.len())];
                let sent = sqs.send_message().queue_url(queue).message_body(message).send().await;
                doubled += u64::from(sent.is_ok());
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    doubled
}

/// The URLs of the target queues for each event type, from the rules of the bus.
async fn listeners(
    shop: &Shop,
    events: &aws_sdk_eventbridge::Client,
    bus: &str,
) -> BTreeMap<String, Vec<String>> {
    let queues = shop.all("/queues");
    let mut listeners = BTreeMap::<String, Vec<String>>::new();
    let rules = events.list_rules().event_bus_name(bus).send().await.expect("rules").rules;
    for rule in rules.unwrap_or_default() {
        let pattern: Value =
            serde_json::from_str(rule.event_pattern().unwrap_or_default()).unwrap_or_default();
        let name = rule.name().unwrap_or_default();
        let targets = events.list_targets_by_rule().event_bus_name(bus).rule(name).send().await;
        for target in targets.expect("targets").targets.unwrap_or_default() {
            let queue = target.arn().rsplit(':').next().unwrap_or_default();
            let url = queues.values().find(|url| url.rsplit('/').next() == Some(queue));
            for r#type in pattern["detail-type"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                listeners.entry(r#type.to_owned()).or_default().extend(url.cloned());
            }
        }
    }
    listeners
}
