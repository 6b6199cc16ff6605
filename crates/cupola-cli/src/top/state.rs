//! What is known, and how it is looked at. Nothing here asks or draws.

use cupola_store::Level;
use cupola_store::language::{Expression, Meaning, Operand, Relation, Test, parse};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::alerts::Alert;
use super::log::Log;
use super::range::Range;
use super::routes::{Named, Route, Routes, Sort};
use crate::terminal::safe;

/// So long a message stays, in nanoseconds.
const NOTE: i64 = 6_000_000_000;

/// A part of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    Alerts,
    #[default]
    Routes,
    Log,
}

/// An answer, and since when there has been none.
#[derive(Debug)]
pub(super) struct Known<T> {
    pub(super) value: Option<T>,
    /// When it was told, in nanoseconds since 1970.
    told: i64,
    pub(super) trouble: Option<Trouble>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Fit for a terminal.
    pub(super) why: String,
    /// When it is asked again.
    pub(super) again: i64,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { value: None, told: 0, trouble: None }
    }
}

impl<T> Known<T> {
    pub(super) fn learn(&mut self, told: Result<T, Trouble>, now: i64) {
        match told {
            Ok(value) => *self = Self { value: Some(value), told: now, trouble: None },
            Err(trouble) => self.trouble = Some(trouble),
        }
    }

    /// For how many seconds it has been what it is, where it should be newer.
    pub(super) fn stale(&self, now: i64) -> Option<i64> {
        (self.trouble.is_some() && self.value.is_some()).then(|| (now - self.told).max(0) / 1_000_000_000)
    }
}

impl Trouble {
    pub(super) fn new(why: &anyhow::Error, again: i64) -> Self {
        Self { why: safe(&format!("{why:#}")), again }
    }
}

/// Everything that a frame is drawn from.
#[derive(Debug)]
pub(super) struct State {
    /// Who is asked.
    pub(super) source: String,
    /// In nanoseconds since 1970.
    pub(super) now: i64,
    pub(super) zone: TimeZone,
    pub(super) range: Range,
    pub(super) pane: Pane,
    pub(super) routes: Known<Routes>,
    pub(super) alerts: Known<Vec<Alert>>,
    /// Whether the log can be watched.
    pub(super) tail: Known<()>,
    pub(super) log: Log,
    pub(super) sort: Sort,
    pub(super) errors_only: bool,
    pub(super) route: Option<Named>,
    pub(super) alert: Option<String>,
    /// Of which route the log is.
    pub(super) log_of: Option<Named>,
    pub(super) filter: String,
    /// The filter that is being typed.
    pub(super) typed: Option<String>,
    /// So many columns of the log lie to the left.
    pub(super) shift: usize,
    pub(super) has_help: bool,
    /// How many rows of the log there is room for.
    pub(super) log_height: usize,
    note: Option<(String, i64)>,
}

impl State {
    pub(super) fn new(source: &str, zone: TimeZone, range: Range, now: i64) -> Self {
        Self {
            source: safe(source),
            now,
            zone,
            range,
            pane: Pane::default(),
            routes: Known::default(),
            alerts: Known::default(),
            tail: Known::default(),
            log: Log::default(),
            sort: Sort::default(),
            errors_only: false,
            route: None,
            alert: None,
            log_of: None,
            filter: String::new(),
            typed: None,
            shift: 0,
            has_help: false,
            log_height: 1,
            note: None,
        }
    }

    /// The routes that are shown, in their order.
    pub(super) fn rows(&self) -> Vec<&Route> {
        let all = self.routes.value.iter().flat_map(|routes| &routes.rows);
        let mut rows: Vec<&Route> = all.filter(|route| !self.errors_only || route.failed > 0.0).collect();
        rows.sort_by(|one, other| self.sort.compare(one, other));
        rows
    }

    /// Where the chosen route stands; the first one where it is not there.
    pub(super) fn route_place(&self) -> usize {
        let is = |route: &&Route| Some(&route.named) == self.route.as_ref();
        self.rows().iter().position(is).unwrap_or_default()
    }

    pub(super) fn open(&self) -> &[Alert] {
        self.alerts.value.as_deref().unwrap_or_default()
    }

    pub(super) fn alert_place(&self) -> usize {
        let is = |alert: &Alert| Some(&alert.id) == self.alert.as_ref();
        self.open().iter().position(is).unwrap_or_default()
    }

    /// Chooses another row of the pane.
    pub(super) fn go(&mut self, rows: isize) {
        match self.pane {
            Pane::Routes => {
                let (place, all) = (self.route_place().saturating_add_signed(rows), self.rows());
                let named = all.get(place.min(all.len().saturating_sub(1))).map(|route| route.named.clone());
                self.route = named.or_else(|| self.route.take());
            }
            Pane::Alerts => {
                let (place, all) = (self.alert_place().saturating_add_signed(rows), self.open());
                let id = all.get(place.min(all.len().saturating_sub(1))).map(|alert| alert.id.clone());
                self.alert = id.or_else(|| self.alert.take());
            }
            Pane::Log => self.log.scroll(rows, self.log_height),
        }
    }

    /// What entries of the log have to be.
    pub(super) fn expression(&self) -> Result<Option<Expression>, String> {
        let mut parts = Vec::new();
        let is = |name: &str, value: &str| {
            Test::Field { name: name.to_owned(), relation: Relation::Equal, value: Operand::plain(value) }.into()
        };
        if let Some(named) = &self.log_of {
            parts.push(is("route", &named.route));
            parts.extend((!named.service.is_empty()).then(|| is("service", &named.service)));
        }
        if self.errors_only {
            parts.push(Test::Level(Relation::GreaterOrEqual, Level::Error).into());
        }
        parts.extend(self.parsed(&self.filter)?);
        Ok(Expression::all(parts))
    }

    /// What a filter means.
    pub(super) fn parsed(&self, filter: &str) -> Result<Option<Expression>, String> {
        let now = Timestamp::from_nanosecond(self.now.into()).unwrap_or_default().to_zoned(self.zone.clone());
        match filter.trim() {
            "" => Ok(None),
            some => parse(some, &Meaning { now, ignore_case: false }).map(Some).map_err(|error| error.to_string()),
        }
    }

    /// Why what is shown may be old, if it may.
    pub(super) fn trouble(&self) -> Option<&Trouble> {
        self.routes.trouble.as_ref().or(self.tail.trouble.as_ref())
    }

    /// Says something for a while.
    pub(super) fn say(&mut self, text: &str) {
        self.note = Some((safe(text), self.now));
    }

    pub(super) fn note(&self) -> Option<&str> {
        let (text, at) = self.note.as_ref()?;
        (self.now - at < NOTE).then_some(text)
    }
}
