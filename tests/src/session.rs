use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::Agent;
use uuid::Uuid;

/// Tokens are valid for an hour; long runs renew them in time.
const FRESH: Duration = Duration::from_mins(50);
/// The confirmation code that the local Cognito sends to every new user.
const CODE: &str = "123456";

/// The session of a signed-in user.
#[derive(Debug)]
pub(crate) struct Session {
    cognito: Cognito,
    user_name: String,
    password: String,
    tokens: Mutex<(Tokens, Instant)>,
}

/// Cognito's tokens for a session.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tokens {
    id_token: String,
    access_token: String,
}

impl Session {
    /// Signs in an existing user.
    pub(crate) fn sign_in(cognito: Cognito, user_name: &str, password: &str) -> Self {
        let tokens = Mutex::new((cognito.tokens(user_name, password), Instant::now()));
        Self { cognito, user_name: user_name.to_owned(), password: password.to_owned(), tokens }
    }

    /// Signs up a new user, as a browser would: with a confirmation code from a mail.
    pub(crate) fn sign_up(cognito: Cognito, user_name: &str) -> Self {
        let password = Self::try_sign_up(&cognito, user_name).expect("a new user");
        Self::confirm(cognito, user_name, &password)
    }

    /// Confirms and signs in a user who has just signed up.
    pub(crate) fn confirm(cognito: Cognito, user_name: &str, password: &str) -> Self {
        let client = &cognito.client_id;
        let code = json!({ "ClientId": client, "Username": user_name, "ConfirmationCode": CODE });
        cognito.call("ConfirmSignUp", &code);
        Self::sign_in(cognito, user_name, password)
    }

    /// Signs up a new user. Returns the password, or Cognito's error.
    pub(crate) fn try_sign_up(cognito: &Cognito, user_name: &str) -> Result<String, String> {
        let (password, number) = (format!("Aa1-{}", Uuid::now_v7()), Uuid::now_v7());
        // User names may contain characters that addresses may not.
        let address = if user_name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            format!("{user_name}@example.com")
        } else {
            format!("{number}@example.com")
        };
        let email = json!([{ "Name": "email", "Value": address }]);
        let client = &cognito.client_id;
        cognito.try_call(
            "SignUp",
            &json!({ "ClientId": client, "Username": user_name, "Password": password, "UserAttributes": email }),
        )?;
        Ok(password)
    }

    /// Deletes the user.
    pub(crate) fn delete_account(&self) {
        self.cognito.call("DeleteUser", &json!({ "AccessToken": self.access_token() }));
    }

    /// Whether the user exists: Cognito accepts the access token only of an existing user.
    pub(crate) fn has_account(&self) -> bool {
        self.cognito.try_call("GetUser", &json!({ "AccessToken": self.access_token() })).is_ok()
    }

    pub(crate) fn user_name(&self) -> &str {
        &self.user_name
    }

    /// The same user, signed in with another app client of the pool.
    pub(crate) fn at(&self, client_id: &str) -> Self {
        let cognito = Cognito { client_id: client_id.to_owned(), ..self.cognito.clone() };
        Self::sign_in(cognito, &self.user_name, &self.password)
    }

    pub(crate) fn id_token(&self) -> String {
        self.tokens().id_token
    }

    pub(crate) fn access_token(&self) -> String {
        self.tokens().access_token
    }

    fn tokens(&self) -> Tokens {
        let mut tokens = lock(&self.tokens);
        if tokens.1.elapsed() > FRESH {
            *tokens = (self.cognito.tokens(&self.user_name, &self.password), Instant::now());
        }
        tokens.0.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The user pool, as its public app client uses it: these calls are not signed.
#[derive(Clone, Debug)]
pub(crate) struct Cognito {
    pub(crate) agent: Agent,
    pub(crate) endpoint: String,
    pub(crate) client_id: String,
}

impl Cognito {
    fn tokens(&self, user_name: &str, password: &str) -> Tokens {
        let parameters = json!({ "USERNAME": user_name, "PASSWORD": password });
        let answer = self.call(
            "InitiateAuth",
            &json!({ "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": self.client_id, "AuthParameters": parameters }),
        );
        serde_json::from_value(answer["AuthenticationResult"].clone()).expect("tokens")
    }

    pub(crate) fn call(&self, operation: &str, input: &Value) -> Value {
        self.try_call(operation, input).unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    /// Calls Cognito as the account owner and returns the output.
    pub(crate) fn call_as_owner(&self, operation: &str, input: &Value) -> Value {
        let answer = self.send(operation, input, Some(&crate::owner("cognito-idp")));
        answer.unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    /// Calls Cognito and returns its output, or its error.
    pub(crate) fn try_call(&self, operation: &str, input: &Value) -> Result<Value, String> {
        self.send(operation, input, None)
    }

    fn send(&self, operation: &str, input: &Value, authorization: Option<&str>) -> Result<Value, String> {
        let mut request = self
            .agent
            .post(&self.endpoint)
            .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
            .header("content-type", "application/x-amz-json-1.1");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let mut response = request.send(input.to_string()).expect("an answer of Cognito");
        let text = response.body_mut().read_to_string().expect("an answer of Cognito");
        if response.status().is_success() {
            Ok(serde_json::from_str(&text).unwrap_or_default())
        } else {
            Err(text)
        }
    }
}
