//! Secrets Manager: a template generates a secret as described, and another secret can refer to it.

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

#[test]
fn a_secret_is_made_of_another_one_by_a_dynamic_reference() {
    let aws = LocalAws::start("secret-of-secret");
    aws.ready();
    let reference =
        json!(["whsec_{{resolve:secretsmanager:", { "Fn::GetAtt": ["Key", "Id"] }, ":SecretString}}"]);
    let resources = json!({
        "Key": { "Type": "AWS::SecretsManager::Secret", "Properties": {
            "GenerateSecretString": { "PasswordLength": 48, "ExcludePunctuation": true },
        } },
        "Secret": { "Type": "AWS::SecretsManager::Secret", "Properties": {
            "SecretString": { "Fn::Join": ["", reference] },
        } },
    });
    let outputs = aws.deploy(&resources, &json!({ "Key": { "Ref": "Key" }, "Secret": { "Ref": "Secret" } }));
    let secret = |name: &str| {
        let input = json!({ "SecretId": outputs[name] });
        let secret = aws.call("secretsmanager", "secretsmanager.GetSecretValue", &input).unwrap();
        secret["SecretString"].as_str().unwrap().to_owned()
    };
    assert_eq!(secret("Secret"), format!("whsec_{}", secret("Key")));
}
