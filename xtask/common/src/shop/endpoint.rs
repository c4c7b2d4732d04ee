//! The endpoint that AWS SDKs and tools call, as the caller's environment sets it.

use std::env;

use anyhow::{Result, bail};

/// Fails when calls meant for AWS would go to another endpoint.
pub fn expect_no_endpoint() -> Result<()> {
    // SDKs also read `AWS_ENDPOINT_URL_SQS` and similar variables.
    let names =
        env::vars_os().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.into_string().ok());
    match endpoint_variable(names) {
        Some(name) => bail!(
            "{name} is set, so this would go to {}, not to AWS; `unset {name}` and run it again",
            env::var(&name).unwrap_or_default()
        ),
        None => Ok(()),
    }
}

fn endpoint_variable(mut names: impl Iterator<Item = String>) -> Option<String> {
    names.find(|name| name == "AWS_ENDPOINT_URL" || name.starts_with("AWS_ENDPOINT_URL_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_for_all_or_one_service_is_found() {
        let found = |names: &[&str]| endpoint_variable(names.iter().map(ToString::to_string));
        assert_eq!(found(&["HOME", "AWS_ENDPOINT_URL"]).as_deref(), Some("AWS_ENDPOINT_URL"));
        assert_eq!(found(&["AWS_ENDPOINT_URL_SQS"]).as_deref(), Some("AWS_ENDPOINT_URL_SQS"));
        assert_eq!(found(&["AWS_PROFILE", "AWS_REGION"]), None);
    }
}
