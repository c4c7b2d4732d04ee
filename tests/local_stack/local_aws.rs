//! A separate local AWS for a test, and its operations.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::Account;
use ureq::Agent;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The local AWS does not check signatures, but reads the account and the service from them.
const CREDENTIAL: &str = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1";
const TIMEOUT: Duration = Duration::from_mins(3);

/// A local AWS used by this test alone.
pub(crate) struct LocalAws {
    port: u16,
    pub(crate) state: PathBuf,
    options: &'static [&'static str],
    process: Child,
    agent: Agent,
}

impl LocalAws {
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, &[])
    }

    /// Starts one that checks signatures and the policies of users.
    pub(crate) fn start_with_authorization(name: &str) -> Self {
        Self::start_with(name, &["--auth"])
    }

    /// Starts one with options of the launcher.
    pub(crate) fn start_with(name: &str, options: &'static [&'static str]) -> Self {
        let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if state.exists() {
            std::fs::remove_dir_all(&state).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = launch(port, &state, options);
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).proxy(None);
        Self { port, state, options, process, agent: config.build().into() }
    }

    pub(crate) fn account(&self) -> Account {
        Account::of_the_shop_at(&self.endpoint())
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The number of its open files, including connections.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }

    pub(crate) fn stop(&mut self) {
        let stopped = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(self.process.wait().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.process = launch(self.port, &self.state, self.options);
    }

    /// Waits until it responds.
    pub(crate) fn ready(&self) {
        let health = format!("{}/_ministack/health", self.endpoint());
        eventually("the local AWS", || self.agent.get(&health).call().ok());
    }

    /// Posts a body to a path and returns the status.
    pub(crate) fn post(&self, path: &str, body: &str) -> u16 {
        self.agent.post(format!("{}/{path}", self.endpoint())).send(body).unwrap().status().as_u16()
    }

    /// Calls an operation, such as `AWSStepFunctions.StartExecution`. Returns its output, or the
    /// name of its error.
    pub(crate) fn call(&self, service: &str, operation: &str, input: &Value) -> Result<Value, String> {
        let request = self
            .agent
            .post(self.endpoint())
            .header("authorization", credential(service))
            .header("x-amz-target", operation)
            .header("content-type", "application/x-amz-json-1.0");
        let mut response = request.send(input.to_string()).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if response.status().is_success() {
            return Ok(answer);
        }
        let error = answer["__type"].as_str().unwrap_or(&text);
        Err(error.rsplit('#').next().unwrap_or(error).to_owned())
    }

    /// Invokes a function and returns its result.
    pub(crate) fn invoke(&self, function: &str) -> Value {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint());
        let request = self.agent.post(url).header("authorization", credential("lambda"));
        let text = request.send("{}").unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Invokes a function asynchronously.
    pub(crate) fn invoke_asynchronously(&self, function: &str, event: &Value) {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint());
        let request = self.agent.post(url).header("authorization", credential("lambda"));
        let accepted = request.header("x-amz-invocation-type", "Event").send(event.to_string()).unwrap();
        assert_eq!(accepted.status(), 202);
    }

    /// Deletes a function.
    pub(crate) fn delete_function(&self, function: &str) {
        let url = format!("{}/2015-03-31/functions/{function}", self.endpoint());
        let request = self.agent.delete(url).header("authorization", credential("lambda"));
        assert_eq!(request.call().unwrap().status(), 204);
    }

    /// Writes an object.
    pub(crate) fn put_object(&self, path: &str, body: &[u8]) {
        let request = self.agent.put(format!("{}/{path}", self.endpoint()));
        let written = request.header("authorization", credential("s3")).send(body).unwrap();
        assert!(written.status().is_success());
    }

    /// The numbers of asynchronous events, by the function's ARN.
    pub(crate) fn events(&self) -> Value {
        let url = format!("{}/_ministack/lambda/events", self.endpoint());
        let text = self.agent.get(url).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["functions"].take()
    }

    /// The number of running functions: their code is stored below the state directory.
    pub(crate) fn functions(&self) -> usize {
        let state = self.state.canonicalize().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let places = processes.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
        places.filter(|place| place.starts_with(&state)).count()
    }

    /// Creates a stack, whose functions may be [`function`]s, and returns its outputs.
    pub(crate) fn deploy(&self, resources: &Value, outputs: &Value) -> BTreeMap<String, String> {
        self.upload_function();
        let outputs: Value = outputs
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), json!({ "Value": value })))
            .collect();
        let mut template = json!({ "Resources": resources, "Outputs": outputs });
        template["Resources"]["Role"] = json!({ "Type": "AWS::IAM::Role", "Properties": { "AssumeRolePolicyDocument": { "Statement": [] } } });
        self.form(
            "cloudformation",
            "CreateStack",
            &[
                ("StackName", "stack"),
                ("TemplateBody", &template.to_string()),
                ("Capabilities.member.1", "CAPABILITY_IAM"),
            ],
        );
        let stack = eventually("a stack that is whole", || {
            let stack = self.form("cloudformation", "DescribeStacks", &[("StackName", "stack")]);
            (!stack.contains("_IN_PROGRESS<")).then_some(stack)
        });
        let whole = stack.contains(">CREATE_COMPLETE<");
        assert!(whole, "{}", self.form("cloudformation", "DescribeStackEvents", &[("StackName", "stack")]));
        let outputs = stack.split("<OutputKey>").skip(1);
        outputs
            .map(|output| {
                let (key, rest) = output.split_once("</OutputKey>").unwrap();
                let (_, value) = rest.split_once("<OutputValue>").unwrap();
                let (value, _) = value.split_once("</OutputValue>").unwrap();
                (key.to_owned(), value.to_owned())
            })
            .collect()
    }

    /// Sends form fields, as older services expect, and returns the XML response.
    pub(crate) fn form(&self, service: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let fields = [("Action", action)].into_iter().chain(fields.iter().copied());
        let request = self.agent.post(self.endpoint()).header("authorization", credential(service));
        request.send_form(fields).unwrap().body_mut().read_to_string().unwrap()
    }

    fn upload_function(&self) {
        let archive = self.state.join("function.zip");
        let source = self.state.join("bootstrap");
        std::fs::copy(format!("{ROOT}/tests/local_stack/function.py"), &source).unwrap();
        let made = Command::new("sh")
            .args(["-c", "chmod +x bootstrap && python3 -m zipfile -c function.zip bootstrap"])
            .current_dir(&self.state)
            .status();
        assert!(made.unwrap().success());
        self.put_object("code", &[]);
        self.put_object("code/function.zip", &std::fs::read(archive).unwrap());
    }

    /// Receives that many messages of a queue, or more.
    pub(crate) fn receive(&self, queue: &str, count: usize) -> Vec<Message> {
        let input = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5, "MessageAttributeNames": ["All"],
        });
        let mut messages = Vec::new();
        eventually(&format!("{count} messages in {queue}"), || {
            let received = self.call("sqs", "AmazonSQS.ReceiveMessage", &input).unwrap();
            messages.extend(received["Messages"].as_array().into_iter().flatten().map(Message::new));
            (messages.len() >= count).then_some(())
        });
        messages
    }

    /// Receives the messages of a queue until none arrives for two seconds.
    pub(crate) fn messages(&self, queue: &str) -> Vec<String> {
        let input = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 2 });
        let mut bodies = Vec::new();
        loop {
            let received = self.call("sqs", "AmazonSQS.ReceiveMessage", &input).unwrap();
            let Some(messages) = received["Messages"].as_array().filter(|messages| !messages.is_empty())
            else {
                return bodies;
            };
            bodies.extend(messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()));
        }
    }
}

/// A message of a queue.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) body: Value,
    attributes: Value,
}

impl Message {
    fn new(received: &Value) -> Self {
        let body = serde_json::from_str(received["Body"].as_str().unwrap()).unwrap();
        Self { body, attributes: received["MessageAttributes"].clone() }
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes[name]["StringValue"].as_str().unwrap()
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn launch(port: u16, state: &Path, options: &[&str]) -> Child {
    Command::new(format!("{ROOT}/.local/venv/bin/python"))
        .arg(format!("{ROOT}/infra/local/launcher.py"))
        .args(["--port", &port.to_string(), "--state"])
        .arg(state)
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn credential(service: &str) -> String {
    format!("{CREDENTIAL}/{service}/aws4_request, SignedHeaders=host, Signature=0")
}

/// A function that runs one of the actions of `function.py`.
pub(crate) fn function(does: &str, url: &Value) -> Value {
    json!({ "Type": "AWS::Lambda::Function", "Properties": {
        "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 10,
        "Role": { "Fn::GetAtt": ["Role", "Arn"] },
        "Code": { "S3Bucket": "code", "S3Key": "function.zip" },
        "Environment": { "Variables": { "DOES": does, "URL": url } },
    } })
}

/// Whether some file below a directory contains a text.
pub(crate) fn holds(directory: &Path, text: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            holds(&path, text)
        } else {
            std::fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text))
        }
    })
}

/// Repeats a check until it returns a value.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {TIMEOUT:?}");
        sleep(Duration::from_millis(20));
    }
}
