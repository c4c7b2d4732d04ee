//! Regression tests with the inputs of the fuzz targets.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test that cannot run has failed")]

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = format!("{}/../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> =
        fs::read_dir(corpus).expect("a corpus").map(|entry| entry.expect("an input").path()).collect();
    assert!(!inputs.is_empty());
    for input in inputs {
        println!("{}", input.display());
        run(&fs::read(input).expect("an input"));
    }
}

#[test]
fn cursors_are_refused_or_lead_somewhere() {
    replay("cursor", targets::cursor);
}

#[test]
fn deliveries_are_malformed_or_have_messages() {
    replay("delivery", targets::delivery);
}

#[test]
fn events_are_refused_or_survive_the_bus() {
    replay("event", targets::event);
}

#[test]
fn merge_patches_are_refused_by_their_fields() {
    replay("merge_patch", targets::merge_patch);
}
