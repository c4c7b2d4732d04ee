//! Panics as log lines. The standard library's text on stderr has no request id.

use std::panic::{self, PanicHookInfo};
use std::sync::Once;

use super::invocation::{Invocation, with_current};
use super::line::Line;
use super::source::Source;

static HOOK: Once = Once::new();

/// Writes the log line of an invocation that panics, whether the panic unwinds or aborts the
/// process: the hook runs before either.
pub(super) fn set_hook() {
    HOOK.call_once(|| panic::set_hook(Box::new(|panic| line(panic).write())));
}

fn line(panic: &PanicHookInfo) -> Line {
    let place = panic.location().map_or_else(String::new, |location| format!(" at {location}"));
    // A formatted message may contain customer data: an index within a text, for example, shows the
    // text.
    let message = panic.payload().downcast_ref::<&'static str>().unwrap_or(&"its message may hold data");
    let error = format!("panicked{place}: {message}");
    let line = |invocation: &Invocation| invocation.panic_line(Source::get(), &error);
    // Outside an invocation, the line has only the error.
    with_current(line).unwrap_or_else(|| line(&Invocation::begin(None)))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use lambda_runtime::Context;
    use serde_json::{Value, json};

    use super::*;
    use crate::telemetry::tests::source;
    use crate::telemetry::{correlate, field, request_id};

    /// The test below runs this one alone in its own process, because a panic hook applies to the
    /// whole process.
    #[tokio::test]
    #[ignore = "panics"]
    async fn panics_in_an_invocation() {
        source().set();
        set_hook();
        let mut context = Context::default();
        context.request_id = "request-1".to_owned();
        let invocation = Invocation::begin(Some(&context));
        let work = invocation.run(async {
            correlate("c-1");
            field("route", "GET /basket");
            let is_set = |variable| env::var_os(variable).is_some();
            let _held = is_set("PANIC_WHILE_LOCKED").then(|| invocation.collected());
            assert!(!is_set("PANIC_WITH_DATA"), "grace@example.com {}", request_id());
            panic!("the shelf \"A\" is empty");
        });
        work.await;
    }

    #[test]
    fn a_panic_is_one_log_line_that_names_its_request() {
        for variable in ["PANIC", "PANIC_WHILE_LOCKED", "PANIC_WITH_DATA"] {
            let mut test = Command::new(env::current_exe().unwrap());
            test.args([
                "--exact",
                "--ignored",
                "--nocapture",
                "telemetry::panic::tests::panics_in_an_invocation",
            ]);
            let output = test.env(variable, "1").output().unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let lines: Vec<_> = said.lines().filter(|line| line.contains("panicked")).collect();
            let [line] = lines[..] else { panic!("not one line: {said}") };
            // The test runner has already started this line.
            let line: Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
            assert_eq!((&line["level"], &line["outcome"]), (&json!("ERROR"), &json!("failed")));
            assert_eq!(line["requestId"], "request-1");
            let error = line["error"].as_str().unwrap();
            assert!(error.starts_with("panicked at ") && error.contains("telemetry/panic.rs:"), "{error}");
            let literal = variable != "PANIC_WITH_DATA";
            assert_eq!(error.ends_with(": the shelf \"A\" is empty"), literal, "{error}");
            assert!(!said.contains("grace@"), "{said}");
            if variable != "PANIC_WHILE_LOCKED" {
                assert_eq!((&line["route"], &line["correlationId"]), (&json!("GET /basket"), &json!("c-1")));
            }
        }
    }
}
