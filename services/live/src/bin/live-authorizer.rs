//! Says whose token it is that a client connects with.

use lambdakit::authorizer;
use lambdakit::jwt::Tokens;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    authorizer::run(Tokens::from_env).await
}
