//! Tests that the GitHub workflows run the developer commands, with minimal permissions.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Names and texts of all workflows.
fn workflows() -> Vec<(String, String)> {
    let files = fs::read_dir(root().join(".github/workflows")).unwrap();
    let read = |path: PathBuf| (path.display().to_string(), fs::read_to_string(path).unwrap());
    let workflows: Vec<_> = files.map(|file| read(file.unwrap().path())).collect();
    assert!(!workflows.is_empty());
    workflows
}

/// The value after `key: ` on each line that has it.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let prefix = format!("{key}: ");
    text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(&prefix)).collect()
}

#[test]
fn the_tests_are_run_by_the_command_that_everybody_runs() {
    let workflows = workflows();
    let commands = |name: &str| {
        let (_, text) = workflows.iter().find(|(path, _)| path.ends_with(name)).unwrap();
        values(text, "run")
    };
    assert!(commands("test.yml").contains(&"bash .ci/run"));
    assert!(commands("audit.yml").contains(&"cargo xtask audit"));
    assert!(commands("audit.yml").contains(&"cargo xtask sbom"));
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(run.lines().any(|line| line == "cargo xtask test"), "{run}");
}

#[test]
fn actions_are_pinned_by_commit_with_their_version_beside_it() {
    for (path, text) in workflows() {
        for action in values(&text, "uses") {
            let (_, pin) = action.split_once('@').unwrap();
            let (commit, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("{path}: {action}"));
            let is_commit = commit.len() == 40 && commit.chars().all(|letter| letter.is_ascii_hexdigit());
            assert!(is_commit && version.contains('.'), "{path}: {action}");
        }
    }
}

#[test]
fn workflows_read_the_code_and_nothing_else() {
    for (path, text) in workflows() {
        assert!(text.contains("\npermissions:\n  contents: read\n\n"), "{path}");
        assert_eq!(text.matches("permissions:").count(), 1, "{path}");
        for never in ["pull_request_target", "secrets.", ": write"] {
            assert!(!text.contains(never), "{path} has {never}");
        }
        let checkouts =
            values(&text, "uses").iter().filter(|action| action.starts_with("actions/checkout@")).count();
        assert_eq!(values(&text, "persist-credentials"), vec!["false"; checkouts], "{path}");
        assert_eq!(values(&text, "timeout-minutes").len(), values(&text, "runs-on").len(), "{path}");
    }
}
