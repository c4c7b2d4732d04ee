//! A customer and a staff member for the local shop, so that every feature can be tried at once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xtask_common::shop::aws::{Aws, Refusal, Service};
use xtask_common::shop::outputs::{Outputs, User};
use xtask_common::shop::sign_in;

/// Roles in `outputs.json`, each with its user name.
const CUSTOMER: (&str, &str) = ("customer", "grace");
const STAFF: (&str, &str) = ("staff", "ada");
/// Group in the user pool.
const STAFF_GROUP: &str = "staff";
const PASSWORD_LENGTH: usize = 24;

/// Creates the users who cannot sign in with the password in `outputs`, and stores the new password
/// there. Returns the roles whose password is new.
pub fn provide(outputs: &mut Outputs, aws: &Aws) -> Result<Vec<&'static str>> {
    let mut made = Vec::new();
    for (role, name) in [CUSTOMER, STAFF] {
        if let Some(user) = outputs.users.get(role)
            && can_sign_in(outputs, user)?
        {
            continue;
        }
        let user = User { user_name: name.to_owned(), password: password()? };
        make(aws, outputs.user_pool()?.id, &user)?;
        outputs.users.insert(role.to_owned(), user);
        made.push(role);
    }
    let add = json!({
        "UserPoolId": outputs.user_pool()?.id,
        "Username": STAFF.1,
        "GroupName": STAFF_GROUP,
    });
    aws.call(Service::Cognito, "AdminAddUserToGroup", &add)?;
    Ok(made)
}

/// The user who may change the catalogue.
pub fn staff(outputs: &Outputs) -> Result<&User> {
    outputs.users.get(STAFF.0).context("nobody in outputs.json is staff; `cargo xtask up` makes somebody")
}

/// Names and passwords, for display.
pub fn shown(users: &BTreeMap<String, User>, roles: &[&str]) -> String {
    let users = roles.iter().filter_map(|role| users.get(*role).map(|user| (role, user)));
    users.fold(String::new(), |text, (role, user)| {
        text + &format!("  {role:9}  {} {}\n", user.user_name, user.password)
    })
}

fn can_sign_in(outputs: &Outputs, user: &User) -> Result<bool> {
    match sign_in::ask(outputs, user) {
        // A challenge for a second factor also means that the password is right.
        Ok(_) => Ok(true),
        Err(error) if error.is::<Refusal>() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The user may exist: from an earlier run, or because somebody signed up under that name.
fn make(aws: &Aws, pool: &str, user: &User) -> Result<()> {
    let create = json!({
        "UserPoolId": pool,
        "Username": user.user_name,
        "UserAttributes": attributes(&user.user_name),
        "MessageAction": "SUPPRESS",
    });
    match aws.call(Service::Cognito, "AdminCreateUser", &create) {
        Err(error) if !is_about_existing(&error) => return Err(error),
        _ => {}
    }
    let set = json!({
        "UserPoolId": pool,
        "Username": user.user_name,
        "Password": user.password,
        "Permanent": true,
    });
    aws.call(Service::Cognito, "AdminSetUserPassword", &set)?;
    Ok(())
}

fn attributes(name: &str) -> Value {
    json!([
        // A domain that can never receive mail (RFC 2606).
        { "Name": "email", "Value": format!("{name}@example.com") },
        { "Name": "email_verified", "Value": "true" },
    ])
}

fn is_about_existing(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|refusal: &Refusal| refusal.kind == "UsernameExistsException")
}

/// A random password that satisfies every policy of Cognito and needs no escaping in a shell.
fn password() -> Result<String> {
    let mut random = File::open("/dev/urandom").context("this system has no random numbers")?;
    let mut bytes = [0; PASSWORD_LENGTH];
    loop {
        random.read_exact(&mut bytes).context("this system has no random numbers")?;
        let password: String = bytes.iter().map(|byte| letter(*byte)).collect();
        if is_good(&password) {
            return Ok(password);
        }
    }
}

/// One of 64 characters, with equal probability.
fn letter(byte: u8) -> char {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char::from(LETTERS[usize::from(byte) % LETTERS.len()])
}

fn is_good(password: &str) -> bool {
    let has = |kind: fn(&char) -> bool| password.chars().any(|letter| kind(&letter));
    // Programs parse a word that starts with a hyphen as an option.
    password.starts_with(|first: char| first.is_ascii_alphanumeric())
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
        && has(char::is_ascii_punctuation)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn passwords_meet_every_policy_and_never_repeat() {
        let passwords: HashSet<String> = (0..100).map(|_| password().unwrap()).collect();
        assert_eq!(passwords.len(), 100);
        assert!(passwords.iter().all(|password| password.len() == PASSWORD_LENGTH && is_good(password)));
        for bad in ["-aB3", "aB3", "ab3-", "AB3-", "abC-"] {
            assert!(!is_good(bad), "{bad}");
        }
    }

    #[test]
    fn only_the_passwords_that_are_new_are_shown() {
        let user = |name: &str| User { user_name: name.to_owned(), password: format!("{name}-secret") };
        let users = BTreeMap::from([("customer", user("grace")), ("staff", user("ada"))])
            .into_iter()
            .map(|(role, user)| (role.to_owned(), user))
            .collect();
        assert_eq!(shown(&users, &["staff"]), "  staff      ada ada-secret\n");
        assert_eq!(shown(&users, &[]), "");
    }
}
