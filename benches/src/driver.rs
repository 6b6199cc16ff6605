//! Drives requests in process through one router and prints what a request cost.
//!
//! It is the same for every stack that is compared: the routes, the requests, the loop and the printed line stand here,
//! and a [`Mode`] supplies nothing but a function from router to router. No socket is opened, so what is measured is the
//! stack and the router below it. A binary is its list of modes and one call:
//!
//! ```text
//! fn main() -> ExitCode {
//!     driver::main(&[Mode { name: "bare", wrap: |app| app }], None)
//! }
//! ```
//!
//! The command line is `MODE COUNT [post] [--allocations]`. The exit code is 2 for a mode that the binary does not hold,
//! and for `--allocations` in one that was built without a counting allocator; 64 for any other mistake.
//!
//! Two packages compile this file, each against its own lock file. Both must take axum with its default features: some
//! of them, `original-uri` for one, cost every request something, and the bare routers would differ.

use std::{
    io::Write,
    process::ExitCode,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Body,
    extract::Path,
    http::{Method, Request, StatusCode, header},
    routing::{get, post},
};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tower::{Service, ServiceExt};

/// Requests sent before the measurement begins: callsites registered, buffers grown, label sets known.
const WARM_UP: u32 = 100;

/// After so many requests the loop yields once, as a server does at its socket, so that what a stack has spawned
/// (axum-prometheus drains its histograms in a task) gets its turn.
const YIELD_EVERY: u32 = 128;

/// About 300 bytes, with one field that must not be logged.
const NEW_VM: &str = r#"{"name":"build-runner-17","template":"ubuntu-24.04-lts","cpus":4,"memory_mib":8192,"disk_gib":80,"network":"vlan-204","owner":"team-infrastructure@example.com","password":"correct horse battery staple","ssh_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8qk1yQ0m","tags":["ci","ephemeral"],"start":true}"#;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// One way to observe the router, by the name that is asked for on the command line.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// As typed, and as printed.
    pub name: &'static str,
    /// Puts the stack around the router. It is called once, inside the tokio runtime that then drives the requests;
    /// what must live as long as they do, it leaks or makes global.
    pub wrap: fn(Router) -> Router,
}

/// Reads the command line, drives the requests, and prints one line: `NAME 8123.4 ns/request`, or with `--allocations`
/// `NAME 52.0 allocations/request`.
///
/// `allocations` reads a counter that only grows, of every allocation and reallocation of the process. It is `None` in
/// a build that is timed: a counting allocator costs more the more a stack allocates.
pub fn main(modes: &[Mode], allocations: Option<fn() -> usize>) -> ExitCode {
    match run(modes, allocations).and_then(|line| writeln!(std::io::stdout(), "{line}").map_err(Failure::Output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(modes),
    }
}

fn run(modes: &[Mode], allocations: Option<fn() -> usize>) -> Result<String, Failure> {
    let plan = Plan::parse(std::env::args().skip(1)).ok_or(Failure::Usage)?;
    let mode = modes.iter().find(|mode| mode.name == plan.mode).ok_or(Failure::NoSuchMode)?;
    let meter = match (plan.allocations, allocations) {
        (false, _) => Meter::Time,
        (true, Some(counter)) => Meter::Allocations(counter),
        (true, None) => return Err(Failure::NoCounter),
    };
    let cost = runtime().block_on(async {
        // `axum::serve` does this to every router, so that handlers become routes once and not at each request.
        let app = (mode.wrap)(routes()).with_state::<()>(());
        drive(&app, plan.shape, WARM_UP).await;
        meter.measure(plan.count, drive(&app, plan.shape, plan.count)).await
    });
    Ok(format!("{} {cost}", mode.name))
}

fn runtime() -> tokio::runtime::Runtime {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.expect("a current-thread runtime needs nothing that a process lacks")
}

/// What the command line asks for.
struct Plan {
    mode: String,
    count: u32,
    shape: Shape,
    allocations: bool,
}

impl Plan {
    fn parse(mut args: impl Iterator<Item = String>) -> Option<Self> {
        let mode = args.next()?;
        let count = args.next()?.parse().ok().filter(|count| *count > 0)?;
        let mut plan = Self { mode, count, shape: Shape::Get, allocations: false };
        for arg in args {
            match arg.as_str() {
                "post" => plan.shape = Shape::Post,
                "--allocations" => plan.allocations = true,
                _ => return None,
            }
        }
        Some(plan)
    }
}

/// Why there is no line to print.
enum Failure {
    Usage,
    NoSuchMode,
    NoCounter,
    Output(std::io::Error),
}

impl Failure {
    fn report(&self, modes: &[Mode]) -> ExitCode {
        let names = modes.iter().map(|mode| mode.name).collect::<Vec<_>>().join(" | ");
        let (code, reason) = match self {
            Self::Usage => (64, "usage: request MODE COUNT [post] [--allocations]".to_owned()),
            Self::NoSuchMode => (2, "no such mode".to_owned()),
            Self::NoCounter => (2, "built without a counting allocator".to_owned()),
            Self::Output(error) => (74, format!("standard output: {error}")),
        };
        eprintln!("{reason}; modes: {names}");
        ExitCode::from(code)
    }
}

/// What is read before and after the requests.
enum Meter {
    Time,
    Allocations(fn() -> usize),
}

impl Meter {
    async fn measure(&self, count: u32, requests: impl Future<Output = ()>) -> String {
        match self {
            Self::Time => format!("{:.1} ns/request", time(requests).await.as_secs_f64() * 1e9 / f64::from(count)),
            Self::Allocations(counter) => {
                let before = counter();
                requests.await;
                format!("{:.1} allocations/request", (counter() - before) as f64 / f64::from(count))
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the wall clock is what is measured here, and no test pauses it")]
async fn time(requests: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    requests.await;
    start.elapsed()
}

async fn drive(app: &Router, shape: Shape, count: u32) {
    for turn in 1..=count {
        exchange(app.clone(), shape).await;
        if turn.is_multiple_of(YIELD_EVERY) {
            tokio::task::yield_now().await;
        }
    }
}

/// One request, until the last frame of its response has been polled.
async fn exchange(mut app: Router, shape: Shape) {
    let Ok(ready) = ServiceExt::<Request<Body>>::ready(&mut app).await;
    let Ok(response) = ready.call(shape.request()).await;
    assert_eq!(response.status(), shape.status(), "the stack under test changed the answer");
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame.expect("a body that is whole in memory cannot fail");
    }
}

/// Which of the two routes is asked.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Get,
    Post,
}

impl Shape {
    fn request(self) -> Request<Body> {
        let built = match self {
            Self::Get => head(Method::GET, "/api/v1/vms/8f14e45f").body(Body::empty()),
            Self::Post => head(Method::POST, "/api/v1/vms")
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::CONTENT_LENGTH, NEW_VM.len())
                .body(Body::from(NEW_VM)),
        };
        built.expect("method, path and headers are constants that are valid")
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Get => StatusCode::OK,
            Self::Post => StatusCode::CREATED,
        }
    }
}

/// The four headers of every request.
fn head(method: Method, path: &'static str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "vms.example.com")
        .header(header::USER_AGENT, "vmctl/2.4.1 (linux; x86_64)")
        .header(header::ACCEPT, "application/json")
        .header("traceparent", TRACEPARENT)
}

fn routes() -> Router {
    Router::new().route("/api/v1/vms/{id}", get(show_vm)).route("/api/v1/vms", post(create_vm))
}

#[derive(Serialize)]
struct Vm {
    id: String,
    name: String,
    state: &'static str,
}

#[derive(Deserialize)]
struct NewVm {
    name: String,
    template: String,
    password: String,
}

async fn show_vm(Path(id): Path<String>) -> Json<Vm> {
    Json(Vm { id, name: "build-runner-17".to_owned(), state: "running" })
}

async fn create_vm(Json(new): Json<NewVm>) -> (StatusCode, Json<Vm>) {
    let state = if new.password.is_empty() || new.template.is_empty() { "refused" } else { "pending" };
    (StatusCode::CREATED, Json(Vm { id: "8f14e45f".to_owned(), name: new.name, state }))
}
