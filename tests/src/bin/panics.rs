//! A service that panics as it is told, so that tests can see what its log says of it: `panics HOW`.

use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use http_body_util::BodyExt;
use tower::ServiceExt;

struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        panic!("while another panic unwinds");
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let how = std::env::args().nth(1).unwrap_or_default();
    let cupola = cupola::Cupola::builder("panics").panic_hook().init().expect("the environment is accepted");
    // Nobody drops it, and so nobody but the hook flushes.
    let cupola = Box::leak(Box::new(cupola));
    let app = Router::new()
        .route("/panics", get(panics))
        .route("/spawns", get(spawns))
        .route("/catches", get(catches))
        .layer(cupola.layer());
    match how.as_str() {
        "main" => panic!("in main, password=hunter2"),
        "thread" => {
            let thread = std::thread::Builder::new().name("worker".to_owned());
            let _ = thread.spawn(|| panic!("in a thread")).expect("a thread").join();
        }
        "abort" => {
            let _again = PanicsAgain;
            panic!("the first");
        }
        path => {
            let response = app.oneshot(Request::get(path).body(Body::empty()).expect("a path")).await;
            let _ = response.expect("it cannot fail").into_body().collect().await;
            cupola.telemetry().flush(Duration::from_secs(10));
        }
    }
    // Without a destructor or a flush: only what is out already is out.
    std::process::exit(7)
}

async fn panics() -> &'static str {
    cupola::context::set("vm_id", "vm-7");
    panic!("in a handler")
}

async fn spawns() -> &'static str {
    cupola::context::set("vm_id", "vm-7");
    let _ = cupola::spawn(async { panic!("in a task") }).await;
    "done"
}

async fn catches() -> &'static str {
    let _ = std::panic::catch_unwind(|| panic!("caught in a handler"));
    "done"
}
