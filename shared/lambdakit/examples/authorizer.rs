//! The Lambda authorizer of a WebSocket API, which verifies the token of a Cognito user pool.
//!
//! `TOKEN_ISSUER=https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x TOKEN_CLIENTS=client-id \
//! cargo lambda watch --example authorizer --features jwt`

use lambdakit::auth::authorizer;
use lambdakit::auth::jwt::Tokens;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    authorizer::run(Tokens::from_env).await
}
