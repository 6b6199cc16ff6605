//! An upstream that answers as the model's name says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

const FINE: &str = r#"{"id":"c-1","object":"chat.completion","model":"fine","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
const PIECE: &str = r#"data: {"id":"c-1","object":"chat.completion.chunk","model":"halfway","choices":[{"index":0,"delta":{"content":"well"},"finish_reason":null}]}"#;

/// An upstream, and the keys that it was shown.
pub(crate) struct Upstream {
    address: String,
    keys: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, keys) = (listener.local_addr().unwrap().to_string(), Arc::<Mutex<Vec<String>>>::default());
        let shown = Arc::clone(&keys);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shown = Arc::clone(&shown);
                std::thread::spawn(move || serve(stream, &shown));
            }
        });
        Self { address, keys }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }
}

/// Answers one question, and closes.
fn serve(mut stream: TcpStream, keys: &Mutex<Vec<String>>) -> Option<()> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    let question = loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        if body.len() >= header("content-length: ")?.parse().ok()? {
            keys.lock().unwrap().push(header("authorization: ").unwrap_or_default());
            break serde_json::from_str::<Value>(body).ok()?;
        }
    };
    let model = question["model"].as_str()?;
    stream.write_all(answer(model, question["stream"] == true).as_bytes()).ok()
}

fn answer(model: &str, streams: bool) -> String {
    let error = |kind: &str, code: &str| format!(r#"{{"error":{{"message":"no","type":"{kind}","code":{code}}}}}"#);
    let whole = |status: &str, body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nretry-after: 7\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    let without_wait = |status: &str, body: &str| whole(status, body).replace("retry-after: 7\r\n", "");
    match model {
        "limited" => whole("429 Too Many Requests", &error("requests", "\"rate_limit_exceeded\"")),
        "broken" => without_wait("500 Internal Server Error", &error("server_error", "null")),
        "busy" => without_wait("503 Service Unavailable", "busy"),
        "unknown" => without_wait("404 Not Found", &error("invalid_request_error", "\"model_not_found\"")),
        "long" => without_wait("400 Bad Request", &error("invalid_request_error", "\"context_length_exceeded\"")),
        "locked" => without_wait("401 Unauthorized", &error("invalid_request_error", "\"invalid_api_key\"")),
        "garbage" => without_wait("200 OK", "<html>hello</html>"),
        "halfway" if streams => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
            format!("{head}{:x}\r\n{PIECE}\n\n\r\n", PIECE.len() + 2)
        }
        "halfway" => format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{}", &FINE[..60]),
        "closed" => String::new(),
        _ => without_wait("200 OK", FINE),
    }
}
