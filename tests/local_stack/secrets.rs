//! Secrets Manager: a template gets the secret that it asks for, and can say whose it is.

use serde_json::json;

use crate::local_aws::LocalAws;

#[test]
fn a_secret_is_of_the_characters_asked_for_and_known_by_its_arn() {
    let aws = LocalAws::start("secret");
    aws.ready();
    let resources = json!({ "Secret": { "Type": "AWS::SecretsManager::Secret", "Properties": {
        "GenerateSecretString": { "PasswordLength": 64, "ExcludePunctuation": true },
    } } });
    let outputs = aws.deploy(&resources, &json!({ "Secret": { "Ref": "Secret" } }));
    assert!(outputs["Secret"].starts_with("arn:aws:secretsmanager:us-east-1:000000000000:secret:"));
    let input = json!({ "SecretId": outputs["Secret"] });
    let secret = aws.call("secretsmanager", "secretsmanager.GetSecretValue", &input).unwrap();
    let secret = secret["SecretString"].as_str().unwrap();
    assert_eq!(secret.len(), 64);
    assert!(secret.chars().all(|letter| letter.is_ascii_alphanumeric()), "{secret}");
}
