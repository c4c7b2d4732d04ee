//! Runs the executable of a function as Lambda does, with the event on standard input.
//!
//! ```text
//! cargo build --example workflow
//! echo '{"cents": 4200}' |
//!     cargo run --example testing --features testing -- target/debug/examples/workflow
//! ```

#![expect(clippy::print_stdout, reason = "it prints the response and the log line")]

use std::{env, io};

use lambdakit::testing::Function;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    let executable = env::args_os().nth(1).ok_or("the path of an executable is missing")?;
    let function = Function::of_executable(executable.as_ref());
    let function = function.env("SERVICE", "demo").env("STAGE", "dev").env("METRICS_NAMESPACE", "Demo");
    let mut function = function.start().await?;
    match function.invoke(&serde_json::from_reader(io::stdin())?).await {
        Ok(response) => println!("{response}"),
        Err(error) => println!("{error}"),
    }
    if let Some(line) = function.log_line().await {
        println!("{line:#}");
    }
    Ok(())
}
