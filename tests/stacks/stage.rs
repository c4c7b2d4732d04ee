//! The stage that the tests share, and the commands that change it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_sfn::types::ExecutionStatus;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use shop_tests::{Shop, command, eventually};
use testkit::Account;

use crate::cloudformation::{CloudFormation, Stack};
use crate::services::Services;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The optional services that receive archived events.
const REPLAYED: [&str; 5] = ["audit", "fulfilment", "notification", "realtime", "search"];
/// The exit code of an interrupted command.
const INTERRUPTED: i32 = 130;

static STAGE: LazyLock<Mutex<Stage>> =
    LazyLock::new(|| Mutex::new(Stage { dir: Path::new(ROOT).join(".local/stacks"), api_url: None }));

/// The stage `stacks` on the local AWS that `--stack stacks` selects.
pub(crate) struct Stage {
    /// The directory that the commands write to.
    dir: PathBuf,
    /// The URL of the API, which never changes.
    api_url: Option<String>,
}

impl Stage {
    /// The stage, for one test at a time.
    pub(crate) fn lock() -> MutexGuard<'static, Self> {
        STAGE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stage with all services.
    pub(crate) fn lock_whole() -> MutexGuard<'static, Self> {
        let mut stage = Self::lock();
        if stage.api_url.is_none() || stage.services() != Services::all() {
            stage.up(&["--services", "all"]);
        }
        stage
    }

    /// A new stage with the core alone.
    pub(crate) fn start_over(&mut self) {
        self.api_url = None;
        let down = xtask(&["down", "--wipe"]).output().unwrap();
        assert!(down.status.success(), "{}", printed(&down));
        self.up(&["--services", "core"]);
        assert_eq!(self.services(), Services::core_and(&[]));
    }

    /// Changes the services to the core, these, and what they need, by one command.
    pub(crate) fn change_to_core_and(&mut self, asked: &[&str]) {
        let (before, after) = (self.services(), Services::core_and(asked));
        let asked = if after == Services::all() { "all".to_owned() } else { asked.join(",") };
        let removed = before.without(&after).join(",");
        let without: &[&str] = if removed.is_empty() { &[] } else { &["--without", &removed] };
        self.up(&[&["--services", &asked], without].concat());
        assert_eq!(self.services(), after);
    }

    /// Runs `cargo xtask up`, which succeeds, and lists the services that the stage then has.
    pub(crate) fn up(&mut self, arguments: &[&str]) {
        let started = Instant::now();
        let mut done = xtask(&[&["up"], arguments].concat()).output().unwrap();
        if !done.status.success() && printed(&done).contains("-failures, so it was not removed") {
            self.recover();
            done = xtask(&[&["up"], arguments].concat()).output().unwrap();
        }
        println!("up {}: {:.1} s", arguments.join(" "), started.elapsed().as_secs_f32());
        let printed = printed(&done);
        assert!(done.status.success(), "{printed}");
        let url = self.output("/apiUrl");
        assert_eq!(*self.api_url.get_or_insert_with(|| url.clone()), url, "customers know the first URL");
        assert_eq!(listed_services(&printed), self.services(), "{printed}");
    }

    /// Runs `cargo xtask up`, which refuses to change anything, and returns its error.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let before = self.stacks();
        let started = Instant::now();
        let done = xtask(&[&["up"], arguments].concat()).output().unwrap();
        println!("up {}: refused after {:.1} s", arguments.join(" "), started.elapsed().as_secs_f32());
        assert_eq!(done.status.code(), Some(1), "{}", printed(&done));
        assert_eq!(self.stacks(), before, "{arguments:?}");
        let error = String::from_utf8(done.stderr).unwrap();
        println!("  {}", error.trim());
        error
    }

    /// Runs `cargo xtask up`, and interrupts it as soon as a stack is being changed.
    pub(crate) fn interrupted(&self, arguments: &[&str]) {
        let before = self.stacks();
        let mut up = xtask(&[&["up"], arguments].concat());
        let child = up.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        eventually("a stack that changes", || (self.stacks() != before).then_some(()));
        let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(interrupt.success());
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(INTERRUPTED), "{}", printed(&done));
        assert!(
            printed(&done).contains("interrupted; the same command goes on from here"),
            "{}",
            printed(&done)
        );
    }

    /// The member of staff, with the outputs of the last command.
    pub(crate) fn staff(&self) -> Shop {
        Shop::at(&self.dir.join("outputs.json"))
    }

    pub(crate) fn cloudformation(&self) -> CloudFormation {
        CloudFormation::at(&self.output("/endpoint"))
    }

    pub(crate) fn stacks(&self) -> BTreeMap<String, Stack> {
        self.cloudformation().stacks()
    }

    /// The services that have a stack.
    pub(crate) fn services(&self) -> Services {
        let stacks = self.stacks();
        services_of(stacks.keys().filter_map(|stack| stack.strip_prefix("ferrocart-stacks-")))
    }

    /// The stacks that other services do not change.
    pub(crate) fn core(&self) -> BTreeMap<String, Stack> {
        let is_core = |stack: &str| {
            ["foundation", "basket", "ordering", "product"]
                .iter()
                .any(|name| stack == format!("ferrocart-stacks-{name}"))
        };
        self.stacks().into_iter().filter(|(stack, _)| is_core(stack)).collect()
    }

    /// The ids of all orders that wait for fulfilment.
    pub(crate) fn pending_orders(&self) -> BTreeSet<String> {
        let orders = self.staff().pages("/order?status=PENDING&limit=100");
        orders.iter().map(|order| order["orderId"].as_str().unwrap().to_owned()).collect()
    }

    /// The orders that have a workflow.
    pub(crate) fn executions(&self) -> BTreeSet<String> {
        self.list_executions(None)
    }

    fn running_executions(&self) -> BTreeSet<String> {
        self.list_executions(Some(ExecutionStatus::Running))
    }

    fn list_executions(&self, status: Option<ExecutionStatus>) -> BTreeSet<String> {
        let list = self.account().aws().workflows().list_executions();
        let list = list.state_machine_arn(self.output("/fulfilmentWorkflowArn")).set_status_filter(status);
        let executions = run(list.into_paginator().items().send().collect::<Result<Vec<_>, _>>());
        executions.unwrap().into_iter().map(|execution| execution.name).collect()
    }

    /// The account that it is deployed to.
    pub(crate) fn account(&self) -> Account {
        Account::of_the_shop_at(&self.output("/endpoint"))
    }

    /// Publishes earlier events for services that came later, and retries what failed without them:
    /// mails about orders whose checkout notification has not seen.
    pub(crate) fn recover(&self) {
        let services: Vec<_> = REPLAYED.into_iter().filter(|service| self.services().has(service)).collect();
        self.succeed(&["replay", "--since", "1h", "--service", &services.join(",")]);
        self.expect_quiet();
        for (queue, messages) in self.failures() {
            println!("{messages} messages in {queue} are retried");
            self.succeed(&["dlq", "redrive", &queue]);
        }
        self.expect_quiet();
        assert_eq!(self.failures(), BTreeMap::new());
    }

    /// Waits for the end of all workflows and of all asynchronous events, retries included.
    fn expect_quiet(&self) {
        if self.services().has("fulfilment") {
            eventually("the end of all workflows", || self.running_executions().is_empty().then_some(()));
        }
        let events = format!("{}/_ministack/lambda/events", self.output("/endpoint"));
        eventually("the end of all events", || {
            let text = ureq::get(&events).call().unwrap().body_mut().read_to_string().unwrap();
            let events: Value = serde_json::from_str(&text).unwrap();
            (events["functions"] == json!({})).then_some(())
        });
    }

    /// Runs another command of `cargo xtask`, which succeeds.
    pub(crate) fn succeed(&self, arguments: &[&str]) {
        let done = self.staff().xtask(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", printed(&done));
    }

    /// The failure queues that have messages, with their number.
    fn failures(&self) -> BTreeMap<String, String> {
        let (staff, account) = (self.staff(), self.account());
        let queues = staff.all("/queues").into_iter().filter(|(name, _)| name.ends_with("-failures"));
        let count = QueueAttributeName::ApproximateNumberOfMessages;
        let messages = |url: String| {
            let attributes = account.aws().sqs().get_queue_attributes().queue_url(url);
            let attributes = run(attributes.attribute_names(count.clone()).send()).unwrap();
            attributes.attributes().unwrap()[&count].clone()
        };
        queues.map(|(name, url)| (name, messages(url))).filter(|(_, messages)| messages != "0").collect()
    }

    /// Makes the next `up` deploy, as after a change of the infrastructure.
    pub(crate) fn forget_deployment(&self) {
        std::fs::remove_file(self.dir.join("deployed")).unwrap();
    }

    fn output(&self, pointer: &str) -> String {
        let outputs = std::fs::read_to_string(self.dir.join("outputs.json")).unwrap();
        let outputs: Value = serde_json::from_str(&outputs).unwrap();
        outputs.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
    }
}

/// Waits for a call of an SDK.
pub(crate) fn run<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// A command of `cargo xtask` for the local AWS of these tests.
fn xtask(arguments: &[&str]) -> Command {
    let mut xtask = command(env!("CARGO"));
    xtask.current_dir(ROOT).arg("xtask").args(arguments).args(["--stack", "stacks"]);
    xtask
}

/// The services in the table of `up`, whose rows have four numbers each.
fn listed_services(printed: &str) -> Services {
    let rows = printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows =
        rows.filter(|cells| cells.len() == 5 && cells[1..].iter().all(|cell| cell.parse::<f64>().is_ok()));
    services_of(rows.map(|cells| cells[0]).filter(|name| *name != "together"))
}

/// The services among the names of stacks.
fn services_of<'a>(stacks: impl Iterator<Item = &'a str>) -> Services {
    stacks.filter(|name| !["foundation", "edge"].contains(name)).map(str::to_owned).collect()
}

fn printed(done: &Output) -> String {
    [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}
