//! The parts of the tests, and their commands.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::python::Venv;
use xtask_common::services::Services;

use crate::build::arch::Arch;
use crate::deploy::cdk::{self, Stage};
use crate::deploy::postman;
use crate::local::seed;
use crate::test::browser;
use crate::test::stack::TestStack;

/// In the order they run: the fastest to fail first.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// `cargo fmt --check`
    Format,
    /// Lints, warnings denied
    Clippy,
    /// Tests without any dependencies
    Unit,
    /// The infrastructure: types, assertions, cfn-lint
    Infra,
    /// Services against the local AWS
    Services,
    /// The shop from a customer's view
    Shop,
    /// The local stack keeps its data when stopped or killed
    Local,
    /// Services are added and removed by `up` while customers shop
    Stacks,
    /// The shop while calls fail and functions die
    Chaos,
    /// The Postman collection
    Postman,
    /// The Postman collection, and what depends on the gateway, with an HTTP API
    Http,
    /// The pages: types, units, and the deployed site in a browser
    Web,
    /// The API accepts whatever its description allows, and refuses the rest; leaves test data
    /// behind
    Fuzz,
}

impl Part {
    pub const ALL: [Self; 13] = [
        Self::Format,
        Self::Clippy,
        Self::Unit,
        Self::Infra,
        Self::Services,
        Self::Shop,
        Self::Local,
        Self::Stacks,
        Self::Chaos,
        Self::Postman,
        Self::Http,
        Self::Web,
        Self::Fuzz,
    ];

    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether it needs a local AWS.
    pub fn needs_stack(self) -> bool {
        !matches!(self, Self::Format | Self::Clippy | Self::Unit | Self::Infra)
    }

    /// Whether it runs on the test stack, with the shop deployed to it. Tests of services make tables
    /// of their own; some parts have stacks of their own.
    pub fn needs_shop(self) -> bool {
        self.needs_stack() && !self.has_own_stack() && !matches!(self, Self::Services | Self::Stacks)
    }

    /// Whether it starts a shop of its own: one that may fail, or with other settings.
    pub fn has_own_stack(self) -> bool {
        matches!(self, Self::Chaos | Self::Http)
    }

    pub fn needs_newman(self) -> bool {
        matches!(self, Self::Postman | Self::Http)
    }
}

/// How the tests of a command are counted.
#[derive(Clone, Copy)]
pub enum Counting {
    /// The command passes or fails as a whole.
    Whole,
    /// It prints passed and failed counts.
    Printed,
    /// It is newman, and writes a report.
    Newman,
}

/// One command of a part.
pub struct Check {
    pub command: Command,
    pub counting: Counting,
}

impl Check {
    fn whole(command: Command) -> Self {
        Self { command, counting: Counting::Whole }
    }

    fn printed(command: Command) -> Self {
        Self { command, counting: Counting::Printed }
    }
}

/// How many tests a test executable runs at once. Tests that wait for a stack leave the CPU idle.
const TEST_THREADS: &str = "RUST_TEST_THREADS";
const WAITING_TESTS: &str = "8";

const SHOP_TESTS: &str = "shop-tests";
/// Tests of the local stack itself stop and kill it: they run apart from its other tests.
const LOCAL_STACK_TESTS: &str = "local_stack";
/// These take minutes, and need packages of their own.
const FUZZ_TESTS: &str = "fuzz";
/// Modules of the shop's tests whose results depend on the gateway.
const GATEWAY_TESTS: [&str; 3] = ["access::", "edge::", "tokens::"];
/// These need a stack that may fail.
const CHAOS_TESTS: &str = "chaos";
/// These start and stop a stack by themselves.
const STACKS_TESTS: &str = "stacks";

/// These read the templates of the stages that the infrastructure is checked for.
const IDLE_TESTS: &str = "cost::idle";

/// A separate workspace, as cargo-fuzz needs it.
const FUZZ_TARGETS: &str = "fuzz/Cargo.toml";

/// Packages with tests that need no stack: what functions are made of, and tools. Cargo unifies
/// features over the packages of a command. Together, tools would change those of the AWS SDK, and
/// the services' tests would compile it again.
const UNIT_TESTS: [&[&str]; 2] = [
    &["domain", "contracts", "lambdakit", "shopkit", "testkit"],
    &["xtask", "xtask-common", "xtask-operate", "xtask-reports", "bench", "load"],
];

/// Rust parts that need no stack.
pub fn plain(part: Part, paths: &Paths, services: &Services) -> Vec<Check> {
    match part {
        Part::Format => {
            let own = cargo(paths, &["fmt", "--all", "--check"]);
            let fuzz = cargo(paths, &["fmt", "--all", "--check", "--manifest-path", FUZZ_TARGETS]);
            vec![Check::whole(own), Check::whole(fuzz)]
        }
        Part::Clippy => {
            let own = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
            vec![Check::whole(cargo(paths, &own)), Check::whole(clippy_of_fuzz_targets(paths, services))]
        }
        Part::Unit => {
            let test = |targets, packages: &[&str]| {
                let mut cargo = cargo(paths, &["test", "--no-fail-fast", targets]);
                cargo.args(packages.iter().flat_map(|package| ["-p", package]));
                Check::printed(cargo)
            };
            // Examples are checked by clippy, and not linked; tools have no documentation tests.
            let [libraries, tools] = UNIT_TESTS;
            vec![test("--tests", libraries), test("--doc", libraries), test("--tests", tools)]
        }
        _ => Vec::new(),
    }
}

/// Uses the shop's target directory, so that shared dependencies are compiled once.
fn clippy_of_fuzz_targets(paths: &Paths, services: &Services) -> Command {
    // `--locked` detects a lock file that a change in our own crates made stale.
    let mut cargo = cargo(paths, &["clippy", "--locked", "--manifest-path", FUZZ_TARGETS, "--target-dir"]);
    cargo.arg(&services.target_dir).args(["--all-targets", "--", "-D", "warnings"]);
    // Nothing links libFuzzer here, so neither its build nor a C++ compiler is needed.
    cargo.env("CUSTOM_LIBFUZZER_PATH", "/nowhere/libfuzzer.a");
    cargo
}

/// Types, assertions and templates of the infrastructure, for the stages that differ most.
pub fn infra(paths: &Paths, services: &Services, venv: &Venv) -> Result<Vec<Check>> {
    let functions = cdk::placeholders(services)?;
    let npm = |args: &[&str]| {
        let mut npm = process::command("npm", paths.root());
        npm.args(args);
        npm
    };
    let mut checks =
        vec![Check::whole(npm(&["run", "--silent", "check"])), Check::printed(npm(&["test", "--silent"]))];
    let assemblies = paths.local().join("test/synth");
    let synth = |stage: &Stage, assembly: &Path| {
        let mut synth = cdk::synth(paths, stage, assembly)?;
        cdk::pretend_account(&mut synth, "111122223333", "eu-west-1");
        Ok::<_, anyhow::Error>(Check::whole(synth))
    };
    for (assembly, name, arch, api) in [
        ("dev", "dev", Arch::Arm64, "rest"),
        ("prod", "prod", Arch::X86_64, "rest"),
        ("http", "dev", Arch::Arm64, "http"),
    ] {
        let assembly = assemblies.join(assembly);
        let settings = &["services=all".to_owned(), format!("api={api}")];
        let stage = Stage { name, arch, functions: &functions, settings };
        checks.push(synth(&stage, &assembly)?);
        let mut lint = process::command(venv.tool("cfn-lint"), &paths.infra());
        lint.arg(assembly.join("*.template.json"));
        checks.push(Check::whole(lint));
    }
    let core = Stage {
        name: "dev",
        arch: Arch::Arm64,
        functions: &functions,
        settings: &["services=core".to_owned()],
    };
    checks.push(synth(&core, &assemblies.join("core"))?);
    let mut idle = cargo(paths, &["test", "-p", "xtask-reports", IDLE_TESTS, "--", "--ignored"]);
    idle.env("FERROCART_ASSEMBLIES", &assemblies);
    checks.push(Check::printed(idle));
    Ok(checks)
}

/// Parts that run against a stack.
pub fn on_stack(part: Part, paths: &Paths, services: &Services, stack: &TestStack) -> Result<Vec<Check>> {
    let checks = match part {
        Part::Shop => {
            let mut cargo = cargo(paths, &["test", "--no-fail-fast", "-p", SHOP_TESTS, "--lib"]);
            let apart =
                |target: &&str| [FUZZ_TESTS, LOCAL_STACK_TESTS, CHAOS_TESTS, STACKS_TESTS].contains(target);
            for target in services.test_targets(SHOP_TESTS).filter(|target| !apart(target)) {
                cargo.args(["--test", target]);
            }
            vec![Check::printed(cargo)]
        }
        Part::Fuzz => {
            // Staff send most requests, and would start last: all callers start at once.
            let of_tests = ["--test-threads=3", "--nocapture"];
            let mut cargo = cargo(paths, &["test", "-p", SHOP_TESTS, "--test", FUZZ_TESTS, "--"]);
            cargo.args(of_tests);
            cargo.env("FERROCART_SCHEMATHESIS", Venv::of(paths).tool("schemathesis"));
            vec![Check::printed(cargo)]
        }
        Part::Local => {
            let args = ["test", "-p", SHOP_TESTS, "--test", LOCAL_STACK_TESTS, "--", "--test-threads=1"];
            vec![Check::printed(cargo(paths, &args))]
        }
        Part::Chaos => {
            vec![Check::printed(cargo(paths, &["test", "-p", SHOP_TESTS, "--test", CHAOS_TESTS]))]
        }
        Part::Postman => vec![newman(paths, stack)?],
        Part::Http => {
            let mut cargo =
                cargo(paths, &["test", "--no-fail-fast", "-p", SHOP_TESTS, "--test", "shop", "--"]);
            cargo.args(GATEWAY_TESTS);
            vec![newman(paths, stack)?, Check::printed(cargo)]
        }
        Part::Web => web(paths, stack)?,
        _ => Vec::new(),
    };
    with_stack(part, checks, stack)
}

/// The tests that deploy by themselves. They print the progress of each command.
pub fn stacks(paths: &Paths) -> Vec<Check> {
    let args = ["test", "--no-fail-fast", "-p", SHOP_TESTS, "--test", STACKS_TESTS, "--", "--nocapture"];
    vec![Check::printed(cargo(paths, &args))]
}

/// The tests of these services.
pub fn services(paths: &Paths, tested: &[String], stack: &TestStack) -> Result<Vec<Check>> {
    let mut cargo = cargo(paths, &["test", "--no-fail-fast"]);
    cargo.args(tested.iter().flat_map(|name| ["-p", name]));
    with_stack(Part::Services, vec![Check::printed(cargo)], stack)
}

fn with_stack(part: Part, mut checks: Vec<Check>, stack: &TestStack) -> Result<Vec<Check>> {
    let environment = stack.environment()?;
    for check in &mut checks {
        check.command.envs(environment.iter().cloned());
        if matches!(part, Part::Services | Part::Shop | Part::Http)
            && std::env::var_os(TEST_THREADS).is_none()
        {
            check.command.env(TEST_THREADS, WAITING_TESTS);
        }
    }
    Ok(checks)
}

/// Types and unit tests of the pages, and their tests in a browser. Those that kill functions run
/// alone.
fn web(paths: &Paths, stack: &TestStack) -> Result<Vec<Check>> {
    let browser = browser::find()?;
    // For pictures of a shop that sells something.
    seed::seed(stack.outputs()?)?;
    let npm = |args: &[&str]| {
        let mut npm = process::command("npm", paths.root());
        npm.args(["run", "--silent", "--workspace", "web"]).args(args);
        npm
    };
    let e2e = |files: &[&str]| {
        let mut npm = npm(&["e2e", "--"]);
        npm.args(files.iter().map(|file| format!("e2e/{file}.test.ts")));
        npm.env("FERROCART_BROWSER", &browser);
        npm.env("FERROCART_SCREENSHOTS", paths.root().join("target/screenshots"));
        npm
    };
    Ok(vec![
        Check::whole(npm(&["check"])),
        Check::printed(npm(&["test"])),
        Check::printed(e2e(&["customer", "pages", "race", "staff"])),
        Check::printed(e2e(&["failures"])),
    ])
}

fn newman(paths: &Paths, stack: &TestStack) -> Result<Check> {
    let environment = stack.dir().join("postman_environment.json");
    postman::write_environment(&environment, stack.outputs()?)?;
    let report = newman_report(stack.dir());
    xtask_common::fingerprint::forget(&report).context("the report of an earlier run is in the way")?;
    let mut node = process::command("node", &paths.postman());
    node.args(["node_modules/newman/bin/newman.js", "run", "ferrocart.postman_collection.json"])
        .arg("--environment")
        .arg(&environment)
        .args(["--reporters", "cli,json", "--reporter-json-export"])
        .arg(&report);
    Ok(Check { command: node, counting: Counting::Newman })
}

pub fn newman_report(dir: &Path) -> std::path::PathBuf {
    dir.join("newman.json")
}

fn cargo(paths: &Paths, args: &[&str]) -> Command {
    let mut cargo = process::command("cargo", paths.root());
    cargo.args(args);
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    cargo
}
