//! Pages beside a service: on a port of their own, and in the application's router.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use axum::{Router, response::Response};
use cupola::Cupola;
use cupola::dashboard::{Access, Role, User};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

fn cupola(vars: impl Fn(&str) -> Option<String> + 'static) -> Result<Cupola, cupola::InitError> {
    Cupola::builder("billing").vars(vars).output(std::io::sink()).build()
}

async fn ask(app: &Router, path: &str, operator: bool) -> (StatusCode, String) {
    let mut request = Request::get(path).header("host", "billing.example");
    if operator {
        request = request.header("x-operator", "1");
    }
    let answer: Response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = answer.status();
    (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_shows_pages_to_whom_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap().to_owned();
    let cupola = cupola(move |name| (name == "CUPOLA_STORE").then(|| dir.clone())).unwrap();
    let access = Access::default()
        .external(|head| head.headers.contains_key("x-operator").then(|| User::new("ann", Role::Operator)));
    let app = Router::new()
        .route("/bills/{id}", get(|| async { "bill" }))
        .merge(cupola.dashboard(access))
        .layer(cupola.layer());
    let _default = tracing::dispatcher::set_default(cupola.telemetry().dispatch());
    assert_eq!(ask(&app, "/bills/7", false).await.0, StatusCode::OK);
    let stranger = ask(&app, "/cupola/api/v1/logs", false).await;
    assert_eq!(stranger.0, StatusCode::UNAUTHORIZED, "{}", stranger.1);
    let found = loop {
        let (status, found) = ask(&app, "/cupola/api/v1/logs?query=route%3D/bills/*", true).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        if found.contains("request completed") {
            break found;
        }
    };
    assert!(found.contains("/bills/{id}") && !found.contains("/cupola"), "it does not observe itself: {found}");
    for page in ["/cupola", "/cupola/logs", "/cupola/alerts", "/cupola/rules", "/cupola/settings"] {
        let (status, shown) = ask(&app, page, true).await;
        assert!(status == StatusCode::OK && shown.contains("ann"), "{page} {status}");
    }
    cupola.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_change_for_a_while_what_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap().to_owned();
    let cupola = cupola(move |name| (name == "CUPOLA_STORE").then(|| dir.clone())).unwrap();
    let app = cupola.dashboard(Access::default().token("look", Role::Operator).token("root", Role::Admin));
    let send = async |path: &str, token: &str, fields: &str| {
        let request = Request::post(path).header("authorization", format!("Bearer {token}"));
        let answer: Response = app.clone().oneshot(request.body(Body::from(fields.to_owned())).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    };
    let change = "directives=app%3A%3Adb%3Ddebug&minutes=15";
    assert_eq!(send("/cupola/settings/levels", "look", change).await.0, 403);
    for (fields, says) in [
        ("directives=app%3A%3Adb%3D%3Cb%3E&minutes=15", "is neither a level"),
        ("directives=debug&minutes=0", "from 1 to 1440"),
        ("directives=debug", "from 1 to 1440"),
    ] {
        let (status, page) = send("/cupola/settings/levels", "root", fields).await;
        assert!(status == 400 && page.contains(says) && !page.contains("<b>"), "{fields}: {page}");
    }
    assert!(!cupola.levels().is_changed());
    assert_eq!(send("/cupola/settings/levels", "root", change).await.0, 303);
    assert_eq!(cupola.levels().directives(), "app::db=debug,info");
    let left = cupola.levels().expires_in().unwrap();
    assert!(left > std::time::Duration::from_secs(600) && left <= std::time::Duration::from_secs(900), "{left:?}");
    let request = Request::get("/cupola/settings").header("authorization", "Bearer root");
    let answer: Response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let page = String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    for says in ["app::db=debug,info", "ends in", "log levels changed", "Back to what is configured"] {
        assert!(page.contains(says), "{says} is not on the page: {page}");
    }
    assert_eq!(send("/cupola/settings/levels/reset", "root", "").await.0, 303);
    assert_eq!(cupola.levels().directives(), "info");
    cupola.shutdown().await;
}

#[tokio::test]
async fn without_a_store_there_is_nothing_to_show() {
    let cupola = cupola(|_| None).unwrap();
    let app = cupola.dashboard(Access::default().everyone_by_any_name(Role::Viewer));
    assert_eq!(ask(&app, "/cupola", true).await.0, StatusCode::NOT_FOUND);
}

#[test]
fn a_wrong_place_is_said_at_the_start() {
    let check = |name: &'static str, value: &'static str, expected: &str| {
        let error = cupola(move |asked| (asked == name).then(|| value.to_owned())).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check("CUPOLA_DASHBOARD", "everywhere", "CUPOLA_DASHBOARD is `everywhere`; accepted: an address with a port");
    check("CUPOLA_DASHBOARD_TOKEN_FILE", "/nowhere", "CUPOLA_DASHBOARD_TOKEN_FILE is `/nowhere`: No such file");
}

/// As `init` does it: a process of its own, since there is one `init` a process.
#[tokio::test(flavor = "multi_thread")]
async fn init_shows_them_on_a_port_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap().to_owned();
    let log = cupola::telemetry::Memory::new();
    let vars = move |name: &str| match name {
        "CUPOLA_STORE" => Some(dir.clone()),
        "CUPOLA_DASHBOARD" => Some("127.0.0.1:0".to_owned()),
        "CUPOLA_DASHBOARD_TOKEN" => Some("look-7".to_owned()),
        _ => None,
    };
    let cupola = Cupola::builder("billing").vars(vars).output(log.clone()).init().unwrap();
    assert!(cupola.telemetry().flush(std::time::Duration::from_secs(10)));
    let text = log.text();
    assert!(!text.contains("look-7"), "{text}");
    let line = text.lines().find(|line| line.contains("the dashboard is shown")).unwrap_or_else(|| panic!("{text}"));
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let address = line["address"].as_str().unwrap().to_owned();
    let ask = |head: &'static str| {
        let address = address.clone();
        tokio::task::spawn_blocking(move || {
            use std::io::{Read as _, Write as _};
            let mut stream = std::net::TcpStream::connect(&address).unwrap();
            write!(stream, "GET /cupola/api/v1/logs HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{head}\r\n")
                .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer[9..12].to_owned()
        })
    };
    assert_eq!(ask("").await.unwrap(), "401", "loopback is not authentication");
    assert_eq!(ask("Authorization: Bearer look-7\r\n").await.unwrap(), "200");
    cupola.shutdown().await;
}
