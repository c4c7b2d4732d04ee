//! SES: the identities of sender and recipients, and the sender's address, decide who may send.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, MailType, Message};
use serde_json::{Value, json};
use testkit::Account;
use tokio::runtime::Runtime;

use crate::local_aws::LocalAws;

const SHOP: &str = "shop@example.com";
const OTHER: &str = "other@example.com";
const CUSTOMER: &str = "grace@example.org";

/// Sends a mail and returns the error code if SES rejects it.
async fn send(ses: &Client, from: &str) -> Result<(), String> {
    let content = |data: &str| Content::builder().data(data).build().unwrap();
    let message = Message::builder()
        .subject(content("Hello"))
        .body(Body::builder().text(content("Hello")).build())
        .build();
    let send = ses
        .send_email()
        .from_email_address(from)
        .destination(Destination::builder().to_addresses(CUSTOMER).build())
        .content(EmailContent::builder().simple(message).build());
    match send.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

/// A client of SES whose user has one policy.
fn with_policy(aws: &LocalAws, user: &str, resource: &str, condition: Value) -> Client {
    let statement = json!({
        "Effect": "Allow", "Action": "ses:SendEmail", "Condition": condition,
        "Resource": format!("arn:aws:ses:us-east-1:000000000000:identity/{resource}"),
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    aws.form("iam", "CreateUser", &[("UserName", user)]);
    aws.form(
        "iam",
        "PutUserPolicy",
        &[("UserName", user), ("PolicyName", "send"), ("PolicyDocument", &policy)],
    );
    let key = aws.form("iam", "CreateAccessKey", &[("UserName", user)]);
    let part = |name: &str| {
        let (_, rest) = key.split_once(&format!("<{name}>")).unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    Account::of_user(&part("AccessKeyId"), &part("SecretAccessKey"), &aws.endpoint()).aws().mail()
}

#[test]
fn a_policy_can_bind_sending_to_the_address_of_the_sender() {
    let aws = LocalAws::start_with_authorization("mail");
    aws.ready();
    let owner = aws.account().aws().mail();
    Runtime::new().unwrap().block_on(async {
        for sender in [SHOP, "example.com"] {
            owner.create_email_identity().email_identity(sender).send().await.unwrap();
        }
        let condition = json!({ "StringEquals": { "ses:FromAddress": SHOP } });
        let bound = with_policy(&aws, "bound", "*", condition);
        let own_identity = with_policy(&aws, "own", SHOP, json!({}));
        let of_domain = with_policy(&aws, "domain", "example.com", json!({}));
        let denied = || Err("AccessDeniedException".to_owned());

        assert_eq!(send(&bound, SHOP).await, Ok(()));
        assert_eq!(send(&bound, "Shop <shop@example.com>").await, Ok(()));
        assert_eq!(send(&bound, OTHER).await, denied());
        assert_eq!(send(&own_identity, SHOP).await, Ok(()));
        assert_eq!(
            send(&of_domain, OTHER).await,
            Ok(()),
            "the domain is the identity of an address without one"
        );
        assert_eq!(send(&of_domain, SHOP).await, denied());

        // In the sandbox, SES checks the identity of the recipient, too.
        let details = owner.put_account_details().mail_type(MailType::Transactional);
        let details = details.website_url("https://example.com").production_access_enabled(false);
        details.send().await.unwrap();
        owner.create_email_identity().email_identity(CUSTOMER).send().await.unwrap();
        assert_eq!(send(&bound, SHOP).await, Ok(()));
        assert_eq!(send(&bound, OTHER).await, denied());
        assert_eq!(send(&own_identity, SHOP).await, denied());
    });
}
