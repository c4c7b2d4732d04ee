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
        let variable = format!("AWS_LAMBDA_FUNCTION_NAME={name}");
        let is_it = |process: &String| {
            let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
        };
        self.all().into_iter().filter(is_it).filter(|process| kill(process)).count()
    }
}

/// Ends a process at once, wherever it is.
pub(super) fn kill(process: &str) -> bool {
    Command::new("kill").args(["-9", process]).status().is_ok_and(|status| status.success())
}
