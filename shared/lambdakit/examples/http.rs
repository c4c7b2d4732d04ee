//! An HTTP API: one route with a path parameter, one with a JSON body.
//!
//! `cargo lambda watch --example http --features http`, then
//! `curl http://localhost:9000/greeting/Grace`.

use axum::routing::{get, post};
use axum::{Json, Router};
use lambdakit::http::api::{self, Body, Path};
use lambdakit::http::fields::Fields;
use lambdakit::{ConfigError, Problem};
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    text: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambdakit::Error> {
    api::run(routes).await
}

async fn routes() -> Result<Router, ConfigError> {
    Ok(Router::new().route("/greeting/{name}", get(greet)).route("/greeting", post(greet_often)))
}

async fn greet(Path(name): Path<String>) -> Json<Greeting> {
    Json(Greeting { text: format!("Hello, {name}!") })
}

/// A body without a name, and with `"times": -1`, is answered with both errors at once.
async fn greet_often(Body(body): Body) -> Result<Json<Greeting>, Problem> {
    let mut fields = Fields::parse(&body)?;
    let (name, times) = (fields.required::<String>("name"), fields.optional::<u8>("times"));
    let (Some(name), Some(times)) = (name, times) else { return Err(fields.invalid()) };
    Ok(Json(Greeting { text: format!("Hello, {name}! ").repeat(times.unwrap_or(1).into()) }))
}
