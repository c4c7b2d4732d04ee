//! Publishes a reminder a day after each event that it handles.
//!
//! It needs the variables of `Schedules::from_env` and the credentials of an account, or
//! `AWS_ENDPOINT_URL`. `cargo lambda watch --example schedule --features messaging,schedule`

use std::time::Duration;

use lambdakit::ConfigError;
use lambdakit::aws::Aws;
use lambdakit::messaging::batch::HandlerError;
use lambdakit::messaging::consumer::{self, Handler};
use lambdakit::messaging::publish::Entry;
use lambdakit::messaging::schedule::Schedules;
use serde::{Deserialize, Serialize};

const DAY: Duration = Duration::from_hours(24);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BasketFilled {
    basket_id: String,
}

struct Reminders {
    schedules: Schedules,
}

impl Handler for Reminders {
    type Event = BasketFilled;

    async fn handle(&self, basket: BasketFilled) -> Result<(), HandlerError> {
        let reminder = Entry::new("basket", "ReminderDue", &basket)?;
        // A redelivered event finds the schedule of its name, and changes nothing.
        Ok(self.schedules.publish_after(DAY, &basket.basket_id, &reminder).await?)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    consumer::run(reminders).await
}

async fn reminders() -> Result<Reminders, ConfigError> {
    Ok(Reminders { schedules: Schedules::from_env(&Aws::from_env()?)? })
}
