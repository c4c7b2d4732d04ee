//! Customers' accounts in the user pool.

use aws_sdk_cognitoidentityprovider::error::ProvideErrorMetadata;
use aws_sdk_cognitoidentityprovider::operation::admin_delete_user::AdminDeleteUserError::UserNotFoundException;
use domain::CustomerId;
use lambdakit::ConfigError;
use lambdakit::aws::Aws;
use lambdakit::config;

/// The accounts of a user pool.
#[derive(Clone, Debug)]
pub struct Accounts {
    client: aws_sdk_cognitoidentityprovider::Client,
    pool: String,
}

/// The account was not deleted, as far as is known.
#[derive(Debug, thiserror::Error)]
#[error("account not deleted: {0}")]
pub struct NotDeleted(String);

impl Accounts {
    /// Those of the user pool with this id.
    #[must_use]
    pub fn new(client: aws_sdk_cognitoidentityprovider::Client, pool: String) -> Self {
        Self { client, pool }
    }

    /// Those of the user pool in `USER_POOL_ID`.
    ///
    /// # Errors
    /// When the variable is not there.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        Ok(Self::new(aws.cognito(), config::required("USER_POOL_ID")?))
    }

    /// Deletes an account, if it is there. Cognito takes a `sub` for a user name where user names are no aliases
    /// (API reference, `AdminDeleteUser`), so whoever has the customer's name by now keeps their account.
    pub async fn delete(&self, customer_id: CustomerId) -> Result<(), NotDeleted> {
        let delete =
            self.client.admin_delete_user().user_pool_id(&self.pool).username(customer_id.to_string());
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.as_service_error(), Some(UserNotFoundException(_))) => Ok(()),
            Err(error) => Err(NotDeleted(error.code().unwrap_or("Cognito did not answer").to_owned())),
        }
    }
}
