//! The local AWS keeps what it was given: over a stop, and over a kill.

#![allow(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use aws_sdk_dynamodb::types::AttributeValue;
use lambdakit::table::Table;
use testkit::{Account, eventually};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A local AWS of this test alone.
struct LocalAws {
    port: u16,
    state: PathBuf,
    process: Child,
}

impl LocalAws {
    fn start(name: &str) -> Self {
        let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if state.exists() {
            std::fs::remove_dir_all(&state).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = launch(port, &state);
        Self { port, state, process }
    }

    fn account(&self) -> Account {
        Account::of_the_shop_at(&format!("http://127.0.0.1:{}", self.port))
    }

    fn stop(&mut self) {
        let stopped = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(self.process.wait().unwrap().success());
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.process = launch(self.port, &self.state);
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn launch(port: u16, state: &Path) -> Child {
    Command::new(format!("{ROOT}/.local/venv/bin/python"))
        .arg(format!("{ROOT}/infra/local/launcher.py"))
        .args(["--port", &port.to_string(), "--state"])
        .arg(state)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

async fn put(table: &Table, id: &str) {
    let put = table.client().put_item().table_name(table.name());
    put.item("id", AttributeValue::S(id.to_owned())).send().await.unwrap();
}

async fn ids(table: &Table) -> Vec<String> {
    let rows = eventually("an answer of the local AWS", async || {
        table.client().scan().table_name(table.name()).send().await.ok()
    })
    .await;
    let mut ids: Vec<_> = rows.items().iter().map(|row| row["id"].as_s().unwrap().clone()).collect();
    ids.sort();
    ids
}

async fn ready(account: &Account) {
    eventually("the local AWS", async || account.aws().dynamodb().list_tables().send().await.ok()).await;
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop() {
    let mut aws = LocalAws::start("stop");
    let account = aws.account();
    ready(&account).await;
    let table = account.table("PRODUCT_TABLE").await;
    put(&table, "a").await;
    aws.stop();
    aws.start_again();
    assert_eq!(ids(&table).await, ["a"]);
    put(&table, "b").await;
    aws.stop();
    aws.start_again();
    assert_eq!(ids(&table).await, ["a", "b"]);
}

#[tokio::test]
async fn what_was_written_some_seconds_ago_is_there_after_a_kill() {
    let mut aws = LocalAws::start("kill");
    let account = aws.account();
    ready(&account).await;
    let table = account.table("PRODUCT_TABLE").await;
    put(&table, "a").await;
    let snapshots = aws.state.join("snapshots");
    eventually("a snapshot with the product", async || holds(&snapshots, "PRODUCT_TABLE").then_some(()))
        .await;
    aws.kill();
    aws.start_again();
    assert_eq!(ids(&table).await, ["a"]);
}

/// Whether some file below a directory holds a text.
fn holds(directory: &Path, text: &str) -> bool {
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
