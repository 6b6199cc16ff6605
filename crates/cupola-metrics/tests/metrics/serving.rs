//! A server of expositions, small enough to be looked through, and what is asked of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use cupola_metrics::{Format, Registry};
use http::{HeaderMap, HeaderName, Response};

/// Serves a registry until the process ends: `/text` and `/openmetrics` whatever is accepted, and anything else as it is.
pub(crate) fn serve(registry: Registry) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, registry) = (stream.unwrap(), registry.clone());
            std::thread::spawn(move || answer(&registry, stream));
        }
    });
    address
}

fn answer(registry: &Registry, mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let asked = lines.next().unwrap_or_default();
    let headers: HeaderMap = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value.trim().parse().ok()?))
        })
        .collect();
    let response = match asked.split(' ').nth(1) {
        Some("/text") => fixed(registry, Format::Text),
        Some("/openmetrics") => fixed(registry, Format::OpenMetrics),
        _ => registry.respond(&headers),
    };
    let mut head = String::from("HTTP/1.1 200 OK\r\nconnection: close\r\n");
    for (name, value) in response.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    // Whoever asks may be gone already.
    let _ = write!(stream, "{head}content-length: {}\r\n\r\n", response.body().len());
    let _ = stream.write_all(response.body());
}

fn fixed(registry: &Registry, format: Format) -> Response<Vec<u8>> {
    let response = Response::builder().header("content-type", format.content_type());
    response.body(registry.encode(format)).unwrap()
}

/// The body of what this address answers.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// An address on which nobody listens yet.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A process that ends with the test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Hands a text to a program; gives what it says, and whether it is content.
pub(crate) fn tell(command: &mut Command, text: &[u8]) -> (bool, String) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(text).unwrap();
    let output = running.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
