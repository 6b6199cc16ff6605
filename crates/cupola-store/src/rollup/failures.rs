//! Errors that are alike, added up while entries are sealed: by minute and by hour.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cupola_line::fingerprint::{Failure, Fingerprint, template};
use rustc_hash::FxHashMap;

use crate::block::{Example, Gathered};
use crate::level::Level;
use crate::rollup::names::Names;
use crate::signal::Signal;
use crate::value::Value;

const MINUTE: i64 = 60_000_000_000;

/// What is known of errors that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    /// In nanoseconds since 1970, as all times are.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// The version of the service that told the first one: its number among names, 0 where it did not say.
    pub(crate) version: u32,
    /// How many each service told, by its number.
    pub(crate) services: Vec<(u32, u64)>,
}

/// Errors of a block.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) minutes: BTreeMap<(i64, Fingerprint), Sum>,
    pub(crate) known: FxHashMap<Fingerprint, Known>,
    /// Services and versions.
    pub(crate) names: Names,
}

/// What errors that are alike have in common, and the last of them.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) target: String,
    pub(crate) template: String,
    pub(crate) last: i64,
    pub(crate) example: Example,
}

/// What an error is about.
#[derive(Debug)]
pub(crate) struct About<'a> {
    pub(crate) target: Cow<'a, str>,
    pub(crate) error_type: Cow<'a, str>,
    pub(crate) route: Cow<'a, str>,
    pub(crate) message: Cow<'a, str>,
}

impl Sum {
    /// One error.
    pub(crate) fn put(&mut self, time: i64, (service, version): (u32, u32), names: &Names) {
        self.span(time, time, version, names);
        self.count += 1;
        self.serve(service, 1);
    }

    /// Those of another sum, whose names have these numbers here.
    pub(crate) fn merge(&mut self, other: &Self, number: impl Fn(u32) -> u32, names: &Names) {
        self.span(other.first, other.last, number(other.version), names);
        self.count += other.count;
        other.services.iter().for_each(|(service, count)| self.serve(number(*service), *count));
    }

    /// Of several that came first at once, the one with the least version counts; any version before none.
    fn span(&mut self, first: i64, last: i64, version: u32, names: &Names) {
        if self.count == 0 {
            (self.first, self.last, self.version) = (first, last, version);
            return;
        }
        let is_before = first < self.first
            || first == self.first
                && version != 0
                && (self.version == 0 || names.text(version) < names.text(self.version));
        if is_before {
            (self.first, self.version) = (first, version);
        }
        self.last = self.last.max(last);
    }

    fn serve(&mut self, service: u32, errors: u64) {
        match self.services.iter_mut().find(|(known, _)| *known == service) {
            Some((_, count)) => *count += errors,
            None => self.services.push((service, errors)),
        }
    }
}

impl<'a> About<'a> {
    /// The fields that tell what an error is about.
    pub(crate) const FIELDS: [&'static str; 6] = ["target", "error_type", "error.type", "route", "message", "error"];

    /// Of an entry with these values of those fields, asked for by their place.
    pub(crate) fn of(value: impl Fn(usize) -> Option<Value<'a>>) -> Self {
        let text = |place: usize| value(place).map(|value| value.text());
        let message = text(4).unwrap_or_default();
        Self {
            target: text(0).unwrap_or_default(),
            error_type: text(1).or_else(|| text(2)).unwrap_or_default(),
            route: text(3).unwrap_or_default(),
            // What has no sentence for people has at least the error's.
            message: if message.is_empty() { text(5).unwrap_or_default() } else { message },
        }
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let Self { target, error_type, route, message } = self;
        Failure { target, error_type, route, message }.fingerprint()
    }
}

/// Adds up the errors of a block whose entries have these times and fields.
pub(crate) fn collect(signal: Signal, times: &[i64], columns: &[Gathered<'_>]) -> Sums {
    let mut sums = Sums::default();
    let column = |name: &str| columns.iter().find(|column| column.name == name);
    let Some(levels) = column("level").filter(|_| signal == Signal::Logs) else { return sums };
    let [service, version] = ["service", "service_version"].map(column);
    let about = About::FIELDS.map(column);
    let mut last_rows: FxHashMap<Fingerprint, u32> = FxHashMap::default();
    for row in serious(levels) {
        let time = times[row as usize];
        let told = About::of(|place| about[place]?.value(row));
        let fingerprint = told.fingerprint();
        let name = |names: &mut Names, column: Option<&Gathered<'_>>| match column.and_then(|column| column.value(row))
        {
            Some(value) => names.number(&value.text()),
            None => 0,
        };
        let told_by = (name(&mut sums.names, service), name(&mut sums.names, version));
        let sum = sums.minutes.entry((time.div_euclid(MINUTE), fingerprint)).or_default();
        sum.put(time, told_by, &sums.names);
        match sums.known.get_mut(&fingerprint) {
            Some(known) if known.last > time => {}
            known => {
                match known {
                    Some(known) => known.last = time,
                    None => {
                        let (target, template) = (told.target.clone().into_owned(), template(&told.message));
                        let known = Known { target, template, last: time, example: Example::default() };
                        sums.known.insert(fingerprint, known);
                    }
                }
                last_rows.insert(fingerprint, row);
            }
        }
    }
    for (fingerprint, row) in last_rows {
        if let Some(known) = sums.known.get_mut(&fingerprint) {
            known.example = Example::of(columns, row);
        }
    }
    sums
}

/// Entries of the level ERROR, in whichever word. Most entries have the same few levels.
fn serious<'a>(levels: &'a Gathered<'_>) -> impl Iterator<Item = u32> + 'a {
    let (mut last, mut was): (&[u8], bool) = (&[], false);
    levels.rows.iter().zip(0..).filter_map(move |(row, place)| {
        let Some(Value::Text(text)) = levels.value_at(place) else { return None };
        if text.as_bytes() != last {
            (last, was) = (text.as_bytes(), Level::parse(text) == Some(Level::Error));
        }
        was.then_some(*row)
    })
}
