//! Tells on a topic what becomes of orders.

use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::topic::Topic;
use ordering::topic::Facts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let sns = Aws::connected_to("sns").await?.topics();
        Ok(Facts::new(Topic::from_env(&sns, "ORDER_TOPIC_ARN")?))
    })
    .await
}
