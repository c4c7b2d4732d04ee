//! The secrets of a stage: `SecureString` parameters of SSM, which CloudFormation cannot create.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};
use serde_json::json;

use crate::shop::aws::{Aws, Refusal, Service};

/// Signs the payment provider's webhooks, in the format of Standard Webhooks.
pub const WEBHOOK_SECRET: Secret = Secret { name: "payment/webhook-secret", prefix: "whsec_" };
/// Authenticates the shop's requests to the payment provider.
const PROVIDER_KEY: Secret = Secret { name: "payment/provider-key", prefix: "" };

/// Characters of a random value, 6 random bits each. They are also the Base64 of 48 random bytes.
const LENGTH: usize = 64;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[derive(Clone, Copy)]
pub struct Secret {
    name: &'static str,
    prefix: &'static str,
}

impl Secret {
    /// The name of its parameter, as in `infra/constructs/secret.ts`.
    fn parameter(self, stage: &str) -> String {
        format!("/ferrocart/{stage}/{}", self.name)
    }

    pub fn read(self, aws: &Aws, stage: &str) -> Result<String> {
        let name = self.parameter(stage);
        let answer =
            aws.call(Service::Ssm, "GetParameter", &json!({ "Name": name, "WithDecryption": true }))?;
        let value = answer["Parameter"]["Value"].as_str().with_context(|| format!("{name} has no value"))?;
        Ok(value.to_owned())
    }
}

/// Creates the secrets of a stage that are missing, with random values, and returns the names of
/// their parameters. An existing one stays as it is: it may be of a real payment provider.
pub fn provide(aws: &Aws, stage: &str) -> Result<Vec<String>> {
    let mut created = Vec::new();
    for secret in [PROVIDER_KEY, WEBHOOK_SECRET] {
        let name = secret.parameter(stage);
        let value = format!("{}{}", secret.prefix, random()?);
        let put = json!({ "Name": name, "Type": "SecureString", "Value": value, "Overwrite": false });
        match aws.call(Service::Ssm, "PutParameter", &put) {
            Ok(_) => created.push(name),
            Err(error) if is_about_existing(&error) => {}
            Err(error) => return Err(error.context(format!("cannot create {name}"))),
        }
    }
    Ok(created)
}

/// Deletes the secrets of a stage that there are.
pub fn delete(aws: &Aws, stage: &str) -> Result<()> {
    let names = [PROVIDER_KEY, WEBHOOK_SECRET].map(|secret| secret.parameter(stage));
    // Those that do not exist are no error.
    let deleted = aws.call(Service::Ssm, "DeleteParameters", &json!({ "Names": names }));
    deleted.map(drop).with_context(|| format!("cannot delete {}", names.join(" and ")))
}

fn is_about_existing(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|refusal: &Refusal| refusal.kind == "ParameterAlreadyExists")
}

fn random() -> Result<String> {
    let mut bytes = [0; LENGTH];
    let mut random = File::open("/dev/urandom").context("this system has no random numbers")?;
    random.read_exact(&mut bytes).context("this system has no random numbers")?;
    Ok(bytes.map(|byte| char::from(BASE64[usize::from(byte % 64)])).iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::aws::fake;

    #[test]
    fn random_values_are_base64_of_48_bytes() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one, other);
        for value in [one, other] {
            assert_eq!(value.len(), LENGTH);
            assert!(value.bytes().all(|character| BASE64.contains(&character)), "{value}");
        }
    }

    #[test]
    fn both_secrets_of_a_stage_are_deleted_and_missing_ones_are_no_error() {
        let (aws, server) = fake::answering(200, r#"{"DeletedParameters":[],"InvalidParameters":["/x"]}"#);
        delete(&aws, "dev").unwrap();
        let request = server.join().unwrap();
        assert!(request.contains("AmazonSSM.DeleteParameters"), "{request}");
        let names =
            r#"{"Names":["/ferrocart/dev/payment/provider-key","/ferrocart/dev/payment/webhook-secret"]}"#;
        assert!(request.ends_with(names), "{request}");
    }

    #[test]
    fn secrets_are_named_by_their_stage() {
        assert_eq!(WEBHOOK_SECRET.parameter("dev"), "/ferrocart/dev/payment/webhook-secret");
    }
}
