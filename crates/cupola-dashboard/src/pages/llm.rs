//! Calls of language models: by model how many, what they took in and gave, what they cost, how soon they answered.

mod models;
mod over_time;

use cupola_store::{Entry, Query, Search, Selection, Signal, Top, Topped};
use maud::{Markup, html};

use super::deploys::field;
use super::fault::Fault;
use super::layout::Drawn;
use super::money::money;
use super::parts::{self, Tile};
use super::red_table::name;
use super::room::Room;
use super::visit::Visit;
use super::{show, told};
use models::Models;
use over_time::OverTime;

/// The lines of calls.
const TARGET: &str = "cupola::llm";
/// Which calls are listed.
const LISTED: [&str; 4] = ["all", "failed", "abandoned", "refused"];
/// So many are.
const NEWEST: usize = 20;

/// Calls of models, all of them or those of one model.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let listed = visit.one_of("outcome", &LISTED)?;
    let calls = calls(visit);
    let body = html! {
        @if told::is_any(room.query, &calls)? { (made(visit, room.query, calls, listed)?) }
        @else { (parts::panel("Calls of language models", None, &parts::empty("No call in this time", &whys(visit)))) }
    };
    Ok(match visit.get("model") {
        Some(model) => Drawn::new("/llm", name(model), body).under("LLM calls", visit.link("/llm")),
        None => Drawn::new("/llm", "LLM calls", body),
    })
}

fn made(visit: &Visit, query: &dyn Query, calls: Selection, listed: &str) -> Result<Markup, Fault> {
    let before = visit.range.before();
    let earlier = Selection { since: Some(before.since), until: Some(before.until), ..calls.clone() };
    let (now, earlier) = (Models::ask(query, &calls)?, Models::ask(query, &earlier)?);
    let errors = query.top(&Top { selection: calls.clone(), field: "error_type".to_owned(), limit: 10 })?;
    let over_time = OverTime::ask(visit, query, &calls)?;
    let selection = match listed {
        "all" => calls,
        "refused" => told::and(&calls, [field("refused", "true")]),
        outcome => told::and(&calls, [field("outcome", outcome)]),
    };
    let newest = query.search(&Search { selection, limit: NEWEST, cursor: None })?.entries;
    Ok(html! {
        (parts::partial(over_time.partial()))
        (tiles(visit, &now, &earlier))
        (over_time.draw(visit))
        (parts::panel("Models", Some(html! { "against the time before" }), &now.draw(visit, &earlier)))
        @if !errors.values.is_empty() { (parts::panel("Why calls fail", None, &why(visit, &errors, now.calls()))) }
        (parts::panel("Newest calls", Some(told::choices(visit, "outcome", &LISTED, listed, "How they ended")), &html! {
            @if newest.is_empty() { (parts::empty("No such call", &[html! { "Of the calls of this time none is so." }])) }
            @else { (table(visit, &newest)) }
        }))
    })
}

/// That a client was configured is said by the same target, and has no outcome.
fn calls(visit: &Visit) -> Selection {
    let only = ["model", "provider", "service", "error_type"];
    let only = only.into_iter().filter_map(|known| visit.get(known).map(|value| field(known, value)));
    told::and(&visit.all_of(Signal::Logs), [field("target", TARGET), told::has("outcome")].into_iter().chain(only))
}

fn tiles(visit: &Visit, now: &Models, earlier: &Models) -> Markup {
    let seconds = visit.range.seconds().max(1.0);
    let rates = (show::as_f64(now.calls()) / seconds, show::as_f64(earlier.calls()) / seconds);
    let tile = |name, value, note, state| Tile { name, value, note: Some(note), state };
    let sum = |name, of: fn(&Models) -> Option<f64>| {
        let (now, before) = (of(now), of(earlier).unwrap_or_default());
        let note = parts::change(now.unwrap_or_default(), before, "");
        tile(name, now.map_or_else(|| "–".to_owned(), show::short), note, "")
    };
    let quantile = |name, of: fn(&Models) -> Option<f64>| {
        let (now, before) = (of(now), of(earlier).unwrap_or_default());
        let note = parts::change(now.unwrap_or_default(), before, "bad");
        tile(name, now.map_or_else(|| "–".to_owned(), show::duration), note, "")
    };
    let failed = (now.failed(), earlier.failed());
    let unpriced = now.unpriced();
    let cost = html! {
        @if now.cost().is_some() { (parts::change(now.cost().unwrap_or_default(), earlier.cost().unwrap_or_default(), "bad")) }
        @if unpriced > 0 { span { " and " (show::count(unpriced)) " calls of unknown cost" } }
    };
    html! {
        (parts::tiles(&[
            tile("Calls", show::rate(rates.0), parts::change(rates.0, rates.1, ""), ""),
            tile("Failed", show::percent(failed.0), parts::change(failed.0, failed.1, "bad"), if failed.0 >= 0.05 { "bad" } else { "" }),
            sum("Tokens in", Models::input),
            sum("Tokens out", Models::output),
            tile("Cost", now.cost().map_or_else(|| "unknown".to_owned(), money), cost, ""),
            quantile("First chunk, p95", Models::first_p95),
            quantile("Duration, p95", Models::took_p95),
        ]))
    }
}

fn why(visit: &Visit, errors: &Topped, calls: u64) -> Markup {
    let table = html! {
        table {
            thead { tr { th scope="col" { "Error" } th.num scope="col" { "Calls" } th.num scope="col" { "Of all" } } }
            tbody {
                @for (kind, count) in &errors.values {
                    tr {
                        th scope="row" { a href=(visit.here().set("error_type", &**kind).without("outcome")) { (name(kind)) } }
                        td.num { (show::count(*count)) }
                        td.num { (show::percent(show::as_f64(*count) / show::as_f64(calls.max(1)))) }
                    }
                }
            }
        }
    };
    parts::scroll("Why calls fail", &table)
}

fn table(visit: &Visit, newest: &[Entry]) -> Markup {
    let now = visit.moment();
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Model" } th scope="col" { "Outcome" } th.num scope="col" { "In" } th.num scope="col" { "Cached" } th.num scope="col" { "Out" }
                    th.num scope="col" { "Cost" } th.num scope="col" { "First chunk" } th.num scope="col" { "Took" }
                    th scope="col" { "Service" } th.num scope="col" { "Ended" } th scope="col" { "Trace" }
                }
            }
            tbody { @for entry in newest { tr { (row(visit, entry, now)) } } }
        }
    };
    parts::scroll("Newest calls", &table)
}

fn row(visit: &Visit, entry: &Entry, now: i64) -> Markup {
    let text = |name: &str| told::text(entry, name);
    let model = text("model").or_else(|| text("response_model")).unwrap_or_default();
    let outcome = text("outcome").unwrap_or_default();
    let whole = |name: &str| html! { @match told::number(entry, name) { Some(number) => (show::short(number)), None => span.dim { "–" } } };
    html! {
        th scope="row" {
            div.stack {
                a href=(visit.here().set("model", &*model)) { (name(&model)) }
                span.dim.small-text { (text("provider").unwrap_or_default()) " " (text("operation").unwrap_or_default()) }
            }
        }
        td {
            div.stack {
                span {
                    (told::outcome(&outcome))
                    @if text("refused").as_deref() == Some("true") { " " (parts::badge("warn", "refused")) }
                }
                @if let Some(kind) = text("error_type") { span.bad-text.small-text title=[text("error_code")] { (kind) } }
                @else if let Some(why) = text("finish_reasons").filter(|why| why != "stop") { span.dim.small-text { (why) } }
            }
        }
        td.num { (whole("input_tokens")) }
        td.num { (whole("cache_read_tokens")) }
        td.num { (whole("output_tokens")) @if text("usage_complete").as_deref() == Some("false") { span.dim title="The provider has not said at the end what was used" { "+" } } }
        td.num { @match told::number(entry, "cost_micros") { Some(cost) => (money(cost)), None => span.dim { "unknown" } } }
        td.num { (told::took(entry, "first_chunk_ms")) }
        td.num { (told::took(entry, "duration_ms")) }
        td { (text("service").unwrap_or_default()) }
        td.num { (show::ago(entry.time(), now)) }
        td { (told::trace(visit, entry, "trace_id")) }
    }
}

fn whys(visit: &Visit) -> Vec<Markup> {
    let mut whys = Vec::new();
    if ["model", "provider", "service", "error_type"].iter().any(|parameter| visit.get(parameter).is_some()) {
        whys.push(html! { "Only some calls are shown. " a href=(visit.link("/llm")) { "Show all of them" } "." });
    }
    whys.extend(parts::whys(visit, false, "calls"));
    whys.push(html! { "Calls are told of by the lines that " code { "cupola_client::llm" } " writes, target " code { (TARGET) } "." });
    whys
}
