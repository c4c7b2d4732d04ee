//! An HTTP server on a port of its own, until it is dropped.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server that reads each request's body and answers it with `answer`. With an
    /// acceptor, it uses TLS.
    pub async fn start<A, F>(tls: Option<TlsAcceptor>, answer: A) -> Result<Self>
    where
        A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port to listen at")?;
        let address = listener.local_addr().context("no port to listen at")?;
        let connections = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(serve(listener, tls, Arc::clone(&connections), answer));
        Ok(Self { address, connections, task })
    }

    /// The number of connections opened so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<A, F>(listener: TcpListener, tls: Option<TlsAcceptor>, connections: Arc<AtomicU64>, answer: A)
where
    A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).ok();
        connections.fetch_add(1, Ordering::SeqCst);
        let (tls, answer) = (tls.clone(), answer.clone());
        tokio::spawn(async move {
            match tls {
                // A client that rejects the certificate reports the error itself.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, answer).await;
                    }
                }
                None => connection(stream, answer).await,
            }
        });
    }
}

async fn connection<A, F>(stream: impl AsyncRead + AsyncWrite + Unpin, answer: A)
where
    A: Fn(Request<Bytes>) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
{
    let service = service_fn(async |request: Request<Incoming>| {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok::<_, Infallible>(answer(Request::from_parts(head, body)).await)
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}
