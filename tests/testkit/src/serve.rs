use std::future::IntoFuture;

use axum::Router;
use tokio::net::TcpListener;

/// Serves routes on a separate port, as a third-party server would, and returns their URL.
pub async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address to listen at");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(axum::serve(listener, routes).into_future());
    url
}
