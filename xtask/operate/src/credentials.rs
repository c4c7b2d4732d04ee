//! The AWS credentials of the caller.

use anyhow::{Context, Result, bail};
use aws_credential_types::Credentials;
use serde::Deserialize;
use xtask_common::paths::Paths;
use xtask_common::python::{Packages, Venv};
use xtask_common::steps::Steps;
use xtask_common::{prerequisites, process};

/// botocore supports the same credential sources as the AWS CLI: profiles, SSO, roles.
const FIND_CREDENTIALS: &str = "
import json, botocore.session
try:
    keys = botocore.session.get_session().get_credentials()
    keys = keys and keys.get_frozen_credentials()
    print(json.dumps(keys and {'access': keys.access_key, 'secret': keys.secret_key, 'token': keys.token}))
except Exception as error:
    print(json.dumps({'error': str(error)}))
";

/// The credentials of the caller.
pub fn find(paths: &Paths) -> Result<Credentials> {
    let venv = with_botocore(paths)?;
    let printed = process::output(venv.python(paths.root()).args(["-c", FIND_CREDENTIALS]))
        .context("cannot read your AWS credentials")?;
    parse(&printed)
}

fn parse(printed: &str) -> Result<Credentials> {
    let found: Option<Found> = serde_json::from_str(printed).context("cannot read your AWS credentials")?;
    match found {
        Some(Found::Keys { access, secret, token }) => Ok(Credentials::from_keys(access, secret, token)),
        Some(Found::Problem { error }) => {
            bail!("cannot get your AWS credentials: {error}; `aws sso login` or new keys may help")
        }
        None => bail!("no AWS credentials found; run `aws configure` or `aws sso login`, or set AWS_PROFILE"),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Found {
    Keys { access: String, secret: String, token: Option<String> },
    Problem { error: String },
}

/// The Python environment. One that only ever deployed to AWS lacks botocore.
fn with_botocore(paths: &Paths) -> Result<Venv> {
    let venv = Venv::of(paths);
    if process::output(venv.python(paths.root()).args(["-c", "import botocore"])).is_ok() {
        return Ok(venv);
    }
    let python = prerequisites::check(paths)?.python;
    let mut steps = Steps::new(paths, 1);
    steps.run("python packages", |step| Venv::provide(paths, &python, Packages::Local, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_may_have_a_token_be_missing_or_have_expired() {
        let found = parse(r#"{"access": "a", "secret": "s", "token": "t"}"#).unwrap();
        assert_eq!((found.access_key_id(), found.session_token()), ("a", Some("t")));
        assert_eq!(parse(r#"{"access": "a", "secret": "s", "token": null}"#).unwrap().session_token(), None);
        let expired = parse(r#"{"error": "the token has expired"}"#).unwrap_err().to_string();
        assert!(expired.contains("has expired"), "{expired}");
        assert!(parse("null").unwrap_err().to_string().contains("aws configure"));
    }
}
