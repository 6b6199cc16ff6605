//! The store taken care of by admins: what is done, what became of the last thing, and a form for each thing that can be done.

use cupola_store::maintain::Prune;
use cupola_store::{Selection, Signal};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::super::fault::Fault;
use super::super::form::{Form, form};
use super::super::link::Link;
use super::super::room::Room;
use super::super::show;
use super::super::visit::Visit;
use crate::asked::{self, Asked};
use crate::caretaker::{Begun, Caretaker, Ended, Refused, Work};
use crate::problem::Problem;

/// What the form that deletes has to say.
const SURE: &str = "yes";
const MIB: u64 = 1 << 20;

/// What is done, what was done last, and what can be done.
pub(super) fn draw(visit: &Visit, caretaker: &Caretaker) -> Markup {
    let state = caretaker.state();
    html! {
        div.panel-body role="status" {
            @if let Some(begun) = &state.at_work { (at_work(visit, begun)) }
            @if let Some(ended) = &state.last { (last(ended)) }
            @if state.at_work.is_none() && state.last.is_none() { p.dim { "Nothing was done since this process began. One thing is done at a time." } }
        }
        @if state.at_work.is_none() {
            (things(visit))
            (pruning(visit))
            (exporting(visit))
        }
    }
}

fn at_work(visit: &Visit, begun: &Begun) -> Markup {
    let since = show::as_f64(visit.moment().saturating_sub(begun.since).max(0).unsigned_abs()) / 1e6;
    html! {
        p.notice {
            "At work: " strong { (begun.what) } ", asked for by " (begun.by) ", for " (show::age(since)) ". "
            a href=(visit.link("/settings")) { "See how it is now" }
        }
    }
}

fn last(ended: &Ended) -> Markup {
    let Begun { what, by, since } = &ended.begun;
    let took = show::as_f64(ended.until.saturating_sub(*since).max(0).unsigned_abs()) / 1e6;
    html! {
        @match &ended.outcome {
            Ok(done) => p { "Last: " strong { (what) } " by " (by) ", done " (show::time(ended.until)) " in " (show::duration(took)) ": " (said(what, done)) "." },
            Err(failure) => p.notice.bad role="alert" { "Last: " strong { (what) } " by " (by) " failed " (show::time(ended.until)) ": " (why(&failure.why, failure.has_no_place)) "." },
        }
        @if let Ok(done) = &ended.outcome { (troubles(done)) }
    }
}

fn why(why: &str, has_no_place: bool) -> &str {
    if has_no_place {
        "no place for backups was named: cupola serve --backups DIR, or CUPOLA_STORE_BACKUPS"
    } else {
        why
    }
}

/// What was done, in a sentence.
fn said(what: &str, done: &Value) -> String {
    let number = |name: &str| done[name].as_u64().unwrap_or_default();
    let (count, bytes) = (|name: &str| show::count(number(name)), |name: &str| show::bytes(number(name)));
    match what {
        "verify" => format!(
            "{} entries in {} files were read, {} problems found",
            count("entries"),
            count("files"),
            count("problems")
        ),
        "prune" if done["dry_run"] == true => {
            format!("{} files of {} would go, and none went", count("files"), bytes("bytes"))
        }
        "prune" => format!("{} files of {} went", count("files"), bytes("bytes")),
        "compact" => format!(
            "{} small blocks are in larger ones, {} before and {} now",
            count("merged_blocks"),
            bytes("bytes_before"),
            bytes("bytes_after")
        ),
        "backup" => {
            format!("{} has {} files of {}", done["name"].as_str().unwrap_or("it"), count("files"), bytes("bytes"))
        }
        _ => format!("{} entries were taken out, {}", count("entries"), bytes("bytes")),
    }
}

/// The first problems, or the files that went.
fn troubles(done: &Value) -> Markup {
    let list = |name: &str| done[name].as_array().map_or(&[][..], Vec::as_slice);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let problem = |found: &Value| format!("{}: {}", text(&found["file"]), text(&found["what"]));
    let file = |file: &Value| {
        format!(
            "{} of {}, {}",
            text(&file["signal"]),
            text(&file["day"]),
            show::bytes(file["bytes"].as_u64().unwrap_or_default())
        )
    };
    let problems = list("first_problems").iter().map(problem);
    let lines: Vec<String> = problems.chain(list("first_files").iter().map(file)).take(20).collect();
    html! { @if !lines.is_empty() { ul { @for line in &lines { li { (line) } } } } }
}

fn things(visit: &Visit) -> Markup {
    let thing = |what: &str, name: &str, says: &str| {
        form(
            visit,
            &format!("/settings/store/{what}"),
            "",
            &html! { button.button type="submit" title=(says) { (name) } },
        )
    };
    html! {
        div.panel-body.store-acts {
            (thing("verify", "Verify", "Reads all of the store, and says what is wrong with it"))
            (thing("compact", "Compact", "Makes larger blocks of small ones"))
            (thing("backup", "Back up", "Copies the store to where the server has its backups"))
        }
    }
}

fn pruning(visit: &Visit) -> Markup {
    form(
        visit,
        "/settings/store/prune",
        "panel-body form-row",
        &html! {
            label { "Delete what is older than, in days" input type="number" name="days" min="1" max="36500"; }
            label { "And what is over, in MiB" input type="number" name="mib" min="1"; }
            label.check { input type="checkbox" name="sure" value=(SURE); "Deleted for ever: I am sure" }
            div.store-acts {
                button.button type="submit" name="dry_run" value="yes" { "Say what would go" }
                button.button.danger type="submit" { "Delete" }
            }
        },
    )
}

fn exporting(visit: &Visit) -> Markup {
    form(
        visit,
        "/settings/store/export",
        "panel-body form-row",
        &html! {
            label { "Take out" select name="signal" { @for signal in Signal::ALL { option value=(signal.as_str()) { (signal.as_str()) } } } }
            label { "That match" input type="text" name="query" maxlength="4096" placeholder="all, or level>=warn" autocomplete="off" autocapitalize="off" spellcheck="false"; }
            label { "Since" input type="text" name="since" placeholder="the beginning, or 2h ago" autocomplete="off"; }
            button.button type="submit" title="As lines of JSON" { "Export" }
        },
    )
}

pub(in crate::pages) fn verify(visit: &Visit, room: &Room<'_>, _: &Form) -> Result<Link, Fault> {
    begin(visit, room, Work::Verify)
}

pub(in crate::pages) fn compact(visit: &Visit, room: &Room<'_>, _: &Form) -> Result<Link, Fault> {
    begin(visit, room, Work::Compact)
}

pub(in crate::pages) fn backup(visit: &Visit, room: &Room<'_>, _: &Form) -> Result<Link, Fault> {
    begin(visit, room, Work::Backup)
}

/// Deletes only where it was said twice that this is meant.
pub(in crate::pages) fn prune(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let dry_run = form.get("dry_run").is_some();
    let days = number(form, "days", 36_500)?;
    let mib = number(form, "mib", u64::MAX / MIB)?;
    if days.is_none() && mib.is_none() {
        return Err(Fault::bad("Nothing says what is to go. Accepted: a number of days, of MiB, or both."));
    }
    if !dry_run && form.get("sure") != Some(SURE) {
        return Err(Fault::bad("Nothing was deleted: the box that says that you are sure is not ticked."));
    }
    let before = days.map(|days| asked::moment("days", &format!("{days}d ago"), &visit.now)).transpose()?;
    begin(visit, room, Work::Prune { prune: Prune { before, max_bytes: mib.map(|mib| mib * MIB) }, dry_run })
}

fn number(form: &Form, name: &str, most: u64) -> Result<Option<u64>, Fault> {
    let Some(text) = form.get(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number
        .map(Some)
        .ok_or_else(|| Fault::bad(format!("`{name}` is no such number. Accepted: a whole number from 1 to {most}.")))
}

/// It goes on by itself; the page says how it is.
fn begin(visit: &Visit, room: &Room<'_>, work: Work) -> Result<Link, Fault> {
    let _ended = of(room)?.begin(work, &visit.user.name).map_err(|refused| not_begun(&refused))?;
    Ok(visit.link("/settings"))
}

/// Which entries a form wants to take out.
pub(super) fn selection(form: &Form) -> Result<Selection, Problem> {
    let said = form.get("signal").unwrap_or("logs");
    let signal = Signal::ALL.into_iter().find(|signal| signal.as_str() == said);
    let signal = signal.ok_or_else(|| Problem::bad("signal", "is not known", "logs, spans, metrics"))?;
    let pairs = ["query", "since"].into_iter().filter_map(|name| Some((name, form.get(name)?)));
    let selection = Asked::of(pairs).selection(signal, None)?;
    Ok(Selection { deadline: std::time::Duration::MAX, budget: u64::MAX, ..selection })
}

pub(super) fn of<'a>(room: &'a Room<'_>) -> Result<&'a Caretaker, Fault> {
    room.seams.caretaker.as_ref().ok_or_else(|| Fault::missing("The store is not taken care of here."))
}

pub(super) fn not_begun(refused: &Refused) -> Fault {
    let status = match refused {
        Refused::AtWork(_) => StatusCode::CONFLICT,
        Refused::Metadata(_) | Refused::Thread(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Fault { status, says: format!("{refused}.") }
}
