//! Servers of HTTP: one that answers as it is told and keeps what it was asked, and one that speaks bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What a server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) text: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.text).unwrap()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Says {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) text: String,
}

pub(crate) fn says(status: u16, text: &str) -> Says {
    Says { status, headers: Vec::new(), text: text.to_owned() }
}

impl Says {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// How it answers what it was not told an answer to.
type Usual = fn(&[Asked], &Asked) -> Says;

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    told: Arc<Mutex<VecDeque<Says>>>,
    usual: Usual,
}

impl Server {
    pub(crate) async fn start(usual: Usual) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { address, asked: Arc::default(), told: Arc::default(), usual };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        server
    }

    pub(crate) fn tell(&self, says: Says) {
        self.told.lock().unwrap().push_back(says);
    }

    /// What it was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(State(server): State<Server>, uri: Uri, headers: HeaderMap, text: Bytes) -> Response {
    let asked = Asked { path: uri.path().to_owned(), headers, text };
    let told = server.told.lock().unwrap().pop_front();
    let mut all = server.asked.lock().unwrap();
    let says = told.unwrap_or_else(|| (server.usual)(&all, &asked));
    all.push(asked);
    let mut response = (StatusCode::from_u16(says.status).unwrap(), says.text).into_response();
    for (name, value) in says.headers {
        response.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    response
}

/// What one connection gets after its request: bytes, and then an end, or silence.
pub(crate) async fn bytes(answer: &'static [u8], ends: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/{}", listener.local_addr().unwrap(), super::SECRET);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 64 * 1024];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(answer).await;
            if !ends {
                kept.push(stream);
            }
        }
    });
    address
}
