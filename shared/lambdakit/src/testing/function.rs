//! A function's process.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::runtime_api::{Error, ErrorReport, RuntimeApi};

/// Time for init, and by default for an invocation: Lambda's own limit for init.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An executable that runs as a function, until it is dropped.
#[derive(Debug)]
pub struct Function {
    api: RuntimeApi,
    process: Child,
    lines: mpsc::UnboundedReceiver<String>,
    timeout: Duration,
    is_ready: bool,
}

/// An executable, and its environment as a function.
#[derive(Debug)]
pub struct FunctionBuilder {
    command: Command,
    timeout: Duration,
}

/// Why a function did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The executable or the Runtime API did not start.
    #[error("the function cannot be started")]
    Io(#[from] io::Error),
    /// The function ended, after these lines.
    #[error("the function ended with {status}: {lines:?}")]
    Ended {
        /// How the process ended.
        status: ExitStatus,
        /// What it logged.
        lines: Vec<String>,
    },
    /// The function reported an error, or nothing.
    #[error(transparent)]
    Init(#[from] Error),
}

impl Function {
    /// The function of an executable.
    #[must_use]
    pub fn of_executable(path: &Path) -> FunctionBuilder {
        FunctionBuilder::new(path.into(), &[])
    }

    /// The function that an ignored test of this test executable runs: the test of this name calls
    /// what `main` would. It runs in a process of its own, because a function reads its environment
    /// and the environment of a test's process cannot be changed safely.
    ///
    /// # Errors
    /// When the path of the test executable is unknown.
    pub fn of_test(name: &str) -> io::Result<FunctionBuilder> {
        let arguments = ["--exact", name, "--ignored", "--nocapture"];
        Ok(FunctionBuilder::new(env::current_exe()?.into(), &arguments))
    }

    /// Invokes the function with an event, and returns its response.
    ///
    /// # Errors
    /// When the function reports an error, ends, or does not respond in time. Lambda reports the end
    /// of a process as `Runtime.ExitError`.
    pub async fn invoke(&mut self, event: &Value) -> Result<Value, Error> {
        if !self.is_ready {
            self.api.ready(self.timeout).await?;
        }
        self.is_ready = false;
        let event = Bytes::from(event.to_string());
        let (_, response) = tokio::select! {
            answer = self.api.invoke(event, self.timeout) => answer?,
            status = self.process.wait() => {
                let error_message = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                let error_type = "Runtime.ExitError".to_owned();
                return Err(Error::Failed(ErrorReport { error_type, error_message }));
            }
        };
        serde_json::from_slice(&response).map_err(|_| Error::Unexpected("a response that is not JSON"))
    }

    /// Waits for the next log line that is a JSON object; other output is skipped. `None` if there is
    /// none in time.
    pub async fn log_line(&mut self) -> Option<Value> {
        let line = async {
            loop {
                let line = self.lines.recv().await?;
                if let Some(line) = object(&line) {
                    return Some(line);
                }
            }
        };
        timeout(self.timeout, line).await.ok().flatten()
    }
}

impl FunctionBuilder {
    fn new(executable: OsString, arguments: &[&str]) -> Self {
        let mut command = Command::new(executable);
        command.args(arguments).env_clear().stdin(Stdio::null()).kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let builder = Self { command, timeout: TIMEOUT };
        [
            ("AWS_LAMBDA_FUNCTION_NAME", "test"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "test"),
            ("_HANDLER", "bootstrap"),
        ]
        .into_iter()
        .fold(builder, |builder, (name, value)| builder.env(name, value))
    }

    /// Sets a variable. The function has no others but those that Lambda sets.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the function's timeout, which is 10 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Starts the function, and waits until it requests its first invocation.
    ///
    /// # Errors
    /// When it does not.
    pub async fn start(mut self) -> Result<Function, StartError> {
        let mut api = RuntimeApi::start().await?;
        let mut process = self.command.env("AWS_LAMBDA_RUNTIME_API", api.address()).spawn()?;
        let (sender, mut lines) = mpsc::unbounded_channel();
        let output = [
            process.stdout.take().map(|output| tokio::spawn(forward(output, sender.clone()))),
            process.stderr.take().map(|output| tokio::spawn(forward(output, sender))),
        ];
        let ended = tokio::select! {
            ready = api.ready(TIMEOUT) => ready.map(|_| None)?,
            status = process.wait() => Some(status?),
        };
        let Some(status) = ended else {
            return Ok(Function { api, process, lines, timeout: self.timeout, is_ready: true });
        };
        for output in output.into_iter().flatten() {
            output.await.map_err(io::Error::other)?;
        }
        let mut all = Vec::new();
        while let Some(line) = lines.recv().await {
            all.push(line);
        }
        Err(StartError::Ended { status, lines: all })
    }
}

async fn forward(output: impl AsyncRead + Unpin, lines: mpsc::UnboundedSender<String>) {
    let mut output = BufReader::new(output).lines();
    while let Ok(Some(line)) = output.next_line().await {
        if lines.send(line).is_err() {
            return;
        }
    }
}

/// The JSON object in a line, which a test runner may have started.
fn object(line: &str) -> Option<Value> {
    serde_json::from_str(&line[line.find('{')?..]).ok()
}
