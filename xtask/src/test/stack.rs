//! A local AWS for tests alone: separate state, separate port, removed at the end.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xtask_common::interrupt;
use xtask_common::lock::Lock;
use xtask_common::paths::Paths;
use xtask_common::shop::outputs::Outputs;
use xtask_common::stack::{LocalStack, Running};
use xtask_common::steps::Steps;

use crate::deploy::cdk;
use crate::local::up::{self, BRING_UP_STEPS, Up};

pub struct TestStack {
    running: Running,
    outputs: Outputs,
    guard: Guard,
}

/// A local AWS for one command: starts empty, and is stopped however the command ends.
pub struct Guard {
    stack: LocalStack,
    _lock: Lock,
}

impl TestStack {
    pub fn start(paths: &Paths, stack: LocalStack) -> Result<Self> {
        let guard = Guard::over(stack)?;
        let mut steps = Steps::new(paths, BRING_UP_STEPS);
        let Up { running, outputs, .. } = up::bring_up(paths, &guard.stack, None, &mut steps)?;
        Ok(Self { running, outputs, guard })
    }

    pub fn dir(&self) -> &Path {
        self.guard.stack.dir()
    }

    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Its last output, with that of its functions: often the only place that explains a failure.
    pub fn last_words(&self) -> String {
        let log = self.guard.stack.log();
        match self.guard.stack.log_tail() {
            Ok(tail) => format!("what the local AWS printed last, of {}:\n{tail}", log.display()),
            Err(error) => format!("{error:#}"),
        }
    }

    /// Environment of the tests: the endpoint and outputs of the stack, and the proxy port of its
    /// functions.
    pub fn environment(&self) -> Result<Vec<(&'static str, OsString)>> {
        let stack = &self.guard.stack;
        let template = cdk::template(&stack.assembly(), &cdk::stack_name(stack.stage));
        let mut environment = vec![
            ("FERROCART_ENDPOINT", self.running.endpoint().into()),
            ("FERROCART_TEMPLATE", template.into()),
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
    pub fn over(stack: LocalStack) -> Result<Self> {
        let lock = Lock::take(stack.dir())?;
        let guard = Self { stack, _lock: lock };
        // A killed run may have left one behind.
        guard.stack.stop()?;
        guard.stack.wipe()?;
        Ok(guard)
    }

    pub fn stack(&self) -> &LocalStack {
        &self.stack
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let interrupted = interrupt::acknowledge();
        match self.stack.stop() {
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
