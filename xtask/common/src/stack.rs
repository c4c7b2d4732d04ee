//! The local AWS: a separate process that outlives the command that started it.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::fingerprint::{self, Fingerprint};
use crate::paths::Paths;
use crate::python::Venv;
use crate::steps::Tail;
use crate::{interrupt, process};
use anyhow::{Context, Result, bail};

use crate::shop::aws;

const LAUNCHER: &str = "launcher.py";
const PROXY_OPTION: &str = "--functions-endpoint=http://127.0.0.1:";
const READY_DEADLINE: Duration = Duration::from_mins(1);
/// A killed local AWS holds its port until its last function has ended.
const PORT_DEADLINE: Duration = Duration::from_secs(2);
const STOP_DEADLINE: Duration = Duration::from_secs(15);

/// One local AWS with one deployed stage, and its files.
pub struct LocalStack {
    /// Name of the stage deployed to it.
    pub stage: &'static str,
    dir: PathBuf,
    launcher: PathBuf,
    options: &'static [&'static str],
    /// Whether functions call AWS on a separate port, for a proxy to listen there.
    proxied: bool,
}

/// A running local AWS.
pub struct Running {
    pub pid: i32,
    pub port: u16,
    /// Port on which functions call AWS, when that is not the local AWS itself.
    pub proxy_port: Option<u16>,
}

impl Running {
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl LocalStack {
    /// The developer's stack: it persists its data.
    pub fn of_developer(paths: &Paths) -> Self {
        let options = &["--async-retry-seconds=2"];
        Self { stage: "local", dir: paths.local(), launcher: launcher(paths), options, proxied: false }
    }

    /// The stack of the tests: it enforces policies and persists no data.
    pub fn of_tests(paths: &Paths) -> Self {
        let options = &["--auth", "--no-persist", "--async-retry-seconds=1"];
        let dir = paths.local().join("test");
        Self { stage: "test", dir, launcher: launcher(paths), options, proxied: false }
    }

    /// The stack of the chaos tests: its functions call AWS through a proxy.
    pub fn of_chaos(paths: &Paths) -> Self {
        let options = &["--no-persist", "--async-retry-seconds=1"];
        let dir = paths.local().join("chaos");
        Self { stage: "chaos", dir, launcher: launcher(paths), options, proxied: true }
    }

    /// The stack of the tests of the HTTP API, as that of the other tests.
    pub fn of_http_api(paths: &Paths) -> Self {
        Self { stage: "http", dir: paths.local().join("http"), ..Self::of_tests(paths) }
    }

    /// The stack of the tests that add and remove services: it enforces policies.
    pub fn of_stacks(paths: &Paths) -> Self {
        let options = &["--auth", "--no-persist", "--async-retry-seconds=1"];
        let dir = paths.local().join("stacks");
        Self { stage: "stacks", dir, launcher: launcher(paths), options, proxied: false }
    }

    /// The local AWS of `bench --growth`: nothing is deployed to it.
    pub fn of_growth(paths: &Paths) -> Self {
        let dir = paths.local().join("growth");
        Self { stage: "growth", dir, launcher: launcher(paths), options: &["--no-persist"], proxied: false }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn state(&self) -> PathBuf {
        self.dir.join("aws")
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("local-aws.log")
    }

    pub fn outputs(&self) -> PathBuf {
        self.dir.join("outputs.json")
    }

    /// Its environment for Postman.
    pub fn postman(&self) -> PathBuf {
        self.dir.join(format!("postman/{}.postman_environment.json", self.stage))
    }

    /// Names the services that are deployed.
    pub fn services(&self) -> PathBuf {
        self.dir.join("services")
    }

    /// The settings of the deployed stage.
    pub fn settings(&self) -> PathBuf {
        self.dir.join("settings")
    }

    /// The outputs of each stack.
    pub fn stack_outputs(&self) -> PathBuf {
        self.dir.join("stack-outputs.json")
    }

    /// The synthesized templates.
    pub fn assembly(&self) -> PathBuf {
        self.dir.join("cdk.out")
    }

    /// Holds the fingerprint of the last deployment.
    pub fn deployed(&self) -> PathBuf {
        self.dir.join("deployed")
    }

    /// Holds the fingerprint of the last uploaded site.
    pub fn uploaded(&self) -> PathBuf {
        self.dir.join("uploaded")
    }

    /// Holds the fingerprint of the last started local AWS.
    fn launched(&self) -> PathBuf {
        self.dir.join("launched")
    }

    fn pid_file(&self) -> PathBuf {
        self.dir.join("local-aws.pid")
    }

    /// The running process of this stack. The process id alone proves nothing: after a crash or a
    /// reboot another program may have it. The command line identifies it, and contains the port.
    pub fn running(&self) -> Option<Running> {
        let pid = fs::read_to_string(self.pid_file()).ok()?.trim().parse().ok()?;
        let (port, proxy_port) = launched_ports(&process::command_line(pid)?, &self.state())?;
        Some(Running { pid, port, proxy_port })
    }

    /// Starts the local AWS, or finds it running on the wanted port; without one, any port will do.
    pub fn start(&self, paths: &Paths, venv: &Venv, wanted: Option<u16>) -> Result<(Running, String)> {
        let fingerprint = self.launcher_fingerprint()?;
        let found = self.running();
        if let Some(running) = &found
            && wanted.is_some_and(|wanted| wanted != running.port)
        {
            bail!(
                "the local AWS already runs on port {}; use it with `--port {0}`, or run `cargo xtask down` first",
                running.port
            );
        }
        let (port, restarted) = match found {
            Some(running) if fingerprint::matches(&self.launched(), &fingerprint) => {
                self.wait_until_ready(&running, None)?;
                return Ok((running, "runs already".to_owned()));
            }
            Some(running) => {
                self.stop()?;
                (Some(running.port), "started again, because infra/local changed: ")
            }
            None => (wanted, ""),
        };
        // Chosen as late as possible: a free port is not reserved.
        let [any_port, proxy_port] = free_ports()?;
        let port = port.unwrap_or(any_port);
        expect_free(port)?;
        fingerprint::forget(&self.launched())?;
        let (running, mut child) = self.spawn(paths, venv, port, self.proxied.then_some(proxy_port))?;
        self.wait_until_ready(&running, Some(&mut child))?;
        fingerprint::store(&self.launched(), &fingerprint)?;
        let pid = running.pid;
        Ok((running, format!("{restarted}process {pid}")))
    }

    /// Stops the local AWS; returns how it stopped, or none when none runs.
    pub fn stop(&self) -> Result<Option<String>> {
        let stopped = match self.running() {
            None => None,
            Some(running) if process::terminate(running.pid, STOP_DEADLINE)? => {
                Some(running.describe("stopped"))
            }
            Some(running) => Some(running.describe("killed, because it did not stop by itself,")),
        };
        fingerprint::forget(&self.pid_file())?;
        // Unpacked functions: the next start unpacks them again.
        remove_dir(&self.state().join("tmp"))?;
        Ok(stopped)
    }

    /// Removes all data of the stack, which must not be running.
    pub fn wipe(&self) -> Result<()> {
        for path in [
            self.outputs(),
            self.stack_outputs(),
            self.services(),
            self.settings(),
            self.deployed(),
            self.uploaded(),
        ] {
            fingerprint::forget(&path)?;
        }
        for dir in [self.state(), self.assembly()] {
            remove_dir(&dir)?;
        }
        Ok(())
    }

    /// Fingerprint of the local AWS's files: a change requires a restart.
    fn launcher_fingerprint(&self) -> Result<String> {
        let dir = self.launcher.parent().context("the launcher has no directory")?;
        Ok(Fingerprint::default().tree(dir)?.finish())
    }

    fn spawn(
        &self,
        paths: &Paths,
        venv: &Venv,
        port: u16,
        proxy_port: Option<u16>,
    ) -> Result<(Running, Child)> {
        fs::create_dir_all(self.state())
            .with_context(|| format!("cannot create {}", self.state().display()))?;
        let log =
            File::create(self.log()).with_context(|| format!("cannot write {}", self.log().display()))?;
        let errors = log.try_clone().context("cannot share the log file")?;
        let child = venv
            .python(paths.root())
            .arg(&self.launcher)
            .args(["--port", &port.to_string(), "--state"])
            .arg(self.state())
            .args(self.options)
            .args(proxy_port.map(|port| format!("{PROXY_OPTION}{port}")))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // Ctrl-C in the starting terminal must not reach it.
            .process_group(0)
            .spawn()
            .context("cannot start the local AWS")?;
        let pid = i32::try_from(child.id()).context("impossible process number")?;
        fs::write(self.pid_file(), format!("{pid}\n"))
            .with_context(|| format!("cannot write {}", self.pid_file().display()))?;
        Ok((Running { pid, port, proxy_port }, child))
    }

    fn wait_until_ready(&self, running: &Running, mut child: Option<&mut Child>) -> Result<()> {
        let agent = aws::agent();
        let health = format!("{}/_ministack/health", running.endpoint());
        let started = Instant::now();
        while !agent.get(&health).call().is_ok_and(|answer| answer.status().is_success()) {
            let ended = match &mut child {
                Some(child) => child.try_wait().context("cannot wait for the local AWS")?.is_some(),
                None => !process::is_alive(running.pid),
            };
            if ended {
                bail!("the local AWS ended at once. It printed:\n{}", self.log_tail()?);
            }
            if started.elapsed() > READY_DEADLINE {
                bail!(
                    "the local AWS was not ready after {} s; `cargo xtask down` stops it. It printed:\n{}",
                    READY_DEADLINE.as_secs(),
                    self.log_tail()?
                );
            }
            interrupt::sleep(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// The last lines of its log, which includes those of its functions.
    pub fn log_tail(&self) -> Result<Tail> {
        const ENOUGH: u64 = 16 * 1024;
        let read = || {
            let mut file = File::open(self.log())?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(ENOUGH)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(bytes)
        };
        let bytes = read().with_context(|| format!("cannot read {}", self.log().display()))?;
        let mut tail = Tail::default();
        String::from_utf8_lossy(&bytes).lines().for_each(|line| tail.push(line));
        Ok(tail)
    }
}

impl Running {
    fn describe(&self, what: &str) -> String {
        format!("{what} the local AWS on port {} (process {})", self.port, self.pid)
    }
}

fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Two unused ports.
fn free_ports() -> Result<[u16; 2]> {
    // Both are bound at once, or they could be the same port.
    let listen = || TcpListener::bind(("127.0.0.1", 0)).context("no free port");
    let (one, other) = (listen()?, listen()?);
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    Ok([port(&one).context("no free port")?, port(&other).context("no free port")?])
}

pub fn expect_free(port: u16) -> Result<()> {
    let started = Instant::now();
    loop {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => {
                return Err(error).with_context(|| {
                    format!("port {port} cannot be used; choose another one with `--port`")
                });
            }
            Err(_) if started.elapsed() > PORT_DEADLINE => bail!(
                "port {port} is taken by another program; choose another one with `--port`, e.g. `--port {}`",
                neighbour(port)
            ),
            Err(_) => interrupt::sleep(Duration::from_millis(100))?,
        }
    }
}

fn neighbour(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(4566)
}

fn launcher(paths: &Paths) -> PathBuf {
    paths.infra().join("local").join(LAUNCHER)
}

/// The ports in a command line, if it is that of a launcher with this state directory.
fn launched_ports(command_line: &str, state: &Path) -> Option<(u16, Option<u16>)> {
    let (_, arguments) = command_line.split_once(LAUNCHER)?;
    let (_, port) = arguments.split_once("--port ")?;
    let (port, rest) = port.split_once(' ')?;
    let after_state = rest.split_once("--state ")?.1.strip_prefix(state.to_str()?)?;
    // A longer path that starts with ours is another directory.
    if !(after_state.is_empty() || after_state.starts_with(' ')) {
        return None;
    }
    let proxy = after_state.split(' ').find_map(|option| option.strip_prefix(PROXY_OPTION));
    Some((port.parse().ok()?, proxy.and_then(|port| port.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_launcher_of_this_state_directory_is_ours() {
        let state = Path::new("/shop/.local/aws");
        let ours =
            "/shop/.local/venv/bin/python /shop/infra/local/launcher.py --port 4570 --state /shop/.local/aws";
        assert_eq!(launched_ports(ours, state), Some((4570, None)));
        assert_eq!(launched_ports(&format!("{ours} --auth"), state), Some((4570, None)));
        assert_eq!(launched_ports(&format!("{ours}2"), state), None);
        assert_eq!(launched_ports("vim launcher.py", state), None);
        assert_eq!(launched_ports("postgres --port 4570 --state /shop/.local/aws", state), None);
        let proxied = format!("{ours} --no-persist {PROXY_OPTION}4571");
        assert_eq!(launched_ports(&proxied, state), Some((4570, Some(4571))));
    }

    #[test]
    fn free_ports_are_two() {
        let [one, other] = free_ports().unwrap();
        assert_ne!(one, other);
    }

    #[test]
    fn a_taken_port_is_reported_with_a_way_out() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let message = expect_free(port).unwrap_err().to_string();
        assert!(message.contains("taken") && message.contains("--port"), "{message}");
        drop(taken);
        expect_free(port).unwrap();
    }
}
