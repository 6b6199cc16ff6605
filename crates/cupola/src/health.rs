//! `/healthz` and `/readyz`: a status for everybody, and for one's own people also why.

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use cupola_http::{CheckReport, Checks};
use serde_json::{Value, json};

use crate::cupola::Cupola;

/// How the service stands, in words.
#[derive(Clone, Copy)]
struct Standing {
    name: &'static str,
    text: &'static str,
    status: StatusCode,
}

const OK: Standing = Standing { name: "ok", text: "ok\n", status: StatusCode::OK };
const FAILING: Standing = Standing { name: "failing", text: "failing\n", status: StatusCode::SERVICE_UNAVAILABLE };
const DRAINING: Standing =
    Standing { name: "draining", text: "shutting down\n", status: StatusCode::SERVICE_UNAVAILABLE };

/// Whether the process is well.
pub(crate) async fn alive(cupola: Cupola, request: Request) -> Response {
    let shows_why = is_trusted(&cupola, &request);
    of_checks(&cupola, &cupola.0.alive, shows_why).await
}

/// Whether it can take requests.
pub(crate) async fn ready(cupola: Cupola, request: Request) -> Response {
    let shows_why = is_trusted(&cupola, &request);
    if cupola.is_draining() {
        // Nothing is asked any more: the answer is certain.
        return answer(&cupola, DRAINING, &[], shows_why);
    }
    of_checks(&cupola, &cupola.0.ready, shows_why).await
}

/// The names of what a service leans on, and how it fails, are nothing for strangers.
fn is_trusted(cupola: &Cupola, request: &Request) -> bool {
    cupola.0.layer.trusts_client(request.headers(), request.extensions())
}

async fn of_checks(cupola: &Cupola, checks: &Checks, shows_why: bool) -> Response {
    let reports = checks.run().await;
    let standing = if reports.iter().all(CheckReport::is_ok) { OK } else { FAILING };
    answer(cupola, standing, &reports, shows_why)
}

fn answer(cupola: &Cupola, standing: Standing, reports: &[CheckReport], shows_why: bool) -> Response {
    let no_store = [(CACHE_CONTROL, "no-store")];
    if !shows_why {
        return (standing.status, no_store, standing.text).into_response();
    }
    let checks: Vec<Value> = reports.iter().map(detail).collect();
    let detail = json!({"status": standing.name, "service": cupola.service(), "checks": checks});
    (standing.status, no_store, Json(detail)).into_response()
}

fn detail(report: &CheckReport) -> Value {
    let mut detail = json!({
        "name": &*report.name,
        "status": report.status.as_str(),
        "duration_ms": report.took.as_millis() as u64,
        "age_ms": report.age.as_millis() as u64,
    });
    if let Some(error) = &report.error {
        detail["error"] = error.as_str().into();
    }
    detail
}
