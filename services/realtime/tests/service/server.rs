//! Services that the local AWS lacks: the connections of a WebSocket API, and a user pool's keys.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// The connections of a WebSocket API.
pub struct Switchboard {
    pub url: String,
    board: Arc<Mutex<Board>>,
}

#[derive(Default)]
struct Board {
    frames: HashMap<String, Vec<Value>>,
    closed: Vec<String>,
    gone: HashSet<String>,
    stuck: HashSet<String>,
}

impl Switchboard {
    pub async fn start() -> Self {
        let board = Arc::new(Mutex::new(Board::default()));
        let answering = Arc::clone(&board);
        let url = serve(move |method, path, body| answering.lock().unwrap().answer(method, path, body)).await;
        Self { url: format!("{url}/dev"), board }
    }

    /// The frames pushed to a client without a request.
    pub fn frames(&self, id: &str) -> Vec<Value> {
        self.board.lock().unwrap().frames.get(id).cloned().unwrap_or_default()
    }

    /// The closed connections.
    pub fn closed(&self) -> Vec<String> {
        self.board.lock().unwrap().closed.clone()
    }

    /// Drops a client without a disconnect event.
    pub fn lose(&self, id: &str) {
        self.board.lock().unwrap().gone.insert(id.to_owned());
    }

    /// Sets whether a client is unreachable.
    pub fn stick(&self, id: &str, stuck: bool) {
        let mut board = self.board.lock().unwrap();
        if stuck {
            board.stuck.insert(id.to_owned())
        } else {
            board.stuck.remove(id)
        };
    }
}

impl Board {
    fn answer(&mut self, method: &Method, path: &str, body: &[u8]) -> (u16, String) {
        let id = path.strip_prefix("/dev/@connections/").unwrap().to_owned();
        if self.gone.contains(&id) {
            return (410, "{}".to_owned());
        }
        if self.stuck.contains(&id) {
            return (500, "{}".to_owned());
        }
        match *method {
            Method::POST => self.frames.entry(id).or_default().push(serde_json::from_slice(body).unwrap()),
            Method::DELETE => self.closed.push(id),
            _ => panic!("{method} {path}"),
        }
        (200, String::new())
    }
}

/// Answers requests at an address of its own for as long as the test runs.
pub async fn serve(answer: impl Fn(&Method, &str, &[u8]) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = Arc::clone(&answer);
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = Arc::clone(&answer);
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let (status, body) = answer(&head.method, head.uri.path(), &body);
                    let mut response = Response::new(Full::new(Bytes::from(body)));
                    *response.status_mut() = status.try_into().unwrap();
                    if status == 410 {
                        let kind = "GoneException".parse().unwrap();
                        response.headers_mut().insert("x-amzn-errortype", kind);
                    }
                    Ok::<_, Infallible>(response)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    url
}
