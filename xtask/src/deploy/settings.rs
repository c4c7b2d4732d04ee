//! The settings of a stage, as `infra/settings.ts` reads them: what a command gives, over what the
//! stage has.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Parser;
use serde::{Deserialize, Serialize};

#[derive(Default, Parser)]
pub struct SettingsArgs {
    /// A setting of the stage, e.g. `delivery=queued`; may be repeated, and the stage keeps it.
    /// docs/settings.md lists them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse)]
    settings: Vec<(String, String)>,
}

impl SettingsArgs {
    /// One setting, as a command of ours sets it.
    pub fn of(name: &str, value: &str) -> Self {
        Self { settings: vec![(name.to_owned(), value.to_owned())] }
    }
}

/// Settings by name. The infrastructure validates names and values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    pub fn of(settings: BTreeMap<String, String>) -> Self {
        Self(settings)
    }

    /// The settings of an earlier deployment; none if there was none.
    pub fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        Self(text.lines().filter_map(|line| parse(line).ok()).collect())
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, self.lines().join("\n") + "\n")
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// With what a command gives. Without a value a setting is the default again.
    #[must_use]
    pub fn with(mut self, args: &SettingsArgs) -> Self {
        self.0.extend(args.settings.iter().cloned());
        self.0.retain(|_, value| !value.is_empty());
        self
    }

    /// Each setting as `name=value`.
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// A line for the terminal, if there are any.
    pub fn shown(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| format!("settings: {}", self.lines().join(", ")))
    }

    /// Over other settings, which only count where these are silent.
    pub fn over(&self, defaults: &[(&str, &str)]) -> Vec<String> {
        let defaults = defaults.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut all: BTreeMap<String, String> = defaults.collect();
        all.extend(self.0.clone());
        Self(all).lines()
    }
}

fn parse(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("a setting is NAME=VALUE, such as delivery=queued")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> SettingsArgs {
        SettingsArgs::try_parse_from(["up"].into_iter().chain(line.split_whitespace())).unwrap()
    }

    #[test]
    fn a_stage_keeps_its_settings_until_a_command_changes_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("settings");
        assert_eq!(Settings::read(&file), Settings::default());
        let first = Settings::default().with(&args("--set delivery=queued --set currency=EUR"));
        first.write(&file).unwrap();
        let next = Settings::read(&file).with(&args("--set delivery=direct"));
        assert_eq!(next.lines(), ["currency=EUR", "delivery=direct"]);
        assert_eq!(next.with(&args("--set delivery=")).lines(), ["currency=EUR"]);
    }

    #[test]
    fn settings_count_more_than_those_of_the_local_shop() {
        let settings = Settings::default().with(&args("--set requestBurst=7"));
        let all = settings.over(&[("requestBurst", "5000"), ("requestsPerSecond", "10000")]);
        assert_eq!(all, ["requestBurst=7", "requestsPerSecond=10000"]);
    }

    #[test]
    fn values_may_contain_the_sign_and_a_setting_without_one_is_refused() {
        assert_eq!(parse("paymentProviderUrl=https://a/?b=c").unwrap().1, "https://a/?b=c");
        assert!(parse("delivery").is_err());
    }
}
