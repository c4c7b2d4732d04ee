//! `cargo xtask token`: signs a user in, for a `curl` with
//! `-H "Authorization: $(cargo xtask token grace)"`.

use std::io::{self, BufRead};

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use xtask_common::paths::Paths;
use xtask_common::shop::endpoint;
use xtask_common::shop::outputs::{Outputs, User};
use xtask_common::shop::sign_in;

use crate::target::ShopArgs;

#[derive(Parser)]
pub struct Args {
    /// Who signs in: `grace` is a customer of the local shop, `ada` is staff
    user: String,
    /// Read the password from a line of the standard input, for any other user
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    shop: ShopArgs,
}

pub fn run(paths: &Paths, args: &Args) -> Result<()> {
    let outputs = args.shop.outputs(paths)?;
    if outputs.endpoint.is_none() {
        endpoint::expect_no_endpoint()?;
    }
    let user = if args.password_stdin {
        User { user_name: args.user.clone(), password: read_password(io::stdin().lock())? }
    } else {
        known(&outputs, &args.user)?.clone()
    };
    println!("{}", sign_in::id_token(&outputs, &user)?);
    Ok(())
}

/// A user whose password is stored in the outputs.
pub fn known<'a>(outputs: &'a Outputs, name: &str) -> Result<&'a User> {
    outputs.users.values().find(|user| user.user_name == name).ok_or_else(|| {
        let names: Vec<&str> = outputs.users.values().map(|user| user.user_name.as_str()).collect();
        let known = match names.as_slice() {
            [] => "nobody's".to_owned(),
            names => format!("only those of {}", names.join(" and ")),
        };
        anyhow!("the password of {name} is not known here, {known}; `--password-stdin` reads one")
    })
}

fn read_password(mut input: impl BufRead) -> Result<String> {
    let mut line = String::new();
    input.read_line(&mut line).context("cannot read the password")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(anyhow!("there is no password on the standard input"));
    }
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_and_may_end_with_a_space() {
        assert_eq!(read_password(&b"one two \r\nthree"[..]).unwrap(), "one two ");
        assert_eq!(read_password(&b"no end"[..]).unwrap(), "no end");
        assert!(read_password(&b"\n"[..]).is_err());
        assert!(read_password(&b""[..]).is_err());
    }
}
