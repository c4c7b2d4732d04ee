//! Environments for the Postman collection.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use xtask_common::shop::aws::{self, Aws};
use xtask_common::shop::outputs::Outputs;
use xtask_common::shop::private_file;
use xtask_common::shop::secrets::WEBHOOK_SECRET;

/// The local Cognito's confirmation code for every sign-up. On AWS each user gets their own, by
/// mail.
const LOCAL_CONFIRMATION_CODE: &str = "123456";

/// The function that verifies the payment provider's webhooks.
const WEBHOOK_FUNCTION: &str = "payment-webhook";

/// Includes the passwords of the local users and the payment provider's secret. On AWS people enter
/// their own values, which are preserved.
pub fn write_environment(path: &Path, outputs: &Outputs) -> Result<()> {
    let dir = path.parent().context("an environment needs a directory")?;
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let mut environment = environment(outputs, &local_webhook_secret(outputs)?)?;
    if let Some(before) = fs::read_to_string(path).ok().and_then(|text| serde_json::from_str(&text).ok()) {
        keep_what_was_filled_in(&mut environment, &before);
    }
    let text = serde_json::to_string_pretty(&environment).context("cannot write JSON")?;
    private_file::write(path, &(text + "\n"))
}

/// Empty on AWS, where it is a real secret.
fn local_webhook_secret(outputs: &Outputs) -> Result<String> {
    match &outputs.endpoint {
        Some(endpoint) if outputs.functions.contains_key(WEBHOOK_FUNCTION) => {
            WEBHOOK_SECRET.read(&Aws::local(endpoint), &outputs.stage)
        }
        _ => Ok(String::new()),
    }
}

fn environment(outputs: &Outputs, webhook_secret: &str) -> Result<Value> {
    let mut values = vec![
        variable("baseUrl", &outputs.api_url),
        variable("apiKind", outputs.others.get("apiKind").map_or("rest", String::as_str)),
        variable("stage", &outputs.stage),
        variable("cognitoUrl", &aws::cognito_url(outputs.endpoint.as_deref(), &outputs.region)),
        variable("userPoolClientId", outputs.user_pool()?.client),
    ];
    for role in ["customer", "staff"] {
        let (name, password) =
            outputs.users.get(role).map_or(("", ""), |user| (&user.user_name, &user.password));
        values.push(variable(&format!("{role}UserName"), name));
        values.push(secret(&format!("{role}Password"), password));
    }
    values.push(secret("webhookSecret", webhook_secret));
    if outputs.endpoint.is_some() {
        values.push(variable("confirmationCode", LOCAL_CONFIRMATION_CODE));
    }
    Ok(json!({
        "name": format!("Ferrocart {}", outputs.stage),
        "values": values,
        "_postman_variable_scope": "environment",
    }))
}

fn keep_what_was_filled_in(environment: &mut Value, before: &Value) {
    for variable in environment["values"].as_array_mut().into_iter().flatten() {
        let mut known = before["values"].as_array().into_iter().flatten();
        if variable["value"] == ""
            && let Some(filled_in) = known.find(|known| known["key"] == variable["key"])
        {
            variable["value"] = filled_in["value"].clone();
        }
    }
}

fn variable(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value, "type": "default", "enabled": true })
}

/// Displayed as dots.
fn secret(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value, "type": "secret", "enabled": true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask_common::shop::outputs::User;

    const COLLECTION: &str = include_str!("../../../postman/ferrocart.postman_collection.json");

    fn outputs(endpoint: Option<&str>) -> Outputs {
        let json = json!({
            "apiUrl": "https://api", "region": "eu-west-1", "stage": "dev", "eventBus": "bus",
            "tables": {}, "functions": {}, "queues": {}, "endpoint": endpoint,
            "userPoolId": "pool", "userPoolClientId": "client",
        });
        serde_json::from_value(json).unwrap()
    }

    fn value_of(environment: &Value, key: &str) -> (String, String) {
        let values = environment["values"].as_array().unwrap();
        let variable = values.iter().find(|variable| variable["key"] == key).unwrap();
        let text = |name: &str| variable[name].as_str().unwrap().to_owned();
        (text("value"), text("type"))
    }

    #[test]
    fn the_local_environment_knows_the_local_users() {
        let mut outputs = outputs(Some("http://127.0.0.1:4810"));
        let grace = User { user_name: "grace".to_owned(), password: "s3cret".to_owned() };
        outputs.users.insert("customer".to_owned(), grace);
        let environment = environment(&outputs, "s1gned").unwrap();
        assert_eq!(value_of(&environment, "cognitoUrl").0, "http://127.0.0.1:4810");
        assert_eq!(value_of(&environment, "customerUserName").0, "grace");
        assert_eq!(value_of(&environment, "customerPassword"), ("s3cret".to_owned(), "secret".to_owned()));
        assert_eq!(value_of(&environment, "webhookSecret"), ("s1gned".to_owned(), "secret".to_owned()));
    }

    #[test]
    fn on_aws_names_and_passwords_are_left_to_fill_in() {
        let outputs = outputs(None);
        let environment = environment(&outputs, &local_webhook_secret(&outputs).unwrap()).unwrap();
        assert_eq!(value_of(&environment, "cognitoUrl").0, "https://cognito-idp.eu-west-1.amazonaws.com");
        for name in
            ["customerUserName", "customerPassword", "staffUserName", "staffPassword", "webhookSecret"]
        {
            assert_eq!(value_of(&environment, name).0, "", "{name}");
        }
    }

    #[test]
    fn only_the_local_environment_knows_the_code_of_a_sign_up_beforehand() {
        let local = environment(&outputs(Some("http://127.0.0.1:4810")), "").unwrap();
        assert_eq!(value_of(&local, "confirmationCode").0, "123456");
        let aws = environment(&outputs(None), "").unwrap().to_string();
        assert!(!aws.contains("confirmationCode"), "{aws}");
    }

    #[test]
    fn another_deployment_keeps_what_was_filled_in() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("environment.json");
        let read = || serde_json::from_str::<Value>(&fs::read_to_string(&path).unwrap()).unwrap();
        write_environment(&path, &outputs(None)).unwrap();
        let mut filled_in = read();
        for variable in filled_in["values"].as_array_mut().unwrap() {
            variable["value"] = "mine".into();
        }
        fs::write(&path, filled_in.to_string()).unwrap();
        write_environment(&path, &outputs(None)).unwrap();
        assert_eq!(value_of(&read(), "customerPassword"), ("mine".to_owned(), "secret".to_owned()));
        assert_eq!(value_of(&read(), "baseUrl").0, "https://api");
    }

    #[test]
    fn every_role_in_the_collection_signs_in_by_its_script() {
        let collection: Value = serde_json::from_str(COLLECTION).unwrap();
        let folders = collection["item"].as_array().unwrap();
        for folder in folders {
            assert!(is_known(&folder["auth"]), "nobody runs the folder {}", folder["name"]);
            for item in folder["item"].as_array().unwrap() {
                let auth = &item["request"]["auth"];
                assert!(auth.is_null() || is_known(auth), "{}", item["name"]);
            }
        }
    }

    fn is_known(auth: &Value) -> bool {
        let token = auth["bearer"][0]["value"].as_str().unwrap_or_default();
        let signed_in = ["{{staffToken}}", "{{newcomerToken}}"];
        auth["type"] == "noauth" || token.starts_with("{{customerToken}}") || signed_in.contains(&token)
    }
}
