//! Alerts, rules and silences over HTTP: what there is, and what people decide.

mod deeds;
mod live;
mod rule;
mod sent;
mod told;

use std::sync::Arc;

use axum::response::Response;
use cupola_alert::{AlertId, Alerts, PeopleError, Rule};
use cupola_store::MetadataError;

use super::call::{Call, Done, told};
use super::document::Routes;
use super::operation::Operation;
use super::parameter::{ALERT, BEFORE, Parameter};
use crate::access::Role;
use crate::desk::Desk;
use crate::problem::Problem;

type Answer = fn(&Alerts, &mut Call) -> Result<Response, Problem>;

const EVENTS: Parameter = Parameter::most("limit", "How many events there are at most.", 100, 1_000);

/// Adds them.
pub(super) fn add(routes: &mut Routes, desk: &Desk, alerts: &Arc<Alerts>) {
    for (operation, answer) in questions().into_iter().chain(deeds::operations()).chain(of_rules()) {
        let (desk, alerts) = (desk.clone(), Arc::clone(alerts));
        routes.add(operation, move |mut call| {
            let (desk, alerts) = (desk.clone(), Arc::clone(&alerts));
            async move { desk.ask(move |_| answer(&alerts, &mut call)).await? }
        });
    }
    live::add(routes, desk, alerts);
}

fn questions() -> [(Operation, Answer); 5] {
    let history = Operation::get("/alerts/history", "read_history", "What happened to alerts, and what people did");
    let failed = Operation::get("/alerts/failed", "list_failed_messages", "Messages that were given up");
    let health = Operation::get("/alerts/health", "read_alerting_health", "How alerting itself is");
    let silences = Operation::get("/silences", "list_silences", "The silences");
    [
        (
            Operation::get("/alerts", "list_alerts", "The alerts")
                .answers::<told::Alerts<'_>>("As of the last evaluation."),
            all,
        ),
        (history.asks([&ALERT, &BEFORE, &EVENTS]).answers::<told::Events<'_>>("The newest first."), history_of),
        (failed.answers::<told::GivenUp<'_>>("Those that nobody has sent again."), given_up),
        (health.answers::<super::alerting_health::Health>("Each part of it."), health_of),
        (silences.answers::<told::Silences<'_>>("Those that have ended among them."), silences_of),
    ]
}

fn of_rules() -> [(Operation, Answer); 5] {
    let missing = "There is no rule of this name.";
    let preview =
        Operation::get("/rules/{name}/preview", "preview_rule", "When a rule would have fired in the last day");
    let try_out = Operation::post(
        "/rules/preview",
        "try_rule",
        "When a rule that is not there yet would have fired in the last day",
    );
    let put = Operation::put("/rules/{name}", "put_rule", "Makes a rule, or changes fields of one").needs(Role::Admin);
    let put = put.says(
        "`null` makes a field what it is unless said. A rule of the start or of a file is changed over what that says.",
    );
    let delete =
        Operation::delete("/rules/{name}", "delete_rule", "Takes a rule away that people have made").needs(Role::Admin);
    let delete = delete.says("What files and the start say of it is so again.");
    [
        (
            Operation::get("/rules", "list_rules", "The rules")
                .answers::<told::Rules<'_>>("By name, with how they are."),
            rules,
        ),
        (preview.answers::<told::Foreseen<'_>>("By what is stored.").fails(404, missing), preview_of),
        (try_out.sends::<sent::WholeRule>().answers::<told::Foreseen<'_>>("By what is stored."), try_rule),
        (put.sends::<sent::RuleFields>().answers::<told::Set<'_>>("The rule as it is from now on."), put_rule),
        (
            delete
                .answers::<Done>("It is taken away.")
                .fails(404, missing)
                .fails(409, "Nobody has made it: it is of a file or of the start."),
            delete_rule,
        ),
    ]
}

fn all(alerts: &Alerts, _: &mut Call) -> Result<Response, Problem> {
    Ok(told(&told::Alerts { alerts: alerts.alerts()?.iter().map(told::One::from).collect() }))
}

fn history_of(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let alert = call.asked.read_as::<AlertId>("alert", "RULE/FINGERPRINT")?;
    let before = call.asked.read_as::<i64>("before", "the number of an event")?;
    let limit = call.asked.number("limit", 100, 1_000)?;
    let events = alerts.history(alert.as_ref(), before, limit)?;
    Ok(told(&told::Events { events: events.iter().map(told::Happening::from).collect() }))
}

fn given_up(alerts: &Alerts, _: &mut Call) -> Result<Response, Problem> {
    Ok(told(&told::GivenUp { failed: alerts.failed()?.iter().map(told::Message::from).collect() }))
}

fn health_of(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    Ok(told(&super::alerting_health::Health::of(alerts, call.now)?))
}

fn silences_of(alerts: &Alerts, _: &mut Call) -> Result<Response, Problem> {
    Ok(told(&told::Silences { silences: alerts.silences()?.iter().map(told::Silent::from).collect() }))
}

fn rules(alerts: &Alerts, _: &mut Call) -> Result<Response, Problem> {
    Ok(told(&told::Rules { rules: alerts.rules()?.iter().map(told::Status::from).collect() }))
}

fn preview_of(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let rules = alerts.all_rules()?;
    let rule = rules.get(call.step("name")).ok_or_else(no_rule)?;
    Ok(told(&told::Foreseen::from(&alerts.preview(rule, call.now))))
}

fn try_rule(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::WholeRule(rule) = call.said()?;
    let rule = Rule::from_json(&rule).map_err(|error| Problem::of_asker(error.to_string()))?;
    Ok(told(&told::Foreseen::from(&alerts.preview(&rule, call.now))))
}

fn put_rule(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let sent::RuleFields(mut rule) = call.said()?;
    rule.insert("name".to_owned(), call.step("name").into());
    let set = alerts.people().put_rule(&alerts.all_rules()?, &rule.into(), call.by(), call.now)?;
    Ok(told(&told::Set { rule: set.typed(), summary: set.summary() }))
}

fn delete_rule(alerts: &Alerts, call: &mut Call) -> Result<Response, Problem> {
    let name = call.step("name");
    if alerts.all_rules()?.get(name).is_none() {
        return Err(no_rule());
    }
    alerts.people().delete_rule(name, call.by(), call.now).map_err(not_now)?;
    Ok(told(&Done {}))
}

/// What makes sense, and cannot be done as things are.
fn not_now(error: PeopleError) -> Problem {
    if error.is_of_asker() { Problem::conflict(error.to_string()) } else { error.into() }
}

fn no_rule() -> Problem {
    Problem::not_here("there is no rule of this name; accepted: one that /rules tells of")
}

impl From<MetadataError> for Problem {
    fn from(_: MetadataError) -> Self {
        Self::unavailable()
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        if error.is_of_asker() { Self::of_asker(error.to_string()) } else { Self::unavailable() }
    }
}
