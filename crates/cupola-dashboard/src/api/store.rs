//! The store taken care of over HTTP, by those who have the role admin.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use cupola_store::maintain::Prune;
use cupola_store::{Selection, Signal};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::deed::{Deed, told};
use crate::access::{Access, Role};
use crate::asked;
use crate::caretaker::{Begun, Caretaker, Failure, Outcome, Refused, Work};
use crate::desk::Desk;
use crate::problem::Problem;

/// What each call wants to be done.
type Wanted = fn(&Deed) -> Result<Work, Problem>;

const WORKS: [(&str, Wanted); 4] = [
    ("/store/verify", |deed| bare(deed, Work::Verify)),
    ("/store/prune", prune),
    ("/store/compact", |deed| bare(deed, Work::Compact)),
    ("/store/backup", |deed| bare(deed, Work::Backup)),
];

/// The routes, below the API's own path; whoever asks is known before.
pub(super) fn routes(mut routes: Router, desk: &Desk, access: &Access, caretaker: &Caretaker) -> Router {
    let house = House { desk: desk.clone(), access: access.clone(), caretaker: caretaker.clone() };
    for (path, wanted) in WORKS {
        let house = house.clone();
        let handler =
            async move |asked: Request| house.done(wanted, asked).await.unwrap_or_else(Problem::into_response);
        routes = routes.route(path, post(handler));
    }
    let (exports, state) = (house.clone(), house);
    let export = async move |asked: Request| exports.export(asked).await.unwrap_or_else(Problem::into_response);
    let state = async move |asked: Request| state.state(asked).await.unwrap_or_else(Problem::into_response);
    routes.route("/store/export", post(export)).route("/store/work", get(state))
}

#[derive(Clone)]
struct House {
    desk: Desk,
    access: Access,
    caretaker: Caretaker,
}

impl House {
    /// Has something done, and says what became of it.
    async fn done(&self, wanted: Wanted, asked: Request) -> Result<Response, Problem> {
        let deed = Deed::read(&self.access, Role::Admin, asked).await?;
        let work = wanted(&deed)?;
        deed.asked.end()?;
        let (caretaker, by) = (self.caretaker.clone(), deed.by);
        let ended = self.desk.ask(move |_| caretaker.begin(work, &by)).await??;
        // The one who does it always says something, unless the process ends.
        let outcome = ended.await.unwrap_or_else(|_| Err(Failure::of("it was stopped")));
        Ok(told(&outcome?))
    }

    async fn export(&self, asked: Request) -> Result<Response, Problem> {
        let mut deed = Deed::read(&self.access, Role::Admin, asked).await?;
        nothing_sent(&deed)?;
        let signal = signal(&mut deed)?;
        let selection = deed.asked.selection(signal, None)?;
        let selection = Selection { deadline: std::time::Duration::MAX, budget: u64::MAX, ..selection };
        deed.asked.end()?;
        let (caretaker, by) = (self.caretaker.clone(), deed.by);
        let lines = self.desk.ask(move |_| caretaker.export(selection, &by)).await??;
        let mut answer = Response::new(Body::new(lines));
        let head = answer.headers_mut();
        head.insert(CONTENT_TYPE, HeaderValue::from_static("application/jsonl; charset=utf-8"));
        head.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let name = format!("attachment; filename=\"{signal}-{}.jsonl\"", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
        head.extend(HeaderValue::try_from(name).map(|name| (CONTENT_DISPOSITION, name)));
        Ok(answer)
    }

    async fn state(&self, asked: Request) -> Result<Response, Problem> {
        let deed = Deed::read(&self.access, Role::Admin, asked).await?;
        deed.asked.end()?;
        let state = self.caretaker.state();
        let last = state.last.map(|last| {
            let mut shown = of_begun(&last.begun);
            shown["until"] = time(last.until).into();
            let (name, value) = of_outcome(last.outcome);
            shown[name] = value;
            shown
        });
        Ok(told(&json!({ "at_work": state.at_work.as_ref().map(of_begun), "last": last })))
    }
}

fn nothing_sent(deed: &Deed) -> Result<(), Problem> {
    let is_nothing = deed.body.as_object().map_or(deed.body.is_null(), serde_json::Map::is_empty);
    if is_nothing { Ok(()) } else { Err(Problem::bad("body", "says what is not asked for here", "no body, or {}")) }
}

fn bare(deed: &Deed, work: Work) -> Result<Work, Problem> {
    nothing_sent(deed).map(|()| work)
}

/// What is to go: at least one of the first three says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    before: Option<String>,
    days: Option<u32>,
    max_bytes: Option<u64>,
    #[serde(default)]
    dry_run: bool,
}

const WHICH: &str = "an object with before (a time) or days (1 to 36500), max_bytes, or both kinds; and dry_run";

fn prune(deed: &Deed) -> Result<Work, Problem> {
    let which: Which = deed.said(WHICH)?;
    let before = match (which.before, which.days) {
        (before, None) => before,
        (None, Some(days @ 1..=36_500)) => Some(format!("{days}d ago")),
        (None, Some(_)) => return Err(Problem::bad("days", "is no such number", "a whole number from 1 to 36500")),
        (Some(_), Some(_)) => return Err(Problem::bad("days", "says the same as before", "one of the two")),
    };
    if before.is_none() && which.max_bytes.is_none() {
        return Err(Problem::bad("body", "does not say what is to go", WHICH));
    }
    let before = before.map(|text| asked::moment("before", &text, &asked::clock())).transpose()?;
    Ok(Work::Prune { prune: Prune { before, max_bytes: which.max_bytes }, dry_run: which.dry_run })
}

fn signal(deed: &mut Deed) -> Result<Signal, Problem> {
    let Some(said) = deed.asked.take("signal") else { return Ok(Signal::Logs) };
    let found = Signal::ALL.into_iter().find(|signal| signal.as_str() == said);
    found.ok_or_else(|| Problem::bad("signal", "is not known", "logs, spans, metrics"))
}

fn of_begun(begun: &Begun) -> Value {
    json!({ "what": begun.what, "by": begun.by, "since": time(begun.since) })
}

fn of_outcome(outcome: Outcome) -> (&'static str, Value) {
    match outcome {
        Ok(done) => ("done", done),
        Err(failure) => ("failed", failure.why.into()),
    }
}

fn time(nanoseconds: i64) -> String {
    Timestamp::from_nanosecond(nanoseconds.into()).map(|time| time.to_string()).unwrap_or_default()
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match &refused {
            Refused::AtWork(_) => Self::conflict(refused.to_string()),
            Refused::Metadata(_) | Refused::Thread(_) => Self::failed(refused.to_string()),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        if failure.has_no_place {
            let detail = "whoever runs the server has named no place for backups: cupola serve --backups DIR, or CUPOLA_STORE_BACKUPS";
            return Self::conflict(detail.to_owned());
        }
        Self::failed(failure.why)
    }
}
