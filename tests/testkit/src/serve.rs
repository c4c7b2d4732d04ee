use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower::ServiceExt;

/// Serves routes on a separate port, as a third-party server would, and returns their URL.
pub async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address to listen at");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        loop {
            // The client retries a connection that fails while it is opened.
            let Ok((stream, _)) = listener.accept().await else { continue };
            let routes = routes.clone();
            let service =
                service_fn(move |request: Request<Incoming>| routes.clone().oneshot(request.map(Body::new)));
            let server = hyper::server::conn::http1::Builder::new();
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    url
}
