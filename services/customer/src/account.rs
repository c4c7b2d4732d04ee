//! The customer's account in the user pool.

use aws_sdk_cognitoidentityprovider::error::ProvideErrorMetadata;
use aws_sdk_cognitoidentityprovider::operation::admin_delete_user::AdminDeleteUserError::UserNotFoundException;
use domain::UserName;
use lambdakit::ConfigError;
use lambdakit::aws::Aws;
use lambdakit::config;

/// The accounts of a user pool.
#[derive(Clone, Debug)]
pub struct Accounts {
    client: aws_sdk_cognitoidentityprovider::Client,
    pool: String,
}

/// The account could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("account not removed: {0}")]
pub struct NotRemoved(String);

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

    /// Removes an account, if it is there.
    pub async fn remove(&self, user_name: &UserName) -> Result<(), NotRemoved> {
        let delete = self.client.admin_delete_user().user_pool_id(&self.pool).username(user_name.as_str());
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.as_service_error(), Some(UserNotFoundException(_))) => Ok(()),
            Err(error) => Err(NotRemoved(error.code().unwrap_or("Cognito did not answer").to_owned())),
        }
    }
}
