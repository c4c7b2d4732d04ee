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

/// The account may not have been deleted.
#[derive(Debug, thiserror::Error)]
#[error("account not deleted: {0}")]
pub struct AccountError(String);

impl Accounts {
    /// The accounts of the user pool with this id.
    #[must_use]
    pub fn new(client: aws_sdk_cognitoidentityprovider::Client, pool: String) -> Self {
        Self { client, pool }
    }

    /// The accounts of the user pool in `USER_POOL_ID`.
    ///
    /// # Errors
    /// When the variable is missing.
    pub fn from_env(aws: &Aws) -> Result<Self, ConfigError> {
        Ok(Self::new(aws.cognito(), config::required("USER_POOL_ID")?))
    }

    /// Deletes the account with this `sub`, if it exists. Cognito deletes accounts by user name. A
    /// user name is as good as an id here: another account can take it only after this one is gone.
    pub async fn delete(&self, customer_id: CustomerId) -> Result<(), AccountError> {
        let Some(user_name) = self.find(customer_id).await? else { return Ok(()) };
        let delete = self.client.admin_delete_user().user_pool_id(&self.pool).username(user_name);
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.as_service_error(), Some(UserNotFoundException(_))) => Ok(()),
            Err(error) => Err(not_deleted(&error)),
        }
    }

    /// The user name of the account with this `sub`.
    async fn find(&self, customer_id: CustomerId) -> Result<Option<String>, AccountError> {
        let list = self.client.list_users().user_pool_id(&self.pool).limit(1);
        let found = list.filter(format!("sub = \"{customer_id}\"")).send().await;
        let users = found.map_err(|error| not_deleted(&error))?.users.unwrap_or_default();
        Ok(users.into_iter().find_map(|user| user.username))
    }
}

fn not_deleted(error: &impl ProvideErrorMetadata) -> AccountError {
    AccountError(error.code().unwrap_or("Cognito did not answer").to_owned())
}
