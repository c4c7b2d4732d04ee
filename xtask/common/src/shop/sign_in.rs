//! Signs in to a deployed shop with a user name and a password.

use anyhow::{Context, Error, Result, anyhow};
use serde_json::{Value, json};

use crate::shop::aws::{Aws, Refusal, Service};
use crate::shop::outputs::{Outputs, User};

/// The result of a sign-in with the right password.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The token that the API accepts.
    IdToken(String),
    /// A further challenge of Cognito, such as `SOFTWARE_TOKEN_MFA`.
    Challenge(String),
}

/// Signs in at Cognito; a rejected sign-in is a [`Refusal`] error.
pub fn ask(outputs: &Outputs, user: &User) -> Result<Answer> {
    let aws = Aws::anonymous(outputs.endpoint.as_deref(), &outputs.region);
    let input = json!({
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": outputs.user_pool()?.client,
        "AuthParameters": { "USERNAME": user.user_name, "PASSWORD": user.password },
    });
    answer(&aws.call(Service::Cognito, "InitiateAuth", &input)?)
}

/// The ID token of a user; fails on a further challenge.
pub fn id_token(outputs: &Outputs, user: &User) -> Result<String> {
    match ask(outputs, user).map_err(|error| explained(error, &user.user_name))? {
        Answer::IdToken(token) => Ok(token),
        Answer::Challenge(challenge) => Err(unmet(&challenge, &user.user_name)),
    }
}

fn answer(output: &Value) -> Result<Answer> {
    if let Some(token) = output["AuthenticationResult"]["IdToken"].as_str() {
        return Ok(Answer::IdToken(token.to_owned()));
    }
    let challenge =
        output["ChallengeName"].as_str().context("Cognito answered neither token nor challenge")?;
    Ok(Answer::Challenge(challenge.to_owned()))
}

fn explained(error: Error, user: &str) -> Error {
    let Some(Refusal { kind, message, .. }) = error.downcast_ref() else { return error };
    match kind.as_str() {
        // Cognito does not reveal which of the two it was.
        "NotAuthorizedException" | "UserNotFoundException" => {
            anyhow!("{user} cannot sign in: there is no such user, or the password is wrong ({message})")
        }
        "UserNotConfirmedException" => {
            anyhow!("{user} cannot sign in before the code that was sent by e-mail is entered")
        }
        "InvalidParameterException" => {
            anyhow!("this stage takes no plain passwords, as its setting `passwordSignIn` says ({message})")
        }
        _ => error,
    }
}

fn unmet(challenge: &str, user: &str) -> Error {
    match challenge {
        "NEW_PASSWORD_REQUIRED" => anyhow!("{user} has a temporary password and must choose another first"),
        "SOFTWARE_TOKEN_MFA" => {
            anyhow!("{user} has a second factor, which is not asked for here")
        }
        _ => anyhow!("{user} cannot sign in with a password alone: Cognito asks for {challenge}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_password_gives_a_token_or_a_challenge() {
        let token = answer(&json!({ "AuthenticationResult": { "IdToken": "a.b.c", "AccessToken": "x" } }));
        assert_eq!(token.unwrap(), Answer::IdToken("a.b.c".to_owned()));
        let challenge = answer(&json!({ "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s" })).unwrap();
        assert_eq!(challenge, Answer::Challenge("SOFTWARE_TOKEN_MFA".to_owned()));
        assert!(answer(&json!({})).is_err());
    }

    #[test]
    fn each_reason_to_be_kept_out_is_told_apart() {
        let said = |kind: &str| {
            let refusal = Refusal { status: 400, kind: kind.to_owned(), message: "no".to_owned() };
            explained(Error::from(refusal).context("InitiateAuth failed"), "eve").to_string()
        };
        assert!(said("NotAuthorizedException").contains("no such user, or the password is wrong"));
        assert!(said("UserNotConfirmedException").contains("code"));
        assert!(said("InvalidParameterException").contains("passwordSignIn"));
        assert!(said("TooManyRequestsException").contains("InitiateAuth"));
        assert!(unmet("NEW_PASSWORD_REQUIRED", "eve").to_string().contains("temporary"));
        assert!(unmet("SOFTWARE_TOKEN_MFA", "eve").to_string().contains("second factor"));
        assert!(unmet("SMS_MFA", "eve").to_string().contains("SMS_MFA"));
    }
}
