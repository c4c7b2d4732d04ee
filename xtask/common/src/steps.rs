//! Progress of a command that takes several steps.
//!
//! ```text
//! [2/8] python packages   ok     6.1 s
//! [3/8] node packages      12 s  added 120 packages
//! ```
//! On a terminal the line of the running step is rewritten; elsewhere it is repeated now and then.
//! A step can run in the background of others: it is joined and shown when they are done.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::fingerprint;
use crate::interrupt::{self, Interrupted};
use crate::paths::Paths;
use crate::process;

const TITLE_WIDTH: usize = 17;
const TAIL: usize = 30;

pub struct Steps {
    total: usize,
    done: usize,
    terminal: bool,
    logs: PathBuf,
}

/// Progress text of a background step.
type Progress = Arc<Mutex<String>>;

/// A step in the background of others. Dropping it waits for its end.
pub struct Background<T> {
    title: &'static str,
    progress: Progress,
    thread: Option<JoinHandle<Result<(T, String)>>>,
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        // It runs programs, which must not outlive this one.
        let _nobody_wants_the_result = self.thread.take().map(JoinHandle::join);
    }
}

impl Steps {
    pub fn new(paths: &Paths, total: usize) -> Self {
        Self { total, done: 0, terminal: io::stdout().is_terminal(), logs: paths.step_logs() }
    }

    /// Runs one step. `work` returns a summary of its result.
    pub fn run<T>(&mut self, title: &str, work: impl FnOnce(&mut Step) -> Result<(T, String)>) -> Result<T> {
        self.done += 1;
        let heading = format!("[{}/{}] {title:TITLE_WIDTH$}", self.done, self.total);
        let mut step = self.step(title, heading, None);
        step.note("");
        let result = work(&mut step);
        match &result {
            Ok((_, detail)) => step.finish("ok", detail),
            Err(error) if error.is::<Interrupted>() => step.finish("stopped", ""),
            Err(_) => step.finish("FAILED", ""),
        }
        result.map(|(value, _)| value).with_context(|| format!("{title} failed"))
    }

    fn step(&self, title: &str, heading: String, progress: Option<Progress>) -> Step {
        let now = Instant::now();
        let log = self.logs.join(format!("{}.log", title.replace(' ', "-")));
        Step { log, heading, started: now, last_note: now, terminal: self.terminal, progress }
    }

    /// Starts a step in the background of those that follow.
    pub fn start<T: Send + 'static>(
        &self,
        title: &'static str,
        work: impl FnOnce(&mut Step) -> Result<(T, String)> + Send + 'static,
    ) -> Background<T> {
        let progress = Progress::default();
        let mut step = self.step(title, String::new(), Some(Arc::clone(&progress)));
        let thread = thread::spawn(move || {
            fingerprint::forget(&step.log)?;
            let (value, detail) = work(&mut step)?;
            let detail = format!("{detail} in {:.1} s", step.started.elapsed().as_secs_f32());
            Ok((value, detail))
        });
        Background { title, progress, thread: Some(thread) }
    }

    /// Waits for a step in the background.
    pub fn join<T>(&mut self, mut background: Background<T>) -> Result<T> {
        self.run(background.title, |step| {
            let thread = background.thread.take().context("nobody has waited for it before")?;
            while !thread.is_finished() {
                let at = background.progress.lock().map(|at| at.clone()).unwrap_or_default();
                step.note(&at);
                interrupt::sleep(Duration::from_millis(50))?;
            }
            thread.join().map_err(|_| anyhow!("it panicked"))?
        })
    }
}

pub struct Step {
    heading: String,
    log: PathBuf,
    started: Instant,
    last_note: Instant,
    terminal: bool,
    /// Receives progress instead of the terminal, for a background step.
    progress: Option<Progress>,
}

impl Step {
    /// Shows the progress of the step.
    pub fn note(&mut self, text: &str) {
        if let Some(progress) = &self.progress {
            if let Ok(mut progress) = progress.lock() {
                text.clone_into(&mut progress);
            }
            return;
        }
        let pause = if self.terminal { Duration::from_millis(100) } else { Duration::from_secs(10) };
        let first = text.is_empty();
        if !first && self.last_note.elapsed() < pause {
            return;
        }
        self.last_note = Instant::now();
        let line = format!("{}  {:>5.0} s  {text}", self.heading, self.started.elapsed().as_secs_f32());
        let line: String = line.chars().filter(|c| !c.is_control()).take(columns() - 1).collect();
        if self.terminal {
            print!("\r\x1b[K{line}");
            let _only_decoration = io::stdout().flush();
        } else if !first {
            println!("{}", line.trim_end());
        }
    }

    /// Gives the terminal to a program that shows its own progress.
    pub fn hand_over_terminal(&self) {
        if self.terminal {
            println!();
        } else {
            println!("{}", self.heading.trim_end());
        }
    }

    /// Runs a program, its output in a log file and its last line behind the step's title.
    pub fn run(&mut self, command: &mut Command) -> Result<()> {
        let dir = self.log.parent().context("the log file has no directory")?;
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let mut log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot write {}", self.log.display()))?;
        let mut tail = Tail::default();
        let status = process::lines(command, |line| {
            let _the_tail_has_it_too = writeln!(log, "{line}");
            tail.push(line);
            if !line.trim().is_empty() {
                self.note(line.trim());
            }
        })?;
        if status.success() {
            return Ok(());
        }
        bail!(
            "`{}` failed ({status}). It printed:\n{tail}\nAll of it: {}",
            process::shown(command),
            self.log.display()
        )
    }

    fn finish(&self, outcome: &str, detail: &str) {
        let start = if self.terminal { "\r\x1b[K" } else { "" };
        let line = format!(
            "{}  {outcome:<6} {:>5.1} s  {detail}",
            self.heading,
            self.started.elapsed().as_secs_f32()
        );
        println!("{start}{}", line.trim_end());
    }
}

/// The last lines of a long output.
#[derive(Default)]
pub struct Tail {
    lines: std::collections::VecDeque<String>,
}

impl Tail {
    pub fn push(&mut self, line: &str) {
        if self.lines.len() == TAIL {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }
}

impl std::fmt::Display for Tail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}  | {line}")?;
        }
        Ok(())
    }
}

fn columns() -> usize {
    rustix::termios::tcgetwinsize(io::stdout()).map_or(80, |size| usize::from(size.ws_col.max(20)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_the_end() {
        let mut tail = Tail::default();
        for number in 0..100 {
            tail.push(&number.to_string());
        }
        let shown = tail.to_string();
        assert!(shown.starts_with("  | 70\n"));
        assert!(shown.ends_with("  | 99"));
    }
}
