//! Runs parts one after the other, and sets up what a part needs before the first one that needs
//! it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use xtask_common::interrupt::Interrupted;
use xtask_common::paths::Paths;
use xtask_common::python::{Packages, Venv};
use xtask_common::services::Services;
use xtask_common::stack::LocalStack;
use xtask_common::steps::{Background, Steps};
use xtask_common::{node, prerequisites, process};

use crate::deploy::settings::SettingsArgs;
use crate::test::counts::Counts;
use crate::test::failures::Failures;
use crate::test::part::{self, Check, Counting, Part};
use crate::test::stack::{Guard, TestStack};

pub struct Runner<'a> {
    paths: &'a Paths,
    services: Services,
    /// Names of the services whose tests run.
    tested: Vec<String>,
    python: String,
    /// Whether a part needs the shop on the test stack.
    needs_shop: bool,
    /// The test stack, once needed; a failure to start it is stored, not repeated.
    stack: Option<Result<TestStack>>,
    /// The stack of a part that has one of its own, while that part runs.
    own: Option<TestStack>,
    /// The stack that the tests of a part start and stop, while that part runs.
    stacks: Option<Guard>,
    /// Packages that later parts need, installed while the first ones run.
    _installs: Background<()>,
}

pub struct Report {
    pub part: Part,
    pub counts: Counts,
    pub duration: Duration,
    pub failures: Vec<String>,
    /// Output of the failed tests.
    said: Vec<String>,
}

impl Report {
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty()
    }

    /// Output of the failed tests, under the name of the part.
    pub fn said_of_failures(&self) -> impl Iterator<Item = String> {
        let title = (!self.said.is_empty()).then(|| format!("\n=== {}: what failed ===", self.part.name()));
        title.into_iter().chain(self.said.iter().cloned())
    }

    fn fail(&mut self, failure: String) {
        if self.counts.failed == 0 {
            self.counts += Counts::ONE_FAILED;
        }
        self.failures.push(failure);
    }
}

impl<'a> Runner<'a> {
    pub fn new(paths: &'a Paths, services: Services, tested: Vec<String>, parts: &[Part]) -> Result<Self> {
        let found = prerequisites::check(paths)?;
        println!("{found}");
        Ok(Self {
            paths,
            services,
            tested,
            needs_shop: parts.iter().any(|part| part.needs_shop()),
            stack: None,
            own: None,
            stacks: None,
            _installs: install_ahead(paths, &found.python, parts),
            python: found.python,
        })
    }

    /// Fails only when interrupted: a failed part is part of the report.
    pub fn run(&mut self, part: Part) -> Result<Report> {
        println!("\n=== {} ===", part.name());
        let started = Instant::now();
        let mut report = Report {
            part,
            counts: Counts::default(),
            duration: Duration::ZERO,
            failures: Vec::new(),
            said: Vec::new(),
        };
        match self.checks(part) {
            Ok(checks) => {
                for check in checks {
                    self.check(check, &mut report)?;
                }
            }
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => {
                eprintln!("error: {error:#}");
                report.fail(first_line(&error));
            }
        }
        if !report.is_ok()
            && let Some(stack) = self.stack_of(part).map(TestStack::guard).or(self.stacks.as_ref())
        {
            eprintln!("{}", stack.last_words());
        }
        (self.own, self.stacks) = (None, None);
        report.duration = started.elapsed();
        Ok(report)
    }

    fn checks(&mut self, part: Part) -> Result<Vec<Check>> {
        if part == Part::Infra {
            let mut steps = Steps::new(self.paths, 2);
            let venv = steps.run("python packages", |step| {
                Venv::provide(self.paths, &self.python, Packages::Local, step)
            })?;
            steps
                .run("node packages", |step| Ok(((), node::provide(self.paths, self.paths.root(), step)?)))?;
            return part::infra(self.paths, &self.services, &venv);
        }
        if !part.needs_stack() {
            return Ok(part::plain(part, self.paths, &self.services));
        }
        if part.needs_newman() {
            let mut steps = Steps::new(self.paths, 1);
            let dir = self.paths.postman();
            steps.run("postman packages", |step| Ok(((), node::provide(self.paths, &dir, step)?)))?;
        }
        if part.has_own_stack() {
            let (stack, settings) = match part {
                Part::Http => (LocalStack::of_http_api(self.paths), SettingsArgs::of("api", "http")),
                _ => (LocalStack::of_chaos(self.paths), SettingsArgs::default()),
            };
            let stack = self.own.insert(TestStack::start(self.paths, stack, &settings)?);
            return part::on_stack(part, self.paths, &self.services, stack);
        }
        if part == Part::Stacks {
            self.stacks = Some(Guard::beside_commands(LocalStack::of_stacks(self.paths))?);
            return Ok(part::stacks(self.paths));
        }
        let start = || {
            let stack = LocalStack::of_tests(self.paths);
            if self.needs_shop {
                TestStack::start(self.paths, stack, &SettingsArgs::default())
            } else {
                TestStack::start_empty(self.paths, stack, &self.services)
            }
        };
        let stack = match self.stack.get_or_insert_with(start) {
            Ok(stack) => stack,
            Err(error) if error.is::<Interrupted>() => return Err(Interrupted.into()),
            Err(error) => return Err(anyhow!("the test stack did not come up: {error:#}")),
        };
        if part == Part::Services {
            return part::services(self.paths, &self.tested, stack);
        }
        if part == Part::Fuzz {
            let mut steps = Steps::new(self.paths, 1);
            steps.run("python packages", |step| {
                Venv::provide(self.paths, &self.python, Packages::Test, step)
            })?;
        }
        part::on_stack(part, self.paths, &self.services, stack)
    }

    fn check(&self, mut check: Check, report: &mut Report) -> Result<()> {
        println!("$ {}", process::shown(&check.command));
        let (mut printed, mut failures) = (Counts::default(), Failures::default());
        let status = process::lines(&mut check.command, |line| {
            println!("{line}");
            printed += Counts::in_line(line);
            failures.read(line);
        })?;
        report.said.extend(failures.into_lines());
        let counted = match check.counting {
            Counting::Whole if status.success() => Ok(Counts::ONE_PASSED),
            Counting::Whole => Ok(Counts::ONE_FAILED),
            Counting::Printed => Ok(printed),
            Counting::Newman => self.newman_counts(report.part),
        };
        let problem = match &counted {
            _ if !status.success() => Some(format!("`{}` failed ({status})", process::shown(&check.command))),
            Err(error) => Some(format!("{error:#}")),
            Ok(counts) if counts.passed + counts.failed == 0 => {
                Some(format!("`{}` ran no test", process::shown(&check.command)))
            }
            Ok(_) => None,
        };
        report.counts += counted.unwrap_or_default();
        if let Some(problem) = problem {
            report.fail(problem);
        }
        Ok(())
    }

    /// The stack that a part runs on, if it needs one and it has started.
    fn stack_of(&self, part: Part) -> Option<&TestStack> {
        match part {
            part if part.has_own_stack() => self.own.as_ref(),
            Part::Stacks => None,
            part if part.needs_stack() => self.stack.as_ref()?.as_ref().ok(),
            _ => None,
        }
    }

    fn newman_counts(&self, part: Part) -> Result<Counts> {
        let stack = self.stack_of(part).context("no test stack")?;
        Counts::in_newman_report(&part::newman_report(stack.dir()))
    }
}

fn first_line(error: &anyhow::Error) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

/// Installs the packages of these parts. A failure is repeated and reported by the part that needs
/// them.
fn install_ahead(paths: &Paths, python: &str, parts: &[Part]) -> Background<()> {
    let (paths, python, parts) = (paths.clone(), python.to_owned(), parts.to_vec());
    Steps::new(&paths.clone(), 0).start("packages", move |step| {
        if parts.iter().any(|part| *part == Part::Infra || part.needs_stack()) {
            node::provide(&paths, paths.root(), step)?;
            Venv::provide(&paths, &python, Packages::Local, step)?;
        }
        if parts.iter().any(|part| part.needs_newman()) {
            node::provide(&paths, &paths.postman(), step)?;
        }
        if parts.contains(&Part::Fuzz) {
            Venv::provide(&paths, &python, Packages::Test, step)?;
        }
        Ok(((), String::new()))
    })
}
