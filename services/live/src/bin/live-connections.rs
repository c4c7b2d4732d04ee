//! Keeps in mind who is connected.

use lambdakit::aws::Aws;
use lambdakit::socket;
use lambdakit::table::Table;
use live::connections::Connections;
use live::store::ConnectionStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    socket::run(async || {
        let dynamodb = Aws::connected_to("dynamodb").await?.dynamodb();
        Ok(Connections::new(ConnectionStore::new(Table::from_env(&dynamodb, "CONNECTION_TABLE")?)))
    })
    .await
}
