//! Questions to the store.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use cupola_store::{Failures, MAX_PAGE, Query, QueryError, Search, Signal, Top, TraceOf};
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::call::Call;
use super::document::Routes;
use super::operation::Operation;
use super::parameter::{self as is, Parameter, SELECTION};
use super::{answers, over_time};
use crate::asked::Asked;
use crate::desk::Desk;
use crate::problem::Problem;

pub(super) type Question = Box<dyn FnOnce(&dyn Query) -> Said + Send>;
pub(super) type Answer = Result<Question, Problem>;
type Said = Result<String, QueryError>;

const PAGE: Parameter = Parameter::most("limit", "How many entries there are at most.", 100, MAX_PAGE);
const VALUES: Parameter =
    Parameter::most("values", "How many values are told apart; the others are told together.", 10, 100);
const MEASURES: Parameter =
    Parameter::most("values", "How many values are told apart; the others are counted.", 10, 1_000);
const TOP: Parameter = Parameter::most("limit", "How many values there are at most.", 10, 1_000);
const GROUPS: Parameter = Parameter::most("limit", "How many groups there are at most.", 50, 1_000);
const ROWS: Parameter = Parameter::most("limit", "How many rows there are at most.", 100, 1_000);
const SERIES: Parameter = Parameter::most("limit", "How many series there are at most.", 100, 1_000);

const MINUTE: Duration = Duration::from_secs(60);
/// So many steps there are at most where nobody says how long they are.
const MOST_STEPS: u64 = 1_440;

/// Adds them.
pub(super) fn add(routes: &mut Routes, desk: &Desk) {
    for signal in Signal::ALL {
        for (operation, answer) in of_signal(signal) {
            ask(routes, desk, operation, move |call| answer(signal, call.asked));
        }
    }
    ask(routes, desk, errors(), |call| failures(Signal::Logs, call.asked));
    ask(routes, desk, requests(), |call| over_time::requests(call.asked));
    ask(routes, desk, points(), |call| over_time::points(call.asked));
    ask(routes, desk, trace_operation(), trace);
}

fn ask(
    routes: &mut Routes,
    desk: &Desk,
    operation: Operation,
    answer: impl Fn(Call) -> Answer + Copy + Send + Sync + 'static,
) {
    let desk = desk.clone();
    routes.add(operation, move |call| {
        let desk = desk.clone();
        async move { say(&desk, answer(call)?).await }
    });
}

type OfSignal = fn(Signal, Asked) -> Answer;

/// What is asked of a signal's entries.
fn of_signal(signal: Signal) -> [(Operation, OfSignal); 4] {
    let of = |what: &str, does: &str, summary: &str| {
        Operation::get(format!("/{signal}{what}"), format!("{does}_{signal}"), summary).asks(SELECTION)
    };
    [
        (
            of("", "search", "Entries, the newest first")
                .asks([&PAGE, &is::CURSOR])
                .answers::<answers::Found<'_>>("A page of them."),
            search,
        ),
        (
            of("/counts", "count", "How many entries there are in each step of time")
                .asks([&is::STEP_OR_USUAL, &is::BY, &VALUES])
                .answers::<answers::Counted<'_>>("The counts, of each value of `by`."),
            counts,
        ),
        (
            of("/top", "top", "The most frequent values of a field")
                .asks([&is::FIELD, &TOP])
                .answers::<answers::Topped<'_>>("The values."),
            top,
        ),
        (
            of("/quantiles", "measure", "How the numbers of a field are spread")
                .asks([&is::MEASURED, &is::BY, &is::STEP, &is::SHARES, &MEASURES])
                .answers::<answers::Measured<'_>>("Count, sum, least, greatest and quantiles."),
            quantiles,
        ),
    ]
}

fn errors() -> Operation {
    let errors = Operation::get("/errors", "group_errors", "Errors, those that are alike as one").asks(SELECTION);
    errors.asks([&is::LEVEL, &is::STEP_OF_MINUTES, &GROUPS]).answers::<answers::Failed<'_>>("The groups.")
}

fn requests() -> Operation {
    let requests = Operation::get(
        "/requests",
        "count_requests",
        "How many requests there were, how many failed, and how long they took",
    );
    let requests = requests.says("By route, service or all together; with a `step`, over time. It is read from what was added up by the minute: `whole_ms` says of which whole times it tells.");
    let asked = [
        &is::SINCE,
        &is::UNTIL,
        &is::OF_REQUESTS,
        &is::SERVICE,
        &is::ROUTE,
        &is::REQUESTS_BY,
        &is::STEP_OF_MINUTES,
        &is::SHARES,
        &ROWS,
    ];
    requests.asks(asked).answers::<over_time::Requested<'_>>("The rows.")
}

fn points() -> Operation {
    let points = Operation::get("/points", "read_metric", "A metric over time");
    let asked = [
        &is::METRIC,
        &is::SINCE,
        &is::UNTIL,
        &is::HOW,
        &is::STEP_OR_USUAL,
        &is::SERVICE,
        &is::LABELS,
        &is::ONLY,
        &SERIES,
    ];
    points.asks(asked).answers::<over_time::Pointed<'_>>("The series; `null` where nothing was said in a step.")
}

fn trace_operation() -> Operation {
    let trace = Operation::get("/traces/{trace_id}", "read_trace", "Everything of a trace");
    let asked = [&is::FROM_THE_BEGINNING, &is::UNTIL];
    trace
        .says("An empty one where nothing is known of it.")
        .asks(asked)
        .answers::<answers::Trace<'_>>("Its spans and log entries.")
}

/// Asks, and says what the answer is.
async fn say(desk: &Desk, answer: Question) -> Result<Response, Problem> {
    let said = desk.ask(answer).await??;
    Ok(([(CONTENT_TYPE, "application/json")], said).into_response())
}

pub(super) fn said(answer: &impl Serialize) -> Said {
    // What is answered has no keys but texts, so that it is always JSON.
    Ok(serde_json::to_string(answer).unwrap_or_default())
}

fn search(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let limit = asked.number("limit", 100, MAX_PAGE)?;
    let cursor = asked.read_as("cursor", "what an earlier answer gave, as it was")?;
    let search = Search { selection, limit, cursor };
    Ok(Box::new(move |query| said(&answers::Found::from(&query.search(&search)?))))
}

fn counts(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let step = asked.span("step")?.unwrap_or_else(|| usual_step(selection.since, selection.until));
    let (by, values) = (asked.text("by"), asked.number("values", 10, 100)?);
    let counts = cupola_store::Counts { selection, step, by, values };
    Ok(Box::new(move |query| said(&answers::Counted::from(&query.counts(&counts)?))))
}

/// A minute, or as many as make no more than so many steps.
pub(super) fn usual_step(since: Option<i64>, until: Option<i64>) -> Duration {
    let time = until.unwrap_or(i64::MAX).saturating_sub(since.unwrap_or(0)).max(0).unsigned_abs();
    let minutes = time.div_ceil(MOST_STEPS * MINUTE.as_secs() * 1_000_000_000).max(1);
    Duration::from_secs(minutes * MINUTE.as_secs())
}

fn top(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let field = asked.text("field").ok_or_else(|| Problem::missing("field", "the name of a field"))?;
    let limit = asked.number("limit", 10, 1_000)?;
    let top = Top { selection, field, limit };
    Ok(Box::new(move |query| said(&answers::Topped::from(&query.top(&top)?))))
}

fn quantiles(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let field = asked.text("field").unwrap_or_else(|| "duration_ms".to_owned());
    let (by, step, shares) = (asked.text("by"), asked.span("step")?, asked.shares()?);
    let values = asked.number("values", 10, 1_000)?;
    let shares_shown = shares.clone();
    let quantiles = cupola_store::Quantiles { selection, field, by, step, shares, values };
    Ok(Box::new(move |query| said(&answers::Measured::of(&query.quantiles(&quantiles)?, &shares_shown))))
}

fn failures(signal: Signal, mut asked: Asked) -> Answer {
    let selection = asked.selection(signal, Some("1h"))?;
    let (level, step, limit) = (asked.level()?, asked.span("step")?, asked.number("limit", 50, 1_000)?);
    let failures = Failures { selection, level, besides: Vec::new(), step, examples: true, limit };
    Ok(Box::new(move |query| said(&answers::Failed::from(&query.failures(&failures)?))))
}

fn trace(mut call: Call) -> Answer {
    let (id, asked) = (call.step("trace_id").to_owned(), &mut call.asked);
    if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Problem::bad("trace_id", "is no trace id", "32 hexadecimal digits"));
    }
    let (since, until) = (asked.time("since", None)?, asked.time("until", None)?);
    let of = TraceOf { since, until, ..TraceOf::id(id) };
    Ok(Box::new(move |query| said(&answers::Trace::from(&query.trace(&of)?))))
}
