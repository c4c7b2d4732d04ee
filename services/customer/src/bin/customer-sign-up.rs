//! Refuses sign-ups whose user name the shop does not take.

use domain::UserName;
use lambdakit::sign_up;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    sign_up::run(|user_name| user_name.parse::<UserName>().map(drop)).await
}
