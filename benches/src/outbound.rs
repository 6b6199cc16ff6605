//! Drives requests over a real connection to a server in the same process, for whatever client is compared.
//!
//! Two packages compile this file, each against its own lock file: ours, and that of the peers. The server is the same few
//! lines on the same thread, so that what differs between two clients of a package is the client.

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";

/// Requests before the clock is read: connection made, callsites registered, buffers grown.
const WARM_UP: u32 = 100;

/// Where the server listens.
pub(crate) async fn serve() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    Ok(format!("http://{address}"))
}

async fn answer(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let (mut buffer, mut end) = ([0; 4096], 0);
    while let Ok(read @ 1..) = stream.read(&mut buffer[end..]).await {
        end += read;
        if buffer[..end].ends_with(b"\r\n\r\n") {
            end = 0;
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
    }
}

/// Asks so many times, one after the other, and prints `MODE 41234.5 ns/request`. The exit code is 1 where a request fails.
pub(crate) async fn run<F, R>(mode: &str, base: &str, count: u32, ask: F) -> ExitCode
where
    F: Fn(String) -> R,
    R: Future<Output = Option<usize>>,
{
    let url = |number: u32| format!("{base}/users/{number}?page=2");
    for number in 0..WARM_UP {
        ask(url(number)).await;
    }
    #[allow(clippy::disallowed_methods, reason = "a bench times the real thing")]
    let began = Instant::now();
    for number in 0..count {
        if ask(url(number)).await != Some(2) {
            return ExitCode::FAILURE;
        }
    }
    let each = began.elapsed().as_nanos() as f64 / f64::from(count.max(1));
    let _ = writeln!(std::io::stdout(), "{mode} {each:.1} ns/request");
    ExitCode::SUCCESS
}
