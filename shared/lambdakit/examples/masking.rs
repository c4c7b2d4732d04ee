//! A step of a workflow that reads an e-mail address, and shows it nowhere.
//!
//! ```text
//! export SERVICE=demo STAGE=dev METRICS_NAMESPACE=Demo
//! cargo lambda watch --example masking
//! cargo lambda invoke masking --data-ascii '{"user": "grace", "email": "grace@example.com"}'
//! ```

use lambdakit::masking::Redacted;
use lambdakit::workflow::steps::{self, Handler, StepError, StepResult};
use lambdakit::{ConfigError, telemetry};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
struct SignUp {
    user: String,
    email: Redacted<String>,
}

struct Welcome;

impl Handler for Welcome {
    type Step = SignUp;
    type Output = SignUp;

    async fn handle(&self, sign_up: SignUp) -> Result<StepResult<SignUp>, StepError> {
        let domain = sign_up.email.reveal().split('@').next_back().unwrap_or_default();
        telemetry::field("domain", domain);
        telemetry::field("signUp", &format!("{sign_up:?}"));
        Ok(StepResult::Done(sign_up))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    steps::run(async || Ok::<_, ConfigError>(Welcome)).await
}
