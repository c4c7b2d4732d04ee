//! Checks the glibc version that a binary needs. Amazon Linux 2023, which `provided.al2023` runs
//! on, has glibc 2.34. A binary that needs a newer one builds, deploys, and fails at its first
//! call.

use std::fmt;

use anyhow::{Context, Result, bail};
use object::read::elf::{ElfFile64, FileHeader};

pub const NEWEST: Glibc = Glibc(2, 34);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glibc(u32, u32);

impl fmt::Display for Glibc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

impl Glibc {
    fn parse(version: &str) -> Option<Self> {
        let (major, minor) = version.strip_prefix("GLIBC_")?.split_once('.')?;
        // Old versions have a third number, as GLIBC_2.2.5, which is irrelevant here.
        let minor = minor.split('.').next()?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

/// The newest glibc version a binary requires; fails when it is newer than [`NEWEST`].
pub fn check(binary: &[u8]) -> Result<Option<Glibc>> {
    newest(needed_versions(binary)?.iter().map(String::as_str))
}

fn newest<'a>(versions: impl Iterator<Item = &'a str>) -> Result<Option<Glibc>> {
    let newest = versions.filter_map(Glibc::parse).max();
    match newest {
        Some(version) if version > NEWEST => {
            bail!(
                "needs symbols of GLIBC_{version}, but AWS Lambda has {NEWEST}; build with `cargo xtask build --lambda`"
            )
        }
        _ => Ok(newest),
    }
}

/// The names in the version needs section, e.g. `GLIBC_2.17`.
fn needed_versions(binary: &[u8]) -> Result<Vec<String>> {
    let file: ElfFile64 = ElfFile64::parse(binary).context("not an ELF executable for a 64-bit system")?;
    let endian = file.endian();
    let header = file.elf_header();
    let sections = header.sections(endian, binary).context("unreadable ELF sections")?;
    let Some((mut needs, strings)) =
        sections.gnu_verneed(endian, binary).context("unreadable version needs")?
    else {
        return Ok(Vec::new());
    };
    let strings = sections.strings(endian, binary, strings).context("unreadable ELF strings")?;
    let mut names = Vec::new();
    while let Some((_, mut versions)) = needs.next().context("unreadable version needs")? {
        while let Some(version) = versions.next().context("unreadable version needs")? {
            let name = version.name(endian, strings).context("unreadable ELF strings")?;
            names.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Glibc::parse("GLIBC_2.4") < Glibc::parse("GLIBC_2.34"));
        assert_eq!(Glibc::parse("GLIBC_2.2.5"), Some(Glibc(2, 2)));
        assert_eq!(Glibc::parse("GCC_3.0"), None);
        assert_eq!(Glibc::parse("GLIBC_PRIVATE"), None);
    }

    #[test]
    fn a_newer_glibc_than_lambdas_is_named() {
        assert_eq!(newest(["GLIBC_2.17", "GLIBC_2.34", "GCC_4.2.0"].into_iter()).unwrap(), Some(NEWEST));
        let error = newest(["GLIBC_2.17", "GLIBC_2.39"].into_iter()).unwrap_err();
        assert!(error.to_string().contains("GLIBC_2.39"));
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn our_own_binary_needs_glibc() {
        let binary = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let versions = needed_versions(&binary).unwrap();
        assert!(versions.iter().any(|version| version.starts_with("GLIBC_")), "{versions:?}");
    }

    #[test]
    fn files_that_are_no_executable_are_refused() {
        assert!(check(b"#!/bin/sh\n").is_err());
    }
}
