//! Reads a secret of SSM Parameter Store at init, and refreshes it while the function runs.
//!
//! It needs `API_KEY_PARAMETER`, the name of a `SecureString`, and the credentials of an account, or
//! `AWS_ENDPOINT_URL`. `cargo lambda watch --example parameters --features messaging,parameters`

use lambdakit::ConfigError;
use lambdakit::aws::Aws;
use lambdakit::masking::Secret;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer::{self, Handler};
use lambdakit::parameters::Parameter;
use serde_json::Value;

struct Client {
    api_key: Parameter<Secret>,
}

impl Handler for Client {
    type Event = Value;

    async fn handle(&self, _: Value) -> Result<(), HandlerError> {
        // Never waits: a value that is too old is refreshed in the background.
        let api_key = self.api_key.get();
        assert!(!api_key.reveal().is_empty());
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    consumer::run(client).await
}

async fn client() -> Result<Client, ConfigError> {
    let aws = Aws::preconnected("ssm").await?;
    Ok(Client { api_key: Parameter::from_env(&aws, "API_KEY_PARAMETER").await? })
}
