//! The stages of the shop.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::paths::Paths;

/// The outputs of a stage on AWS, once it was deployed from here.
pub fn outputs_file(paths: &Paths, stage: &str) -> PathBuf {
    paths.local().join(format!("outputs-{stage}.json"))
}

/// The infrastructure validates the name, too, but here it first becomes part of paths.
pub fn parse(text: &str) -> Result<String> {
    let letters =
        text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if letters && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.len() <= 16 {
        return Ok(text.to_owned());
    }
    bail!("a stage is a lower-case letter followed by up to 15 lower-case letters, digits or hyphens")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_a_short_plain_name() {
        for stage in ["dev", "prod", "pr-17"] {
            assert!(parse(stage).is_ok(), "{stage}");
        }
        for stage in ["", "Dev", "1st", "../dev", "a-name-that-is-too-long"] {
            assert!(parse(stage).is_err(), "{stage}");
        }
    }
}
