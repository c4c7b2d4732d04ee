//! Prerequisites of all commands: Rust, Python and Node.js.

use std::fmt;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::process;
use crate::steps::Steps;

const PYTHON: Version = Version(3, 10, 0);
const NODE: Version = Version(20, 19, 0);

pub struct Prerequisites {
    rust: Version,
    python_version: Version,
    node: Version,
    /// The interpreter with the required version, e.g. `python3`.
    pub python: String,
}

impl fmt::Display for Prerequisites {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rust, python_version, node, .. } = self;
        write!(formatter, "Rust {rust}, Python {python_version}, Node.js {node}")
    }
}

/// Checks all of them as the first step of a command; returns the Python interpreter.
pub fn step(paths: &Paths, steps: &mut Steps) -> Result<String> {
    steps.run("prerequisites", |_| {
        let found = check(paths)?;
        let shown = found.to_string();
        Ok((found.python, shown))
    })
}

/// Checks all of them, so that one error lists everything that is missing.
pub fn check(paths: &Paths) -> Result<Prerequisites> {
    let rust = check_rust(paths);
    let python = check_python();
    let node = check_node();
    let missing: Vec<String> = [rust.as_ref().err(), python.as_ref().err(), node.as_ref().err()]
        .into_iter()
        .flatten()
        .map(|error| format!("  {error:#}"))
        .collect();
    match (rust, python, node) {
        (Ok(rust), Ok((python, python_version)), Ok(node)) => {
            Ok(Prerequisites { rust, python_version, node, python })
        }
        _ => bail!("this machine lacks:\n{}", missing.join("\n")),
    }
}

fn check_rust(paths: &Paths) -> Result<Version> {
    let file = paths.root().join("rust-toolchain.toml");
    let toolchain = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let wanted =
        toolchain_channel(&toolchain).context("rust-toolchain.toml names no channel such as \"1.95.0\"")?;
    let help = format!(
        "Rust {wanted}: install rustup from https://rustup.rs, then `rustup toolchain install {wanted}`"
    );
    let found =
        version_of(process::command("rustc", paths.root()).arg("--version")).with_context(|| help.clone())?;
    if found < wanted {
        bail!("{help} (found {found})");
    }
    Ok(found)
}

fn check_python() -> Result<(String, Version)> {
    let mut too_old = None;
    for name in ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"] {
        let Ok(version) = version_of(Command::new(name).arg("--version")) else { continue };
        if version < PYTHON {
            too_old.get_or_insert(version);
            continue;
        }
        // Debian and Ubuntu ship both in a separate package.
        if process::output(Command::new(name).args(["-c", "import venv, ensurepip"])).is_err() {
            bail!(
                "venv and ensurepip for {name} {version}: `apt install python{}.{}-venv` on Debian and Ubuntu",
                version.0,
                version.1
            );
        }
        return Ok((name.to_owned(), version));
    }
    let found = too_old.map_or(String::new(), |version| format!(" (found {version})"));
    bail!(
        "Python >= 3.10 with venv: https://www.python.org/downloads, `brew install python` or `apt install python3 python3-venv`{found}"
    )
}

fn check_node() -> Result<Version> {
    let help = "Node.js >= 20.19 with npm: https://nodejs.org, `brew install node` or your system's package";
    let found = version_of(Command::new("node").arg("--version")).context(help)?;
    if found < NODE {
        bail!("{help} (found {found})");
    }
    version_of(Command::new("npm").arg("--version")).context(
        "npm, which comes with Node.js from https://nodejs.org; on Debian and Ubuntu `apt install npm`",
    )?;
    Ok(found)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// The first version in a text such as `rustc 1.95.0 (5980 2026-04-14)`, `v20.20.2`,
    /// `3.13.0rc1`.
    fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let mut numbers = word.trim_start_matches('v').split('.').map(|part| {
                let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                part[..digits].parse().ok()
            });
            let major = numbers.next()??;
            let minor = numbers.next()??;
            Some(Self(major, minor, numbers.next().flatten().unwrap_or(0)))
        })
    }
}

fn version_of(command: &mut Command) -> Result<Version> {
    let text = process::output(command)?;
    Version::find(&text)
        .with_context(|| format!("`{}` printed no version: {}", process::shown(command), text.trim()))
}

fn toolchain_channel(toml: &str) -> Option<Version> {
    let line = toml.lines().find(|line| line.trim_start().starts_with("channel"))?;
    Version::find(line.split('"').nth(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        for (text, version) in [
            ("rustc 1.95.0 (59807616e 2026-04-14)\n", Version(1, 95, 0)),
            ("v20.20.2\n", Version(20, 20, 2)),
            ("Python 3.13.0rc1", Version(3, 13, 0)),
            ("10.8", Version(10, 8, 0)),
        ] {
            assert_eq!(Version::find(text), Some(version), "{text}");
        }
        assert_eq!(Version::find("command not found"), None);
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Version(3, 9, 18) < PYTHON);
        assert!(Version(3, 10, 0) >= PYTHON);
        assert!(Version(18, 99, 0) < NODE);
    }

    #[test]
    fn the_channel_is_read_from_the_toolchain_file() {
        let toml = "[toolchain]\nchannel = \"1.95.0\"\ncomponents = [\"clippy\"]\n";
        assert_eq!(toolchain_channel(toml), Some(Version(1, 95, 0)));
        assert_eq!(toolchain_channel("[toolchain]\nchannel = \"stable\"\n"), None);
    }
}
