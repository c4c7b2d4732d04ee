use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// The running functions of the shop: processes whose executable is below the local AWS's state
/// directory.
#[derive(Clone, Debug)]
pub struct Processes {
    state: PathBuf,
}

impl Processes {
    /// The functions of the shop that the environment names.
    #[must_use]
    pub fn of_the_shop() -> Self {
        let state = std::env::var("FERROCART_STATE").expect("FERROCART_STATE is set by `cargo xtask chaos`");
        Self { state: state.into() }
    }

    /// All running processes.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let is_function = |process: &std::fs::DirEntry| {
            std::fs::read_link(process.path().join("exe"))
                .is_ok_and(|program| program.starts_with(&self.state) && program.ends_with("bootstrap"))
        };
        let functions = processes.filter(is_function);
        functions.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Kills every process of one function and returns their number.
    #[must_use]
    pub fn kill_function(&self, name: &str) -> usize {
        let processes = self.by_function().remove(name).unwrap_or_default();
        processes.iter().filter(|process| kill(process)).count()
    }

    /// All running processes, by function name.
    #[must_use]
    pub fn by_function(&self) -> BTreeMap<String, Vec<String>> {
        let mut functions = BTreeMap::<String, Vec<String>>::new();
        for process in self.all() {
            if let Some(function) = function_of(&process) {
                functions.entry(function).or_default().push(process);
            }
        }
        functions
    }
}

/// The function that a process runs, from its environment; `None` if the process has ended.
fn function_of(process: &str) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{process}/environ")).ok()?;
    let entries = environment.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    let mut names = entries.filter_map(|entry| entry.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="));
    names.next().map(str::to_owned)
}

/// Kills a process at once, anywhere in its work.
pub(super) fn kill(process: &str) -> bool {
    Command::new("kill").args(["-9", process]).status().is_ok_and(|status| status.success())
}
