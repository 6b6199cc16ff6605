//! Services and routes in a table: how much, how well, how fast, and against the time before.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use cupola_store::{Query, RequestRow, RequestsBy};
use maud::{Markup, html};

use super::chart::{Steps, spark};
use super::fault::Fault;
use super::link::Link;
use super::red::{Of, Sources, Told, by_step, failed, impact, seconds as seconds_of, steps};
use super::visit::Visit;
use super::{parts, show};

/// By what rows can be ordered: the parameter's value, the head of the column.
pub(super) const SORTS: [(&str, &str); 6] =
    [("impact", "Impact"), ("rate", "Requests"), ("errors", "Errors"), ("p50", "p50"), ("p95", "p95"), ("p99", "p99")];

/// So many routes of a service are shown below it.
const ROUTES: usize = 5;

/// A service or a route.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) now: RequestRow,
    before: Option<RequestRow>,
    /// Requests and failed ones, step by step.
    steps: (Vec<f64>, Vec<f64>),
}

/// The rows of a table and the time that they tell of.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) services: Vec<Row>,
    routes: BTreeMap<String, Vec<Row>>,
    sort: &'static str,
    /// How long the time is, and the one before.
    seconds: (f64, f64),
    partial: Option<cupola_store::Partial>,
}

impl Table {
    /// Asks for those of all services, or of one.
    pub(super) fn ask(
        visit: &Visit,
        query: &dyn Query,
        sources: &Sources,
        service: Option<&str>,
    ) -> Result<Self, Fault> {
        let sort = visit.one_of("sort", &SORTS.map(|(sort, _)| sort))?;
        let (now, before) = (visit.range.whole(), visit.range.whole().before());
        let (step, seconds) = (visit.range.step_of_requests(31), now.seconds());
        let steps = steps(visit.range, step);
        let within = seconds_of(visit.range, &steps);
        // Steps are drawn by how many requests they had.
        let of = |by, step: Option<Duration>| Of { service, by, step, counts_only: step.is_some(), ..Of::default() };
        let [told, routes, told_by_step, routes_by_step] = sources.ask_all(
            query,
            now,
            [
                of(RequestsBy::Service, None),
                of(RequestsBy::Route, None),
                of(RequestsBy::Service, Some(step)),
                of(RequestsBy::Route, Some(step)),
            ],
        )?;
        let [earlier, routes_earlier] =
            sources.ask_all(query, before, [of(RequestsBy::Service, None), of(RequestsBy::Route, None)])?;
        let partial = told.partial.or(told_by_step.partial);
        let rows = |told: Told, earlier: &Told, drawn: &Told| {
            let mut of_row: BTreeMap<(&str, &str), Vec<&RequestRow>> = BTreeMap::new();
            drawn.rows.iter().for_each(|row| of_row.entry((&row.service, &row.route)).or_default().push(row));
            let row = |now: RequestRow| {
                let steps = of_row
                    .get(&(&*now.service, &*now.route))
                    .map(|rows| drawn_steps(rows, &steps, &within))
                    .unwrap_or_default();
                let before =
                    earlier.rows.iter().find(|row| (&row.service, &row.route) == (&now.service, &now.route)).cloned();
                Row { now, before, steps }
            };
            let mut rows: Vec<Row> = told.rows.into_iter().map(row).collect();
            rows.sort_by(|one, other| order(sort, &one.now, &other.now, seconds));
            rows
        };
        let services = rows(told, &earlier, &told_by_step);
        let mut by_service: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in rows(routes, &routes_earlier, &routes_by_step) {
            by_service.entry(row.now.service.clone()).or_default().push(row);
        }
        Ok(Self { services, routes: by_service, sort, seconds: (seconds, before.whole().seconds()), partial })
    }

    /// Services, and below each one its first routes.
    pub(super) fn draw(&self, visit: &Visit) -> Markup {
        let none = Vec::new();
        let rows = html! {
            @for row in &self.services {
                @let routes = self.routes.get(&row.now.service).unwrap_or(&none);
                @let service = visit.link("/service").set("service", &*row.now.service);
                tr.group { (self.cells(row, &name(&row.now.service), Some(&service))) }
                @for route in routes.iter().take(ROUTES) {
                    tr.under { (self.cells(route, &name(&route.now.route), Some(&of_route(visit, &route.now)))) }
                }
                @if routes.len() > ROUTES {
                    tr.under { th scope="row" colspan="6" { a href=(service) { (routes.len() - ROUTES) " more routes" } } }
                }
            }
        };
        self.table(visit, "Services and their routes", &rows)
    }

    /// The routes of the services alone.
    pub(super) fn draw_routes(&self, visit: &Visit) -> Markup {
        let rows = html! {
            @for route in self.routes.values().flatten() {
                tr { (self.cells(route, &name(&route.now.route), Some(&of_route(visit, &route.now)))) }
            }
        };
        self.table(visit, "Routes", &rows)
    }

    fn table(&self, visit: &Visit, of: &str, rows: &Markup) -> Markup {
        let head = |sort: &str| SORTS.iter().find(|(known, _)| *known == sort).map_or("", |(_, name)| name);
        let table = html! {
            table {
                thead {
                    tr {
                        (parts::sortable(visit, "Impact", "impact", self.sort, ""))
                        @for sort in ["rate", "errors", "p50", "p95", "p99"] { (parts::sortable(visit, head(sort), sort, self.sort, "num")) }
                        th scope="col" { "Over time" }
                    }
                }
                tbody { (rows) }
            }
        };
        html! { (parts::partial(self.partial)) (parts::scroll(of, &table)) }
    }

    fn cells(&self, row: &Row, name: &str, link: Option<&Link>) -> Markup {
        let (now, before) = (&row.now, row.before.as_ref());
        let rate = |row: &RequestRow, seconds: f64| show::as_f64(row.count) / seconds.max(1.0);
        let (per_second, earlier) = (rate(now, self.seconds.0), before.map_or(0.0, |row| rate(row, self.seconds.1)));
        let share = failed(now);
        let quantile = |place: usize| {
            let of = |row: &RequestRow| row.quantiles_ms.get(place).copied().unwrap_or_default();
            html! { td.num { (show::duration(of(now))) (parts::change(of(now), before.map_or(0.0, of), "bad")) } }
        };
        let says = format!("{} requests, {} failed", show::grouped(now.count), show::grouped(now.errors));
        html! {
            th scope="row" { @match link { Some(link) => a href=(link) { (name) }, None => (name) } }
            td.num { (show::rate(per_second)) (parts::change(per_second, earlier, "")) }
            td.num title=(says) {
                span.bad-text[share >= 0.01] { (show::percent(share)) }
                (parts::change(share, before.map_or(0.0, failed), "bad"))
            }
            (quantile(0)) (quantile(1)) (quantile(2))
            td { (spark(&row.steps.0, &row.steps.1, &says)) }
        }
    }
}

/// By the second, so that a step that is not over yet is not lower for that.
fn drawn_steps(rows: &[&RequestRow], steps: &Steps, within: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    let all = by_step(rows.iter().copied(), steps);
    let of = |count: fn(&RequestRow) -> u64| {
        let rate = |(row, seconds): (&Option<&RequestRow>, &Option<f64>)| {
            let seconds = (*seconds)?;
            Some(row.map_or(0.0, |row| show::as_f64(count(row)) / seconds))
        };
        all.iter().zip(within).filter_map(rate).collect()
    };
    (of(|row| row.count), of(|row| row.errors))
}

/// The larger first.
fn order(sort: &str, one: &RequestRow, other: &RequestRow, seconds: f64) -> Ordering {
    let of = |row: &RequestRow| {
        let quantile = |place: usize| (row.quantiles_ms.get(place).copied().unwrap_or_default(), 0.0);
        match sort {
            "rate" => (show::as_f64(row.count), 0.0),
            "errors" => (failed(row), show::as_f64(row.errors)),
            "p50" => quantile(0),
            "p95" => quantile(1),
            "p99" => quantile(2),
            _ => impact(row, seconds),
        }
    };
    let ((one, then), (other, or)) = (of(one), of(other));
    other.total_cmp(&one).then(or.total_cmp(&then))
}

/// Where it is not known there is a word for it.
pub(super) fn name(name: &str) -> String {
    if name.is_empty() { "(not said)".to_owned() } else { name.to_owned() }
}

fn of_route(visit: &Visit, row: &RequestRow) -> Link {
    visit.link("/route").set("service", &*row.service).set("route", &*row.route)
}
