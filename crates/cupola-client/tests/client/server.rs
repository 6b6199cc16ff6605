//! A server that answers each request as it is told to, in order, and keeps what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cupola_client::{Client, ClientBuilder, RetryPolicy};
use cupola_record::{Call, CallEnded, Capture};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What one request is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// These bytes, and the connection stays open.
    Say(String),
    /// These bytes, and the connection is closed.
    Close(String),
    /// These bytes, and nothing more for ever.
    Hang(String),
    /// The connection is reset.
    Reset,
}

/// A whole response.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Then {
    Then::Say(format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()))
}

pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// The last of `answers` is repeated.
    pub(crate) async fn start(answers: impl Into<Vec<Then>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap().to_string(), Arc::<Mutex<Vec<String>>>::default());
        let (kept, answers) = (Arc::clone(&asked), Arc::<[Then]>::from(answers.into()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), Arc::clone(&kept)));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Heads and bodies of what was asked, lower case, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answers: Arc<[Then]>, kept: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read(&mut stream).await {
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(request.to_ascii_lowercase());
            kept.len() - 1
        };
        match &answers[number.min(answers.len() - 1)] {
            Then::Say(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Then::Close(text) => return stream.write_all(text.as_bytes()).await.unwrap(),
            Then::Hang(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                std::future::pending::<()>().await;
            }
            Then::Reset => return stream.set_zero_linger().unwrap(),
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(request).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if head.contains("transfer-encoding: chunked") {
        while !body.ends_with(b"0\r\n\r\n") {
            body.push(stream.read_u8().await.ok()?);
        }
    } else {
        stream.read_exact(&mut body).await.ok()?;
    }
    Some(head + &String::from_utf8(body).unwrap())
}

/// A client that waits briefly, and what it records.
pub(crate) fn client(change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> (Client, Capture) {
    let capture = Capture::new();
    let builder = Client::builder().retry(quick()).sink(capture.clone());
    (change(builder).build().unwrap(), capture)
}

pub(crate) fn quick() -> RetryPolicy {
    RetryPolicy::new().backoff(Duration::from_millis(1), Duration::from_millis(2))
}

/// The only call that was recorded.
pub(crate) fn only(capture: &Capture) -> (Call, CallEnded) {
    let mut calls = capture.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

/// Why there was each attempt, and what it came to.
pub(crate) fn attempts(ended: &CallEnded) -> Vec<String> {
    let of = |attempt: &cupola_record::Attempt| {
        let status = || attempt.status.map(|status| status.as_u16().to_string());
        let what = attempt.error.map(|kind| kind.to_string()).or_else(status).unwrap_or_default();
        format!("{} {what}", attempt.reason.as_str())
    };
    ended.attempts.iter().map(of).collect()
}
