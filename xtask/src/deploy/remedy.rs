//! What a person does about an error of AWS or the CDK.

use crate::deploy::cdk::Environment;

/// The sign of a missing permission, in a line that names it.
const UNAUTHORIZED: &str = "is not authorized to perform";

/// Signs of a problem in what a command printed, and what to do about it.
type Remedy = (&'static [&'static str], &'static str);

const REMEDIES: &[Remedy] = &[
    (
        &[
            "ExpiredToken",
            "Token has expired",
            "security token included in the request is",
            "SSO session",
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ],
        "your AWS credentials have expired or are wrong; `aws sso login` or new keys help, then run the same \
         command again",
    ),
    (
        &[
            "_IN_PROGRESS state and can not be updated",
            "cannot be deleted while in status",
            "AlreadyExistsException",
            "OperationInProgressException",
        ],
        "another deployment or removal of the stage is at work; wait until it has ended, then run the same command \
         again",
    ),
    (
        &["Failed to destroy", "Failed deleting stack"],
        "a stack could not be deleted; the messages above name the resource and the reason. Once that is gone, the same \
         command deletes the rest",
    ),
];

/// What to do about a failure of a command in this environment, by what it printed.
pub fn remedy(output: &str, environment: &Environment) -> Option<String> {
    let says = |signs: &[&str]| signs.iter().any(|sign| output.contains(sign));
    if let Some(line) = output.lines().find(|line| line.contains(UNAUTHORIZED)) {
        return Some(format!(
            "your AWS user lacks a permission (docs/deploy.md says what it needs): {}",
            line.trim()
        ));
    }
    if let Some((_, remedy)) = REMEDIES.iter().find(|(signs, _)| says(signs)) {
        return Some((*remedy).to_owned());
    }
    says(&["cdk bootstrap", "/cdk-bootstrap/", "CDKToolkit"]).then(|| {
        let Environment { account, region } = environment;
        format!(
            "account {account} is not prepared for the CDK in {region} yet; once: \
             `npx cdk bootstrap --app '' aws://{account}/{region}`, then run the same command again"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy_for(output: &str) -> Option<String> {
        remedy(output, &Environment { account: "111122223333".to_owned(), region: "eu-west-1".to_owned() })
    }

    #[test]
    fn an_unprepared_account_gets_the_command_that_prepares_it() {
        let output = "SSM parameter /cdk-bootstrap/hnb659fds/version not found. Has the environment been bootstrapped?";
        assert!(
            remedy_for(output).unwrap().contains("npx cdk bootstrap --app '' aws://111122223333/eu-west-1")
        );
    }

    #[test]
    fn expired_credentials_and_missing_permissions_are_told_apart() {
        for output in [
            "ExpiredToken: The security token included in the request is expired",
            "error: DescribeStacks failed: answered 403: The security token included in the request is invalid.",
            "The SSO session associated with this profile has expired",
        ] {
            assert!(remedy_for(output).unwrap().contains("aws sso login"), "{output}");
        }
        let output = "AccessDenied: User: arn:aws:iam::111122223333:user/ada is not authorized to perform: \
             ssm:GetParameter on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/cdk-bootstrap/hnb659fds/version";
        let remedy = remedy_for(output).unwrap();
        assert!(remedy.contains("lacks a permission") && remedy.contains("ssm:GetParameter"), "{remedy}");
    }

    #[test]
    fn a_second_deployment_waits_for_the_first() {
        for output in [
            "Stack:arn:aws:cloudformation:eu-west-1:111122223333:stack/ferrocart-dev-edge/1 is in UPDATE_IN_PROGRESS state and can not be updated.",
            "ValidationError: Stack [ferrocart-dev-edge] cannot be deleted while in status UPDATE_IN_PROGRESS",
            "AlreadyExistsException: Stack [ferrocart-dev-edge] already exists",
        ] {
            assert!(remedy_for(output).unwrap().contains("wait until it has ended"), "{output}");
        }
    }

    #[test]
    fn a_failed_deletion_is_repeated() {
        let output = "Failed to destroy ferrocart-dev-audit: DELETE_FAILED (The following resource(s) failed to delete: [Entries].)";
        assert!(remedy_for(output).unwrap().contains("the same command deletes the rest"));
    }

    #[test]
    fn progress_is_no_failure() {
        assert_eq!(remedy_for("ferrocart-dev-edge | UPDATE_IN_PROGRESS\nUPDATE_ROLLBACK_COMPLETE"), None);
    }
}
