//! The services whose tests a change calls for: those that changed since the branch left `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Result, bail};
use xtask_common::paths::Paths;
use xtask_common::process;
use xtask_common::services::Services;

/// Branches that changes go to, the one with the newest state first.
const MAIN: [&str; 2] = ["origin/main", "main"];
/// Files that all services depend on.
const SHARED: [&str; 4] = ["shared/", "tests/testkit/", "Cargo.toml", "Cargo.lock"];

/// Services to test, each with the reason.
pub struct Choice {
    since: String,
    reasons: BTreeMap<String, String>,
}

impl Choice {
    pub fn find(paths: &Paths, services: &Services) -> Result<Self> {
        let (branch, commit) = base(paths)?;
        let files = changed_files(paths, &commit)?;
        let since = format!("{branch} ({})", &commit[..commit.len().min(8)]);
        let used = services.names().map(|name| (name, services.used_by(name))).collect();
        Ok(Self { since, reasons: reasons(&used, &files) })
    }

    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.reasons.keys().map(String::as_str)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reasons.is_empty() {
            return write!(formatter, "no service changed since {}", self.since);
        }
        write!(formatter, "services to test, by changes since {}:", self.since)?;
        self.reasons.iter().try_for_each(|(name, reason)| write!(formatter, "\n  {name}: {reason}"))
    }
}

/// The branch that changes go to, and the last commit in common with it.
fn base(paths: &Paths) -> Result<(&'static str, String)> {
    for branch in MAIN {
        if let Ok(commit) = git(paths, &["merge-base", "HEAD", branch]) {
            return Ok((branch, commit.trim().to_owned()));
        }
    }
    bail!("this repository has no branch {}, to compare with", MAIN.join(" or "))
}

/// Paths that differ from a commit, committed or not, and untracked ones.
fn changed_files(paths: &Paths, commit: &str) -> Result<BTreeSet<String>> {
    // Without the detection of renames, both names of a moved file are listed.
    let tracked = git(paths, &["diff", "--name-only", "--no-renames", "-z", commit])?;
    let untracked = git(paths, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let names = tracked.split('\0').chain(untracked.split('\0'));
    Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn git(paths: &Paths, args: &[&str]) -> Result<String> {
    process::output(process::command("git", paths.root()).args(args))
}

/// The services to test, each with the reason. `used` has all services, with the services that each
/// one's tests use.
fn reasons(used: &BTreeMap<&str, BTreeSet<&str>>, files: &BTreeSet<String>) -> BTreeMap<String, String> {
    let is_shared = |file: &&String| SHARED.iter().any(|shared| is_within(file, shared));
    let shared = files.iter().find(is_shared);
    let own = |name: &str| {
        let dir = format!("services/{name}/");
        let mut changed = files.iter().filter(move |file| file.starts_with(&dir));
        let first = changed.next()?;
        Some(match changed.count() {
            0 => first.clone(),
            more => format!("{first} and {more} more"),
        })
    };
    let reason = |name: &str| {
        let of_used = || used.get(name)?.iter().find(|other| own(other).is_some());
        own(name)
            .or_else(|| shared.map(|file| format!("all services use {file}")))
            .or_else(|| of_used().map(|other| format!("its tests use {other}")))
    };
    used.keys().filter_map(|name| Some(((*name).to_owned(), reason(name)?))).collect()
}

/// Whether a file is `shared`, or in it if that is a directory.
fn is_within(file: &str, shared: &str) -> bool {
    file == shared || (shared.ends_with('/') && file.starts_with(shared))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    fn reasons_of(files: &[&str]) -> BTreeMap<String, String> {
        let used = BTreeMap::from([
            ("basket", BTreeSet::new()),
            ("payment", BTreeSet::from(["payment-sandbox"])),
            ("payment-sandbox", BTreeSet::new()),
        ]);
        reasons(&used, &files.iter().map(|file| (*file).to_owned()).collect())
    }

    fn names(files: &[&str]) -> Vec<String> {
        reasons_of(files).into_keys().collect()
    }

    #[test]
    fn changed_services_are_tested_and_no_others() {
        assert_eq!(names(&["services/basket/src/api.rs", "docs/data.md"]), ["basket"]);
        assert!(names(&["docs/data.md", "xtask/src/main.rs", "services/README.md"]).is_empty());
        assert!(names(&["services/removed/src/main.rs"]).is_empty());
    }

    #[test]
    fn service_names_that_start_alike_are_told_apart() {
        assert_eq!(names(&["services/payment/src/api.rs"]), ["payment"]);
    }

    #[test]
    fn services_are_tested_when_one_that_their_tests_use_changed() {
        let reasons = reasons_of(&["services/payment-sandbox/src/api.rs"]);
        assert_eq!(reasons["payment"], "its tests use payment-sandbox");
        assert_eq!(reasons["payment-sandbox"], "services/payment-sandbox/src/api.rs");
        assert_eq!(reasons.len(), 2);
    }

    #[test]
    fn shared_code_testkit_and_lock_file_concern_all_services() {
        for file in ["shared/domain/src/money.rs", "tests/testkit/src/lib.rs", "Cargo.toml", "Cargo.lock"] {
            let reasons = reasons_of(&[file]);
            assert_eq!(reasons.len(), 3, "{file}");
            assert_eq!(reasons["basket"], format!("all services use {file}"));
        }
        assert!(names(&["fuzz/Cargo.lock", "tests/shop/saga.rs"]).is_empty());
    }

    #[test]
    fn reasons_name_the_first_file_and_count_the_others() {
        let files = ["services/basket/a.rs", "services/basket/b.rs", "services/basket/c.rs"];
        assert_eq!(reasons_of(&files)["basket"], "services/basket/a.rs and 2 more");
        let choice = Choice { since: "main (0a1b2c3d)".to_owned(), reasons: reasons_of(&files) };
        let shown =
            "services to test, by changes since main (0a1b2c3d):\n  basket: services/basket/a.rs and 2 more";
        assert_eq!(choice.to_string(), shown);
        let none = Choice { since: "main (0a1b2c3d)".to_owned(), reasons: reasons_of(&[]) };
        assert_eq!(none.to_string(), "no service changed since main (0a1b2c3d)");
    }

    fn run(dir: &Path, args: &[&str]) {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        let status = Command::new("git").current_dir(dir).args(identity).args(args).status().unwrap();
        assert!(status.success(), "{args:?}");
    }

    #[test]
    fn committed_uncommitted_moved_and_untracked_files_are_changed() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| fs::write(dir.path().join(name), name).unwrap();
        run(dir.path(), &["init", "--quiet", "--initial-branch", "main"]);
        fs::create_dir(dir.path().join("xtask")).unwrap();
        ["xtask/Cargo.toml", "same", "moved", "edited"].into_iter().for_each(write);
        fs::write(dir.path().join(".gitignore"), "ignored\n").unwrap();
        run(dir.path(), &["add", "."]);
        run(dir.path(), &["commit", "--quiet", "--message", "first"]);
        run(dir.path(), &["checkout", "--quiet", "-b", "branch"]);
        write("committed");
        run(dir.path(), &["add", "."]);
        run(dir.path(), &["commit", "--quiet", "--message", "second"]);
        run(dir.path(), &["mv", "moved", "to"]);
        fs::write(dir.path().join("edited"), "differently").unwrap();
        ["untracked", "ignored"].into_iter().for_each(write);

        let paths = Paths::around(dir.path()).unwrap();
        let (branch, commit) = base(&paths).unwrap();
        assert_eq!(branch, "main");
        let files: Vec<_> = changed_files(&paths, &commit).unwrap().into_iter().collect();
        assert_eq!(files, ["committed", "edited", "moved", "to", "untracked"]);
    }
}
