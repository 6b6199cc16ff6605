//! Rules: what is judged, how each is, what each would have said, and other ones.

mod check;

use cupola_alert::{Preview, Rule, RuleSource, RuleStatus};
use maud::{Markup, html};

pub(super) use check::{delete, enable, page as check, set};

use super::alerts::{of, off, tabs, unavailable};
use super::fault::Fault;
use super::form::form;
use super::layout::Drawn;
use super::parts::{self, Tile};
use super::room::Room;
use super::show;
use super::visit::Visit;
use crate::access::Role;

/// All rules.
pub(super) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let Some(alerts) = room.seams.alerting.as_deref() else { return Ok(off(visit, "/rules", "Rules")) };
    let rules = alerts.rules().map_err(|error| unavailable(&error))?;
    let is_admin = visit.user.role == Role::Admin;
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Rule" } th scope="col" { "Severity" } th scope="col" { "Health" } th.num scope="col" { "Firing" } th.num scope="col" { "Pending" }
                    th.num scope="col" { "Evaluated" } th scope="col" { "From" } @if is_admin { th.num scope="col" { span.unseen { "What can be done" } } }
                }
            }
            tbody { @for status in &rules { tr { (row(visit, status, is_admin)) } } }
        }
    };
    let another = is_admin.then(|| html! { a.button href=(visit.link("/rule")) { "Another rule" } });
    let body = html! { (tabs(visit, "/rules")) (parts::panel("Rules", another, &parts::scroll("Rules", &table))) };
    Ok(Drawn::new("/alerts", "Rules", body).under("Alerts", visit.link("/alerts")).alone().live())
}

/// One rule.
pub(super) fn one(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let alerts = of(room)?;
    let name = visit.get("name").unwrap_or_default();
    let rules = alerts.rules().map_err(|error| unavailable(&error))?;
    let Some(status) = rules.iter().find(|status| status.rule.name() == name) else {
        return Err(Fault::missing("There is no rule of this name."));
    };
    let rule = &status.rule;
    let preview = visit.get("preview").is_some().then(|| alerts.preview(rule, visit.moment()));
    let text = check::text(rule);
    let is_admin = visit.user.role == Role::Admin;
    let body = html! {
        p.links {
            a.button href=(visit.here().set("preview", "yes")) { "What it would have said in the last 24 hours" }
            @if is_admin {
                a.button href=(visit.link("/rule").set("text", &*text)) { "Change it" }
                (enabling(visit, rule))
                @if status.source == RuleSource::People { (form(visit, "/rule/delete", "", &html! { input type="hidden" name="name" value=(rule.name()); button.button.danger type="submit" { "Take it away" } })) }
            }
        }
        @if let Some(problem) = &status.health.problem { p.notice.bad { (problem) } }
        (tiles(visit, status))
        @if let Some(preview) = &preview { (parts::panel("In the last 24 hours", None, &previewed(rule, preview))) }
        (parts::panel("As it is", Some(html! { (rule.summary()) }), &html! { pre.snapshot tabindex="0" { (text) } }))
    };
    Ok(Drawn::new("/alerts", rule.name().to_owned(), body).under("Rules", visit.link("/rules")).alone())
}

fn row(visit: &Visit, status: &RuleStatus, is_admin: bool) -> Markup {
    let (rule, health) = (&status.rule, &status.health);
    html! {
        th scope="row" { div.stack { a href=(visit.link("/rules").below(rule.name())) { (rule.name()) } span.small-text.dim { (rule.summary()) } } }
        td { (parts::badge(rule.severity().as_str(), rule.severity().as_str())) }
        td { div.stack { (badge(status)) @if let Some(problem) = &health.problem { span.small-text.dim { (problem) } } } }
        td.num { span.bad-text[status.firing > 0] { (status.firing) } }
        td.num { (status.pending) }
        td.num { @match health.evaluated { Some(time) => (show::ago(time, visit.moment())), None => span.dim { "–" } } }
        td.dim { (source(status.source)) }
        @if is_admin { td.num { (enabling(visit, rule)) } }
    }
}

fn badge(status: &RuleStatus) -> Markup {
    if !status.rule.is_enabled() {
        return parts::badge("", "off");
    }
    let word = status.health.status.as_str();
    parts::badge(
        match word {
            "ok" => "good",
            "error" => "error",
            "no data" => "warn",
            _ => "",
        },
        word,
    )
}

const fn source(source: RuleSource) -> &'static str {
    match source {
        RuleSource::Default => "the start",
        RuleSource::File => "a file",
        RuleSource::People => "people",
    }
}

fn enabling(visit: &Visit, rule: &Rule) -> Markup {
    let (to, says) = if rule.is_enabled() { ("false", "Turn off") } else { ("true", "Turn on") };
    form(
        visit,
        "/rule/enable",
        "",
        &html! {
            input type="hidden" name="name" value=(rule.name());
            input type="hidden" name="enabled" value=(to);
            button.button type="submit" { (says) span.unseen { " " (rule.name()) } }
        },
    )
}

fn tiles(visit: &Visit, status: &RuleStatus) -> Markup {
    let tile = |name, value: String, note, state| Tile { name, value, note: Some(note), state };
    let (rule, health) = (&status.rule, &status.health);
    let threshold =
        rule.threshold().map_or_else(|| "–".to_owned(), |number| format!("{} {}", show::short(number), rule.unit()));
    let evaluated = html! { @if let Some(time) = health.evaluated { (show::ago(time, visit.moment())) } };
    html! {
        (parts::tiles(&[
            tile("Health", if rule.is_enabled() { health.status.as_str().to_owned() } else { "off".to_owned() }, evaluated, if health.problem.is_some() { "bad" } else { "" }),
            tile("Threshold", threshold, html! {}, ""),
            tile("Severity", rule.severity().as_str().to_owned(), html! {}, ""),
            tile("Firing", status.firing.to_string(), html! {}, if status.firing > 0 { "bad" } else { "" }),
            tile("Pending", status.pending.to_string(), html! {}, ""),
            tile("Told apart", health.seen.to_string(), html! { @if health.beyond > 0 { (health.beyond) " beyond its limit" } }, ""),
            tile("Takes", show::duration(health.took.as_secs_f64() * 1e3), html! {}, ""),
        ]))
    }
}

/// How often it would have fired, and when.
fn previewed(rule: &Rule, preview: &Preview) -> Markup {
    let times = if preview.fired == 1 { "once".to_owned() } else { format!("{} times", preview.fired) };
    html! {
        div.panel-body {
            p { "It would have fired " b { (times) } " in the last 24 hours, looked at every " (show::age(preview.step.as_secs_f64() * 1e3)) "." }
            @if let Some(problem) = &preview.problem { p.notice { (problem) } }
        }
        @if !preview.episodes.is_empty() {
            (parts::scroll("When it would have fired", &html! {
                table.compact {
                    thead { tr { th scope="col" { "From" } th scope="col" { "Until" } th scope="col" { "About" } th.num scope="col" { "Value" } } }
                    tbody {
                        @for episode in &preview.episodes {
                            tr {
                                th scope="row" { (show::time(episode.starts_at)) }
                                td { @match episode.ends_at { Some(time) => (show::time(time)), None => span.dim { "not over" } } }
                                td { span.labels { @for (name, value) in &episode.labels { span.label { (name) "=" b { (value) } } } } }
                                td.num { @if let Some(value) = episode.value { (show::short(value)) " " (rule.unit()) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}
