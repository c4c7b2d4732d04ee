//! The environment of each local function, as files for `cargo lambda watch --env-file`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use xtask_common::shop::aws::{self, Aws};
use xtask_common::shop::outputs::Outputs;

/// Writes `<function>.env` for each function of a local stack.
pub fn write(dir: &Path, outputs: &Outputs, endpoint: &str) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let aws = Aws::local(endpoint);
    for (function, name) in &outputs.functions {
        let mut variables = aws.variables(name)?;
        for value in variables.values_mut() {
            if let Some(url) = reachable(value, endpoint) {
                *value = url;
            }
        }
        for (variable, value) in [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", aws::ACCOUNT),
            ("AWS_SECRET_ACCESS_KEY", aws::SECRET_KEY),
            ("AWS_REGION", aws::REGION),
            ("_HANDLER", function),
        ] {
            variables.insert(variable.to_owned(), value.to_owned());
        }
        let lines: Vec<String> =
            variables.iter().map(|(variable, value)| format!("{variable}={value}")).collect();
        let file = dir.join(format!("{function}.env"));
        fs::write(&file, lines.join("\n") + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// The local address of a function URL or an API. Their host names do not resolve; the local AWS
/// rewrites them likewise for the functions that it starts.
fn reachable(url: &str, endpoint: &str) -> Option<String> {
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let (id, rest) = host.split_once('.')?;
    let kind = ["lambda-url", "execute-api"].into_iter().find(|kind| {
        let domain = if *kind == "lambda-url" { ".on.aws" } else { ".amazonaws.com" };
        rest.starts_with(&format!("{kind}.")) && rest.ends_with(domain)
    })?;
    Some(format!("{endpoint}/_aws/{kind}/{id}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_host_names_are_mapped_to_the_local_endpoint() {
        let found = |url: &str| reachable(url, "http://127.0.0.1:4566");
        let function = found("https://abc.lambda-url.us-east-1.on.aws/").unwrap();
        assert_eq!(function, "http://127.0.0.1:4566/_aws/lambda-url/abc/");
        let api = found("https://abc.execute-api.us-east-1.amazonaws.com/dev/payment/webhook").unwrap();
        assert_eq!(api, "http://127.0.0.1:4566/_aws/execute-api/abc/dev/payment/webhook");
        for other in ["https://cognito-idp.us-east-1.amazonaws.com/pool", "https://shop.example/", "USD", ""]
        {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
