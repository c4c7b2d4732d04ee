//! A local AWS for the tests alone: own state, own port, gone at the end.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cdk;
use crate::interrupt;
use crate::lock::Lock;
use crate::outputs::Outputs;
use crate::paths::Paths;
use crate::stack::{self, LocalStack};
use crate::steps::Steps;
use crate::up::{self, BRING_UP_STEPS};

pub struct TestStack {
    outputs: Outputs,
    guard: Guard,
}

/// Stops the stack on every way out.
struct Guard {
    stack: LocalStack,
    _lock: Lock,
}

impl TestStack {
    pub fn start(paths: &Paths) -> Result<Self> {
        let stack = LocalStack::of_tests(paths);
        let lock = Lock::take(stack.dir())?;
        let guard = Guard { stack, _lock: lock };
        // A run that was killed may have left one behind.
        guard.stack.stop()?;
        guard.stack.wipe()?;
        let mut steps = Steps::new(paths, BRING_UP_STEPS);
        let outputs = up::bring_up(paths, &guard.stack, stack::free_port()?, &mut steps)?;
        Ok(Self { outputs, guard })
    }

    pub fn dir(&self) -> &Path {
        self.guard.stack.dir()
    }

    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Tells tests where the stack is, and what it is made of.
    pub fn environment(&self) -> [(&'static str, PathBuf); 3] {
        let stack = &self.guard.stack;
        let template = cdk::template(&stack.assembly(), &cdk::stack_name(stack.stage));
        let endpoint = self.outputs.endpoint.clone().unwrap_or_default();
        [
            ("FERROCART_ENDPOINT", endpoint.into()),
            ("FERROCART_TEMPLATE", template),
            ("FERROCART_OUTPUTS", stack.outputs()),
        ]
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let interrupted = interrupt::acknowledge();
        match self.stack.stop() {
            Ok(Some(done)) => println!("\n{done}"),
            Ok(None) => {}
            Err(error) => {
                eprintln!("cannot stop the test stack: {error:#}; see {}", self.stack.log().display());
            }
        }
        if interrupted {
            interrupt::request();
        }
    }
}
