use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// The functions of the shop as this machine sees them: processes whose executable lies below the local AWS's state.
#[derive(Clone, Debug)]
pub struct Processes {
    state: PathBuf,
}

impl Processes {
    /// Those of the shop that the environment names.
    #[must_use]
    pub fn of_the_shop() -> Self {
        let state = std::env::var("FERROCART_STATE").expect("FERROCART_STATE is set by `cargo xtask chaos`");
        Self { state: state.into() }
    }

    /// All that run right now.
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

    /// Kills every process of one function, and says how many there were.
    #[must_use]
    pub fn kill_function(&self, name: &str) -> usize {
        let processes = self.by_function().remove(name).unwrap_or_default();
        processes.iter().filter(|process| kill(process)).count()
    }

    /// All that run right now, by the name of their function.
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

/// The function that a process runs, by its environment; none once it has ended.
fn function_of(process: &str) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{process}/environ")).ok()?;
    let entries = environment.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    let mut names = entries.filter_map(|entry| entry.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="));
    names.next().map(str::to_owned)
}

/// Ends a process at once, wherever it is.
pub(super) fn kill(process: &str) -> bool {
    Command::new("kill").args(["-9", process]).status().is_ok_and(|status| status.success())
}
