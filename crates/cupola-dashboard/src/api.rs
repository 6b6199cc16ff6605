//! The REST API: questions to the store, and JSON for answers.

mod alerting_health;
mod alerts;
mod answers;
mod deed;
mod live;
mod over_time;
mod store;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use cupola_alert::Alerts;
use cupola_store::{Failures, Query, QueryError, Search, Signal, Tails, Top, TraceOf};
use serde::Serialize;

use crate::access::{Access, Role};
use crate::asked::Asked;
use crate::caretaker::Caretaker;
use crate::desk::Desk;
use crate::problem::Problem;
pub use alerting_health::alerting_health;
pub(crate) use live::stream;

/// Answers questions about what is stored, below `/cupola/api/v1`. All times are RFC 3339 or as people say them (`1h`, `yesterday`).
///
/// | path | parameters beside `query`, `since` (`1h`), `until` | answer |
/// |---|---|---|
/// | `GET /logs`, `/spans`, `/metrics` | `limit` (100), `cursor` | entries, the newest first, and where the next page begins |
/// | `GET /logs/counts` … | `step` (`1m`), `by`, `values` (10) | how many in each step of time |
/// | `GET /logs/top` … | `field`, `limit` (10) | the most frequent values |
/// | `GET /logs/quantiles` … | `field` (`duration_ms`), `by`, `step`, `shares` (`0.5,0.95,0.99`), `values` (10) | how numbers are spread |
/// | `GET /logs/tail` … | only `query` | what comes in, as server-sent events |
/// | `GET /errors` | `level` (`error`), `limit` (50), `step` | errors, those that are alike as one |
/// | `GET /requests` | no `query`; `service`, `route`, `by` (`route`, `service`, `all`), `step`, `shares`, `signal` (`logs`, `spans`), `limit` (100) | how many requests, how many failed, how long they took |
/// | `GET /points` | no `query`; `name`, `how` (`mean`, `last`, `least`, `most`, `sum`, `rate`, `0.95`), `service`, `only` (`cpu.mode=user`), `by`, `step` (`1m`), `limit` (100) | a metric over time |
/// | `GET /alerts/health`, `/alerts/failed` | none | how alerting itself is; messages that were given up (`POST /alerts/send-again` sends one again) |
/// | `GET /traces/{id}` | none but `since` (none), `until` | everything of a trace |
///
/// What cannot be answered is `application/problem+json`, which names the parameter and what is accepted.
#[derive(Clone, Debug)]
pub struct Api {
    desk: Desk,
    access: Option<Access>,
    tails: Option<Tails>,
    alerting: Option<Arc<Alerts>>,
    caretaker: Option<Caretaker>,
}

impl Api {
    /// Asks here.
    pub fn new(query: Arc<dyn Query>) -> Self {
        Self { desk: Desk::new(query), access: None, tails: None, alerting: None, caretaker: None }
    }

    /// Answers only who has this token, or another one that it was given: `Authorization: Bearer …`. Without any, it answers everyone.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.access = Some(self.access.unwrap_or_default().token(token, Role::Viewer));
        self
    }

    /// Answers whom this lets in, and those of the tokens that are given after it.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// Lets people watch what comes in: those of the store that it goes into.
    #[must_use]
    pub fn tails(mut self, tails: Tails) -> Self {
        self.tails = Some(tails);
        self
    }

    /// Tells of the alerts and rules of whoever evaluates them, and lets people decide about them: `GET /alerts`, `/alerts/history`, `/rules`,
    /// `/rules/{name}/preview`, `/silences`; `POST /alerts/acknowledge` (`unacknowledge`, `silence`, `resolve`, `comment`, `assign`),
    /// `/silences`, `/rules/preview`; `DELETE /silences/{id}`; `PUT` and `DELETE /rules/{name}`.
    #[must_use]
    pub fn alerting(mut self, alerting: Arc<Alerts>) -> Self {
        self.alerting = Some(alerting);
        self
    }

    /// Lets those who have the role admin take care of the store. Each call answers when it is done, and is noted; one is done at a time, and 409
    /// says who has which.
    ///
    /// | path | what is sent | answer |
    /// |---|---|---|
    /// | `POST /store/verify` | nothing | how many `files`, `blocks`, `entries`, journal `records` and `problems`; `first_problems` |
    /// | `POST /store/prune` | `{"days": 30}`, `{"before": "2026-11-01T00:00:00Z"}`, `{"max_bytes": 10000000000}`; `"dry_run": true` | how many `files` and `bytes` went; `first_files` |
    /// | `POST /store/compact` | nothing | how many `files`, `merged_blocks`, `damaged_blocks`, `bytes_before`, `bytes_after` |
    /// | `POST /store/backup` | nothing | the `name` of the backup where the server has them; `files`, `bytes` |
    /// | `POST /store/export` | parameters `signal` (`logs`), `query`, `since` (the beginning), `until` | lines of JSON, the oldest entry first; cut off where it fails |
    /// | `GET /store/work` | nothing | what is `at_work`, and what was `last` |
    ///
    /// A store is restored while nothing has it open: `cupola store restore`.
    #[must_use]
    pub fn caretaker(mut self, caretaker: Caretaker) -> Self {
        self.caretaker = Some(caretaker);
        self
    }

    /// How long a question waits while others are answered, which is five seconds otherwise; then it is to be asked again: 503.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.desk.wait(wait);
        self
    }

    /// The routes.
    pub fn router(self) -> Router {
        let Self { desk, access, tails, alerting, caretaker } = self;
        let access = access.unwrap_or_else(|| Access::default().everyone_by_any_name(Role::Viewer));
        let mut routes = Router::new();
        for signal in Signal::ALL {
            for (what, answer) in OF_SIGNALS {
                let desk = desk.clone();
                let handler = async move |RawQuery(asked): RawQuery| of_signal(&desk, signal, answer, asked).await;
                routes = routes.route(&format!("/{signal}{what}"), get(handler));
            }
            let tails = tails.clone();
            let handler = async move |RawQuery(asked): RawQuery| live::tail(tails.as_ref(), signal, asked.as_deref());
            routes = routes.route(&format!("/{signal}/tail"), get(handler));
        }
        for (path, answer) in [("/requests", over_time::requests as OfNone), ("/points", over_time::points)] {
            let desk = desk.clone();
            let handler = async move |RawQuery(asked): RawQuery| of_none(&desk, answer, asked).await;
            routes = routes.route(path, get(handler));
        }
        if let Some(alerting) = &alerting {
            routes = alerts::routes(routes, &desk, &access, alerting);
        }
        if let Some(caretaker) = &caretaker {
            routes = store::routes(routes, &desk, &access, caretaker);
        }
        let (errors, traces) = (desk.clone(), desk);
        let routes = routes
            .route("/errors", get(async move |RawQuery(asked)| of_signal(&errors, Signal::Logs, failures, asked).await))
            .route("/traces/{id}", get(async move |id, RawQuery(asked)| trace(&traces, id, asked).await))
            .method_not_allowed_fallback(async |asked: Request| Problem::not_so(asked.method()))
            .route("/", any(missing))
            .route("/{*else}", any(missing))
            .layer(from_fn(move |asked, next| admitted(access.clone(), asked, next)));
        Router::new().nest("/cupola/api/v1", routes).route("/cupola/api/v1/", any(missing))
    }
}

async fn missing() -> Problem {
    Problem::not_here("there is nothing of this name; accepted: what is in /cupola/api/v1/openapi.json")
}

async fn admitted(access: Access, asked: Request, next: Next) -> Response {
    let (mut head, sent) = asked.into_parts();
    let Some(visitor) = access.visitor(&head).await else { return Problem::unauthenticated().into_response() };
    head.extensions.insert(visitor);
    next.run(Request::from_parts(head, sent)).await
}

type Question = Box<dyn FnOnce(&dyn Query) -> Said + Send>;
type Answer = Result<Question, Problem>;
/// What is asked of a signal.
type OfSignal = fn(Signal, Asked) -> Answer;
/// What is asked of the store as a whole.
type OfNone = fn(Asked) -> Answer;
type Said = Result<String, QueryError>;

const OF_SIGNALS: [(&str, OfSignal); 4] = [("", search), ("/counts", counts), ("/top", top), ("/quantiles", quantiles)];

async fn of_signal(desk: &Desk, signal: Signal, answer: OfSignal, asked: Option<String>) -> Response {
    match Asked::read(asked.as_deref()).and_then(|asked| answer(signal, asked)) {
        Ok(answer) => say(desk, answer).await,
        Err(problem) => problem.into_response(),
    }
}

async fn of_none(desk: &Desk, answer: OfNone, asked: Option<String>) -> Response {
    match Asked::read(asked.as_deref()).and_then(answer) {
        Ok(answer) => say(desk, answer).await,
        Err(problem) => problem.into_response(),
    }
}

/// Asks, and says what the answer is.
async fn say(desk: &Desk, answer: Question) -> Response {
    match desk.ask(answer).await {
        Ok(Ok(said)) => ([(http::header::CONTENT_TYPE, "application/json")], said).into_response(),
        Ok(Err(error)) => Problem::from(error).into_response(),
        Err(unasked) => Problem::from(unasked).into_response(),
    }
}

fn said(answer: &impl Serialize) -> Said {
    // What is answered has no keys but texts, so that it is always JSON.
    Ok(serde_json::to_string(answer).unwrap_or_default())
}

fn search(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let limit = asked.number("limit", 100, cupola_store::MAX_PAGE)?;
    let cursor = asked.read_as("cursor", "what an earlier answer gave, as it was")?;
    asked.end()?;
    let search = Search { selection, limit, cursor };
    Ok(Box::new(move |query| said(&answers::Found::from(&query.search(&search)?))))
}

fn counts(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let step = asked.span("step")?.unwrap_or(std::time::Duration::from_secs(60));
    let (by, values) = (asked.take("by"), asked.number("values", 10, 100)?);
    asked.end()?;
    let counts = cupola_store::Counts { selection, step, by, values };
    Ok(Box::new(move |query| said(&answers::Counted::from(&query.counts(&counts)?))))
}

fn top(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let field = asked.take("field").ok_or_else(|| Problem::missing("field", "the name of a field"))?;
    let limit = asked.number("limit", 10, 1_000)?;
    asked.end()?;
    let top = Top { selection, field, limit };
    Ok(Box::new(move |query| said(&answers::Topped::from(&query.top(&top)?))))
}

fn quantiles(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let field = asked.take("field").unwrap_or_else(|| "duration_ms".to_owned());
    let (by, step, shares) = (asked.take("by"), asked.span("step")?, asked.shares()?);
    let values = asked.number("values", 10, 1_000)?;
    asked.end()?;
    let shares_shown = shares.clone();
    let quantiles = cupola_store::Quantiles { selection, field, by, step, shares, values };
    Ok(Box::new(move |query| said(&answers::Measured::of(&query.quantiles(&quantiles)?, &shares_shown))))
}

fn failures(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let (level, step, limit) = (asked.level()?, asked.span("step")?, asked.number("limit", 50, 1_000)?);
    asked.end()?;
    let failures = Failures { selection, level, besides: Vec::new(), step, limit };
    Ok(Box::new(move |query| said(&answers::Failed::from(&query.failures(&failures)?))))
}

async fn trace(desk: &Desk, id: Result<Path<String>, PathRejection>, asked: Option<String>) -> Response {
    // What is no text is no id either.
    let id = id.map_or_else(|_| String::new(), |Path(id)| id);
    match Asked::read(asked.as_deref()).and_then(|asked| trace_of(id, asked)) {
        Ok(answer) => say(desk, answer).await,
        Err(problem) => problem.into_response(),
    }
}

fn trace_of(id: String, mut asked: Asked) -> Answer {
    if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Problem::bad("id", "is no trace id", "32 hexadecimal digits"));
    }
    let (since, until) = (asked.time("since", None)?, asked.time("until", None)?);
    asked.end()?;
    let of = TraceOf { since, until, ..TraceOf::id(id) };
    Ok(Box::new(move |query| said(&answers::Trace::from(&query.trace(&of)?))))
}
