//! Runs programs, and ends them with an interrupted command.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};

use crate::interrupt;

const POLL: Duration = Duration::from_millis(20);
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait for the last output of a command that has ended.
const LAST_LINES: Duration = Duration::from_secs(2);

/// A command without the variables that `cargo run` sets about our own package: build scripts watch
/// them, and dependencies would be rebuilt for nothing.
pub fn command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir);
    for (name, _) in env::vars_os() {
        let ours = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        if ours {
            command.env_remove(name);
        }
    }
    command
}

/// The command as a person would type it, for messages.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a short command and returns what it printed; fails with its error output.
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot run `{}`", shown(command)))?;
    interrupt::check()?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}", shown(command), message.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command on the caller's terminal.
pub fn attached(command: &mut Command) -> Result<()> {
    let status = attached_status(command)?;
    expect_success(command, status)
}

/// Like [`attached`], but the caller interprets a failure.
pub fn attached_status(command: &mut Command) -> Result<ExitStatus> {
    let mut child = spawn(command)?;
    wait(&mut child, Scope::Process)
}

/// Like [`attached`], but returns what the command writes to its standard output.
pub fn attached_output(command: &mut Command) -> Result<String> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let mut stdout = child.stdout.take().context("no pipe to the command")?;
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let status = wait(&mut child, Scope::Process)?;
    expect_success(command, status)?;
    let text = reader.join().map_err(|_| anyhow::anyhow!("reading the output failed"))?;
    text.with_context(|| format!("cannot read the output of `{}`", shown(command)))
}

/// Runs a command without a terminal and passes on each line it prints, errors included.
pub fn lines(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<ExitStatus> {
    // A separate process group, so that an interrupt reaches the command's children, too.
    let mut child =
        spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0))?;
    let (sender, receiver) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for pipe in pipes.into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || forward_lines(pipe, &sender));
    }
    drop(sender);

    let mut exited: Option<(ExitStatus, Instant)> = None;
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(line) => on_line(&line),
            Err(RecvTimeoutError::Disconnected) => break,
            // A grandchild may keep the pipe open for ever: the end of the command is enough.
            Err(RecvTimeoutError::Timeout) => match exited {
                Some((_, at)) if at.elapsed() > LAST_LINES => break,
                Some(_) => {}
                None => exited = poll(&mut child, Scope::Group)?.map(|status| (status, Instant::now())),
            },
        }
        if interrupt::requested() {
            stop(&mut child, Scope::Group)?;
            interrupt::check()?;
        }
    }
    match exited {
        Some((status, _)) => Ok(status),
        None => wait(&mut child, Scope::Group),
    }
}

pub fn expect_success(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{}` failed ({status})", shown(command))
}

/// Whether the process exists, whoever owns it.
pub fn is_alive(pid: i32) -> bool {
    Pid::from_raw(pid)
        .is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// The command line of a process; none when it has ended.
pub fn command_line(pid: i32) -> Option<String> {
    let from_proc = std::fs::read(format!("/proc/{pid}/cmdline")).ok();
    let line = match from_proc {
        Some(bytes) => String::from_utf8_lossy(&bytes).replace('\0', " "),
        None => output(Command::new("ps").args(["-p", &pid.to_string(), "-o", "command="])).ok()?,
    };
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// Ends a process: first with a signal to it alone, after the deadline with its whole group. True
/// if the first signal was enough.
pub fn terminate(pid: i32, deadline: Duration) -> Result<bool> {
    let Some(target) = Pid::from_raw(pid) else { return Ok(true) };
    signal(|| kill_process(target, Signal::TERM), pid)?;
    let end = Instant::now() + deadline;
    while is_alive(pid) {
        // A child of ours stays a zombie until it is waited for.
        let _not_our_child = waitpid(Some(target), WaitOptions::NOHANG);
        if Instant::now() > end {
            signal(|| kill_process_group(target, Signal::KILL), pid)?;
            return Ok(false);
        }
        thread::sleep(POLL);
    }
    Ok(true)
}

fn signal(send: impl Fn() -> rustix::io::Result<()>, pid: i32) -> Result<()> {
    match send() {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(io::Error::from(error)).with_context(|| format!("cannot stop process {pid}")),
    }
}

fn forward_lines(pipe: impl Read, sender: &mpsc::Sender<String>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if sender.send(text).is_err() {
            break;
        }
        line.clear();
    }
}

#[derive(Clone, Copy)]
enum Scope {
    Process,
    Group,
}

fn spawn(command: &mut Command) -> Result<Child> {
    interrupt::check()?;
    command.spawn().with_context(|| format!("cannot run `{}`", shown(command)))
}

fn wait(child: &mut Child, scope: Scope) -> Result<ExitStatus> {
    loop {
        if let Some(status) = poll(child, scope)? {
            // A command that Ctrl-C ended at the same moment did not fail by itself.
            interrupt::check()?;
            return Ok(status);
        }
        thread::sleep(POLL);
    }
}

fn poll(child: &mut Child, scope: Scope) -> Result<Option<ExitStatus>> {
    if interrupt::requested() {
        stop(child, scope)?;
        interrupt::check()?;
    }
    child.try_wait().context("cannot wait for a command")
}

fn stop(child: &mut Child, scope: Scope) -> Result<()> {
    let pid = Pid::from_child(child);
    let send = |signal| match scope {
        Scope::Process => kill_process(pid, signal),
        Scope::Group => kill_process_group(pid, signal),
    };
    let _already_gone = send(Signal::TERM);
    let end = Instant::now() + GRACE;
    while child.try_wait().context("cannot wait for a command")?.is_none() {
        if Instant::now() > end {
            let _already_gone = send(Signal::KILL);
        }
        thread::sleep(POLL);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_streams_arrive_with_the_status() {
        let mut seen = Vec::new();
        let status = lines(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]), |line| {
            seen.push(line.to_owned());
        })
        .unwrap();
        seen.sort();
        assert_eq!(seen, ["err", "out"]);
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn a_grandchild_that_holds_the_pipe_does_not_hold_us() {
        let started = Instant::now();
        lines(Command::new("sh").args(["-c", "sleep 5 & echo done"]), |_| {}).unwrap();
        assert!(started.elapsed() < Duration::from_secs(4));
    }

    #[test]
    fn our_own_process_is_alive_and_has_a_command_line() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(is_alive(pid));
        assert!(command_line(pid).unwrap().contains("xtask"));
    }

    #[test]
    fn terminate_sees_that_a_child_of_ours_has_ended() {
        let mut child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(terminate(pid, Duration::from_secs(5)).unwrap());
        assert!(child.try_wait().is_err(), "nobody is left to wait for");
    }

    #[test]
    fn terminate_ends_a_process_that_ignores_the_polite_signal() {
        let mut child = Command::new("sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0; 5];
        child.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(!terminate(pid, Duration::from_millis(200)).unwrap());
        assert!(!child.wait().unwrap().success());
    }
}
