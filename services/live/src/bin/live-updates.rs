//! Tells customers where their orders stand.

use lambdakit::aws::Aws;
use lambdakit::queue;
use lambdakit::socket::Connections;
use lambdakit::table::Table;
use live::push::Pusher;
use live::store::ConnectionStore;
use live::updates::Updates;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    queue::run(async || {
        let aws = Aws::connected_to("dynamodb").await?;
        let connections = ConnectionStore::new(Table::from_env(&aws.dynamodb(), "CONNECTION_TABLE")?);
        let pusher = Pusher::new(Connections::from_env(&aws, "CALLBACK_URL")?, connections.clone());
        Ok(Updates::new(connections, pusher))
    })
    .await
}
