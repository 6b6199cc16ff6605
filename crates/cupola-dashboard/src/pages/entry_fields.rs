//! One entry in full: all its fields, what each leads to, and where the entry belongs.

use cupola_line::fingerprint::Failure;
use cupola_line::{LineBuffer, Scratch};
use cupola_store::{Entry, Level, Value};
use maud::{Markup, html};
use sha2::{Digest as _, Sha256};

use super::link::Link;
use super::terms::{Term, Terms};
use super::visit::Visit;
use super::{parts, show};

/// What is shown first.
const FIRST: [&str; 8] = ["message", "error", "error_type", "service", "level", "target", "route", "status"];

/// A text that is longer is shown as lines of its own.
const SHORT: usize = 120;

/// A field's text; empty where there is none.
pub(super) fn text(entry: &Entry, name: &str) -> String {
    entry.get(name).map(|value| value.text().into_owned()).unwrap_or_default()
}

/// What tells an entry from others of its time.
pub(super) fn id(entry: &Entry) -> String {
    let mut fields: Vec<_> = entry.fields().map(|(name, value)| (name, value.text())).collect();
    fields.sort_unstable();
    let mut said = Sha256::new();
    for (name, value) in fields {
        said.update(name.as_bytes());
        said.update([0xff]);
        said.update(value.as_bytes());
        said.update([0xfe]);
    }
    said.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

/// The page of an entry, from which one comes back to this search.
pub(super) fn link(visit: &Visit, entry: &Entry) -> Link {
    let kept = ["query", "columns"].into_iter().filter_map(|name| Some((name, visit.get(name)?)));
    let link = kept.fold(visit.link("/logs/entry"), |link, (name, value)| link.set(name, value));
    link.set("at", entry.time().to_string()).set("id", id(entry))
}

/// The trace that an entry belongs to, if it has an id that is one.
pub(super) fn trace(entry: &Entry) -> Option<String> {
    Some(text(entry, "trace_id")).filter(|id| is_trace(id))
}

/// Whether this is the id of a trace.
pub(super) fn is_trace(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The group of errors that an entry belongs to, if it is one.
pub(super) fn group(entry: &Entry) -> Option<String> {
    let is_error = entry.get("level").and_then(|level| Level::parse(&level.text())) >= Some(Level::Error);
    let text = |name: &str| text(entry, name);
    let (target, route, message) = (text("target"), text("route"), text("message"));
    let error_type = Some(text("error_type")).filter(|kind| !kind.is_empty()).unwrap_or_else(|| text("error.type"));
    let message = if message.is_empty() { text("error") } else { message };
    let failure = Failure { target: &target, error_type: &error_type, route: &route, message: &message };
    is_error.then(|| failure.fingerprint().to_string())
}

/// Where an entry belongs: its trace, its request, its errors, its job.
pub(super) fn belongs(visit: &Visit, entry: &Entry) -> Markup {
    let same = |name: &str, says: &str| {
        let term = Term::is(name, &text(entry, name))?;
        Some((says.to_owned(), visit.link("/logs").set("query", Terms::read("", &visit.now).with(&term))))
    };
    let links = [
        trace(entry)
            .map(|id| ("Trace".to_owned(), visit.link("/traces").below(&id).set("span", text(entry, "span_id")))),
        same("request_id", "Its request"),
        group(entry).map(|group| ("Errors like it".to_owned(), visit.link("/errors").below(&group))),
        same("job_id", "Its job"),
        same("execution_id", "Its execution"),
    ];
    html! {
        @for (says, link) in links.into_iter().flatten() { a.button href=(link) { (says) } }
    }
}

/// All fields, and searches for entries that have the same.
pub(super) fn fields(visit: &Visit, page: &str, entry: &Entry) -> Markup {
    let terms = Terms::read(visit.get("query").unwrap_or_default(), &visit.now);
    // What happened in a span and what it is linked with are shown by themselves.
    let mut all: Vec<_> =
        entry.fields().filter(|(name, _)| page != "/traces" || !["events", "links"].contains(name)).collect();
    all.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    let columns = visit.get("columns");
    let search = |term: &Term| {
        let link = visit.link(page).set("query", terms.with(term));
        columns.iter().fold(link, |link, columns| link.set("columns", *columns))
    };
    html! {
        dl.fields {
            div { dt { "time" } dd { (show::time(entry.time())) " " span.dim { (show::rfc3339(entry.time())) } } }
            @for (name, value) in all {
                @let said = value.text();
                div {
                    dt { (name) }
                    dd { (shown(&value)) }
                    @if let (Some(is), Some(not)) = (Term::is(name, &said), Term::is_not(name, &said)) {
                        dd.field-links {
                            a href=(search(&is)) aria-label={ "Only " (name) " " (said) } { "only" }
                            a href=(search(&not)) aria-label={ "Not " (name) " " (said) } { "not" }
                            @if page == "/logs" { a href=(visit.link(page).set("query", terms.text()).set("facet", name)) aria-label={ "Values of " (name) } { "values" } }
                        }
                    }
                }
            }
        }
    }
}

/// A value as people read it.
pub(super) fn shown(value: &Value<'_>) -> Markup {
    match value {
        Value::Json(json) => html! { pre { (pretty(json)) } },
        Value::Text(text) if text.len() > SHORT || text.contains('\n') => html! { pre { (text) } },
        Value::Text("") => html! { span.dim { "(empty)" } },
        value => html! { (value.text()) },
    }
}

fn pretty(json: &str) -> String {
    let read: Option<serde_json::Value> = serde_json::from_str(json).ok();
    read.and_then(|read| serde_json::to_string_pretty(&read).ok()).unwrap_or_else(|| json.to_owned())
}

/// The line that it was, or would have been.
pub(super) fn line(entry: &Entry) -> String {
    let (mut out, mut scratch) = (LineBuffer::new(), Scratch::new());
    let _cut = entry.line(&mut out, &mut scratch);
    String::from_utf8_lossy(&out).into_owned()
}

/// What a line tells in short beside its message.
pub(super) fn hint(entry: &Entry) -> Markup {
    let said = |name: &str| Some(text(entry, name)).filter(|text| !text.is_empty());
    let duration = entry.get("duration_ms").and_then(|value| value.as_f64());
    let outcome = said("outcome").filter(|outcome| !["complete", "completed"].contains(&&**outcome));
    let path = said("route").or_else(|| said("path"));
    let words = [
        said("method"),
        path,
        said("dependency"),
        said("job_kind"),
        said("execution_name"),
        said("model"),
        outcome,
        duration.map(show::duration),
        said("error_type"),
    ];
    let status = said("status");
    html! {
        @if let Some(status) = &status { (parts::badge(badge_of(status), status)) " " }
        @for word in words.into_iter().flatten() { i { (word) } " " }
    }
}

/// How a status is shown.
pub(super) fn badge_of(status: &str) -> &'static str {
    match status.as_bytes() {
        [b'5', _, _] => "error",
        [b'4', _, _] => "warn",
        _ => "quiet",
    }
}
