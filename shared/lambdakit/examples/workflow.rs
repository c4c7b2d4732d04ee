//! A step of a Step Functions workflow. An expected refusal is a result; only a failure is an error.
//!
//! `cargo lambda watch --example workflow`, then
//! `cargo lambda invoke workflow --data-ascii '{"cents": 4200}'`.

use lambdakit::ConfigError;
use lambdakit::workflow::steps::{self, Handler, StepError, StepResult};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Payment {
    cents: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    is_paid: bool,
}

struct Payments;

impl Handler for Payments {
    type Step = Payment;
    type Output = Receipt;

    async fn handle(&self, Payment { cents }: Payment) -> Result<StepResult<Receipt>, StepError> {
        if cents > 100_000 {
            // The workflow reads `isPaid`. No alarm on errors counts the refusal.
            let output = Receipt { is_paid: false };
            return Ok(StepResult::Refused { reason: "AboveLimit", output });
        }
        Ok(StepResult::Done(Receipt { is_paid: true }))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    steps::run(async || Ok::<_, ConfigError>(Payments)).await
}
