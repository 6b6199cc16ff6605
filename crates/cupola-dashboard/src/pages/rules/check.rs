//! A rule that somebody types: checked, tried on the last day, and then set.

use cupola_alert::{Rule, RuleSource, Rules};
use maud::{Markup, html};
use serde_json::Value;

use super::super::alerts::{by, of, off, refused, unavailable};
use super::super::fault::Fault;
use super::super::form::{Form, form};
use super::super::layout::Drawn;
use super::super::link::Link;
use super::super::parts;
use super::super::room::Room;
use super::super::visit::Visit;
use crate::access::Role;

/// What one begins with.
const EXAMPLE: &str = "name = \"slow checkout\"\nkind = \"latency\"\nquantile = 0.95\nservice = \"shop\"\nroute = \"/checkout\"\nthreshold = 500       # ms\nfor = \"5m\"\nseverity = \"warning\"\n";

/// A field for a rule, what is wrong with it, and what it would have said.
pub(in crate::pages) fn page(visit: &Visit, room: &Room<'_>) -> Result<Drawn, Fault> {
    let Some(alerts) = room.seams.alerting.as_deref() else { return Ok(off(visit, "/rules", "Another rule")) };
    let typed = visit.get("text");
    let checked = match typed {
        Some(text) => {
            let rules = alerts.all_rules().map_err(|error| unavailable(&error))?;
            Some(read(text).and_then(|value| checked(&rules, &value)))
        }
        None => None,
    };
    let is_admin = visit.user.role == Role::Admin;
    let body = html! {
        (parts::panel("A rule, in TOML", None, &html! {
            form.panel-body.rule-form method="get" action=(visit.link("/rule").path()) {
                label { "Fields of the rule" textarea name="text" rows="14" spellcheck="false" required { (typed.unwrap_or(EXAMPLE)) } }
                div { button.button.primary type="submit" { "Check it, and try it on the last 24 hours" } }
                p.hint { "One of the name of another rule changes the fields that it says. Kinds: request_rate, error_ratio, latency, burn_rate, baseline, logs, new_error, error_spike, absence, metric, cpu, memory, disk, service_down, telemetry_dropped, rule_broken, heartbeat." }
            }
        }))
        @match &checked {
            None => {},
            Some(Err(problem)) => p.notice.bad role="alert" { (problem) },
            Some(Ok(rule)) => {
                (parts::panel(rule.name(), Some(html! { (rule.summary()) }), &html! {
                    (super::previewed(rule, &alerts.preview(rule, visit.moment())))
                    @if is_admin { (save(visit, typed.unwrap_or_default())) }
                    @else { p.panel-note { "Rules are set by those who have the role admin; yours is " (visit.user.role.as_str()) "." } }
                }))
            },
        }
    };
    Ok(Drawn::new("/alerts", "A rule", body).under("Rules", visit.link("/rules")).alone())
}

/// Sets a rule.
pub(in crate::pages) fn set(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let value = read(form.get("text").unwrap_or_default()).map_err(Fault::bad)?;
    put(visit, room, &value)
}

/// Turns one on or off.
pub(in crate::pages) fn enable(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let name = form.get("name").unwrap_or_default();
    let rules = of(room)?.all_rules().map_err(|error| unavailable(&error))?;
    let rule = rules.get(name).ok_or_else(|| Fault::missing("There is no rule of this name."))?;
    let mut typed = rule.typed().clone();
    let is_enabled = match form.get("enabled") {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(Fault::bad("`enabled` is not known. Accepted: true, false.")),
    };
    typed.insert("enabled".to_owned(), is_enabled.into());
    put(visit, room, &typed.into())
}

/// Takes one away that people have made.
pub(in crate::pages) fn delete(visit: &Visit, room: &Room<'_>, form: &Form) -> Result<Link, Fault> {
    let name = form.get("name").unwrap_or_default();
    of(room)?.people().delete_rule(name, by(visit), visit.moment()).map_err(|error| refused(&error))?;
    Ok(visit.link("/rules"))
}

fn put(visit: &Visit, room: &Room<'_>, value: &Value) -> Result<Link, Fault> {
    let alerts = of(room)?;
    let rules = alerts.all_rules().map_err(|error| unavailable(&error))?;
    let rule = alerts.people().put_rule(&rules, value, by(visit), visit.moment()).map_err(|error| refused(&error))?;
    Ok(visit.link("/rules").below(rule.name()))
}

fn save(visit: &Visit, text: &str) -> Markup {
    form(
        visit,
        "/rule/set",
        "panel-body",
        &html! {
            input type="hidden" name="text" value=(text);
            button.button.primary type="submit" { "Set this rule" }
        },
    )
}

/// One rule of TOML, its fields alone or as the only `[[rule]]`.
fn read(text: &str) -> Result<Value, String> {
    let value: Value = toml::from_str(text).map_err(|error| format!("This is no TOML: {}.", error.message()))?;
    match value.get("rule").and_then(Value::as_array).map(Vec::as_slice) {
        None => Ok(value),
        Some([one]) => Ok(one.clone()),
        Some(several) => Err(format!("There are {} rules. Accepted: one.", several.len())),
    }
}

/// The rule that would be there.
fn checked(rules: &Rules, value: &Value) -> Result<std::sync::Arc<Rule>, String> {
    let mut rules = rules.clone();
    let name = rules.add(value, RuleSource::People).map_err(|error| format!("{error}."))?;
    rules.get(&name).cloned().ok_or_else(|| "The rule has no name.".to_owned())
}

/// A rule as one types it.
pub(super) fn text(rule: &Rule) -> String {
    toml::to_string(rule.typed()).unwrap_or_default()
}
