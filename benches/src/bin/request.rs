//! Whole requests through Cupola, and through nothing: `request MODE COUNT [post] [--allocations]`.
//!
//! | mode | stack |
//! |---|---|
//! | `bare` | nothing |
//! | `identify` | the layer with nobody to tell |
//! | `identify+metrics` | the same with route metrics: the difference is what they cost |
//! | `cupola` | everything that `init` and `.layer()` switch on |
//! | `cupola-otel` | every request a sampled server span too, sent over http/protobuf to a sink in this process |
//! | `cupola-otel-unsampled` | the same pipeline, and no request sampled |
//! | `cupola-otel-logs` | the same, and every line a log record too |
//! | `cupola-bodies` | bodies on the access line too |
//!
//! The peers' modes (`axum-prometheus`, `tower-http`, `tower-http+prometheus`, `all-peers`) are handed to a package of their own, since
//! they are heavy to build: `benches/peers`, with the same loop. Lines go to `/dev/null`. `compare.py` runs both
//! packages and prints the table.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, ExitCode};

use axum::Router;
use cupola::http::BodyRules;
use cupola::metrics::{Registry, RouteMetrics};
use cupola::record::Empty;
use cupola::{Builder, Cupola};

#[path = "../driver.rs"]
#[allow(unreachable_pub, reason = "both packages compile it as they are")]
mod driver;

use driver::Mode;

#[cfg(feature = "allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

const MODES: [Mode; 8] = [
    Mode { name: "bare", wrap: |app| app },
    Mode { name: "identify", wrap: |app| app.layer(cupola::http::layer(Empty)) },
    Mode { name: "identify+metrics", wrap: |app| app.layer(cupola::http::layer(RouteMetrics::new(&Registry::new()))) },
    Mode { name: "cupola", wrap: |app| observed(app, |cupola| cupola) },
    Mode { name: "cupola-otel", wrap: |app| observed(app, |cupola| exported(cupola, "always_on", "none")) },
    Mode { name: "cupola-otel-unsampled", wrap: |app| observed(app, |cupola| exported(cupola, "always_off", "none")) },
    Mode { name: "cupola-otel-logs", wrap: |app| observed(app, |cupola| exported(cupola, "always_off", "otlp")) },
    Mode { name: "cupola-bodies", wrap: |app| observed(app, |cupola| cupola.bodies(BodyRules::default())) },
];

const PEERS: [&str; 4] = ["axum-prometheus", "tower-http", "tower-http+prometheus", "all-peers"];

fn main() -> ExitCode {
    match std::env::args().nth(1) {
        Some(mode) if PEERS.contains(&mode.as_str()) => peer(),
        _ => driver::main(&MODES, allocations()),
    }
}

/// Builds and runs the peers' package with the same arguments.
fn peer() -> ExitCode {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release", "--bin", "request", "--manifest-path", manifest]);
    if cfg!(feature = "allocations") {
        cargo.args(["--features", "allocations"]);
    }
    let status = cargo.arg("--").args(std::env::args().skip(1)).status();
    let code = status.ok().and_then(|status| status.code()).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[cfg(feature = "allocations")]
fn allocations() -> Option<fn() -> usize> {
    Some(|| {
        let stats = ALLOCATOR.stats();
        stats.allocations + stats.reallocations
    })
}

#[cfg(not(feature = "allocations"))]
fn allocations() -> Option<fn() -> usize> {
    None
}

fn observed(app: Router, choose: fn(Builder) -> Builder) -> Router {
    let null = File::options().write(true).open("/dev/null").expect("every Unix has it");
    let builder = choose(Cupola::builder("bench").vars(|_| None).output(null));
    // One process measures one mode, so that what is installed stays until it ends.
    let cupola = Box::leak(Box::new(builder.build().expect("no variable is set")));
    cupola.telemetry().install().expect("nobody else installs");
    app.merge(cupola.routes()).layer(cupola.layer())
}

fn exported(cupola: Builder, sampler: &'static str, logs: &'static str) -> Builder {
    let endpoint = format!("http://{}", sink());
    cupola.vars(move |name| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.clone()),
        "OTEL_TRACES_SAMPLER" => Some(sampler.to_owned()),
        "OTEL_LOGS_EXPORTER" => Some(logs.to_owned()),
        _ => None,
    })
}

/// Takes every message and keeps nothing. What sending costs is counted, unlike with the peers, whose exporter discards.
fn sink() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("this machine has a loopback");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || listener.incoming().for_each(|connection| drop(connection.and_then(swallow))));
    address
}

fn swallow(connection: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(digits) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = digits.trim().parse().unwrap_or(0);
            }
        }
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
}
