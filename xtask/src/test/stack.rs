//! A local AWS for tests alone: separate state, separate port, removed at the end.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xtask_common::interrupt;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::prerequisites;
use xtask_common::python::Packages;
use xtask_common::services::Services;
use xtask_common::shop::outputs::Outputs;
use xtask_common::stack::{LocalStack, Running};
use xtask_common::steps::Steps;

use crate::build::arch::Arch;
use crate::deploy::cdk::{self, Stage};
use crate::deploy::plan::ServicesArgs;
use crate::deploy::settings::SettingsArgs;
use crate::local::installs::Installs;
use crate::local::up::{self, BRING_UP_STEPS, Up};

pub struct TestStack {
    running: Running,
    /// None unless the shop is deployed to it.
    outputs: Option<Outputs>,
    guard: Guard,
}

/// A local AWS for one command: starts empty, and is stopped and removed however the command ends.
pub struct Guard {
    stack: LocalStack,
    _lock: Lock,
}

impl TestStack {
    pub fn start(paths: &Paths, stack: LocalStack, settings: &SettingsArgs) -> Result<Self> {
        let guard = Guard::over(stack)?;
        let mut steps = Steps::new(paths, BRING_UP_STEPS);
        let Up { running, outputs, .. } =
            up::bring_up(paths, &guard.stack, None, &ServicesArgs::default(), settings, &mut steps)?;
        Ok(Self { running, outputs: Some(outputs), guard })
    }

    /// Starts a local AWS without the shop; the templates describe the tables to test with.
    pub fn start_empty(paths: &Paths, stack: LocalStack, services: &Services) -> Result<Self> {
        let guard = Guard::over(stack)?;
        let stack = &guard.stack;
        let mut steps = Steps::new(paths, 5);
        let python = prerequisites::step(paths, &mut steps)?;
        let venv = Installs::start(paths, &steps, &python, Packages::Local).join(&mut steps)?;
        steps.run("templates", |step| {
            let functions = cdk::placeholders(services)?;
            let settings = &["services=all".to_owned()];
            let stage = Stage { name: stack.stage, arch: Arch::of_host(), functions: &functions, settings };
            let mut synth = cdk::synth(paths, &stage, &stack.assembly())?;
            cdk::pretend_account(&mut synth, "111122223333", "us-east-1");
            Ok((step.run(&mut synth)?, String::new()))
        })?;
        let running = steps.run("start local AWS", |_| stack.start(paths, &venv, None))?;
        Ok(Self { running, outputs: None, guard })
    }

    pub fn endpoint(&self) -> String {
        self.running.endpoint()
    }

    /// The directory of the shop's templates.
    pub fn templates(&self) -> PathBuf {
        self.guard.stack.assembly()
    }

    pub fn dir(&self) -> &Path {
        self.guard.stack.dir()
    }

    pub fn outputs(&self) -> Result<&Outputs> {
        self.outputs.as_ref().context("the shop is not deployed to this stack")
    }

    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Environment of the tests: the endpoint and outputs of the stack, and the proxy port of its
    /// functions.
    pub fn environment(&self) -> Result<Vec<(&'static str, OsString)>> {
        let stack = &self.guard.stack;
        let mut environment = vec![
            ("FERROCART_ENDPOINT", self.endpoint().into()),
            ("FERROCART_TEMPLATES", self.templates().into()),
            ("FERROCART_OUTPUTS", stack.outputs().into()),
        ];
        if let Some(port) = self.running.proxy_port {
            environment.push(("FERROCART_FAULTS", format!("127.0.0.1:{port}").into()));
            // Processes are identified by the real path of their executable.
            let state = stack.state();
            let state =
                fs::canonicalize(&state).with_context(|| format!("cannot find {}", state.display()))?;
            environment.push(("FERROCART_STATE", state.into()));
        }
        Ok(environment)
    }
}

impl Guard {
    /// Removes an earlier stack before a new one is started.
    fn over(stack: LocalStack) -> Result<Self> {
        let lock = Lock::take(stack.dir())?;
        Self::with(stack, lock)
    }

    /// The same for a stack that other commands start and stop meanwhile: its own lock is theirs.
    pub fn beside_commands(stack: LocalStack) -> Result<Self> {
        let lock = Lock::take(&stack.dir().join("test"))?;
        Self::with(stack, lock)
    }

    fn with(stack: LocalStack, lock: Lock) -> Result<Self> {
        let guard = Self { stack, _lock: lock };
        // A killed run may have left one behind.
        guard.stack.stop()?;
        guard.stack.wipe()?;
        Ok(guard)
    }

    /// The last output of the stack, with that of its functions: often the only place that explains a
    /// failure.
    pub fn last_words(&self) -> String {
        let log = self.stack.log();
        match self.stack.log_tail() {
            Ok(tail) => format!("what the local AWS printed last, of {}:\n{tail}", log.display()),
            Err(error) => format!("{error:#}"),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let interrupted = interrupt::acknowledge();
        match self.stack.stop().and_then(|done| self.stack.wipe().map(|()| done)) {
            Ok(Some(done)) => println!("\n{done}"),
            Ok(None) => {}
            Err(error) => {
                let Self { stack, .. } = self;
                eprintln!("cannot stop the {} stack: {error:#}; see {}", stack.stage, stack.log().display());
            }
        }
        if interrupted {
            interrupt::request();
        }
    }
}
