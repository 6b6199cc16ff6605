//! The requests that took longest.

use std::cmp::Ordering;

use cupola_line::Text;

use super::facts::Facts;
use crate::log::filter::text_of;

/// Of a text so many bytes are kept.
const MAX_BYTES: usize = 512;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slow {
    /// In milliseconds.
    pub(crate) duration: f64,
    /// In microseconds since 1970.
    pub(crate) time: Option<i64>,
    pub(crate) status: Option<u16>,
    pub(crate) method: String,
    /// Or the path, where there is no route.
    pub(crate) route: String,
    pub(crate) request_id: String,
}

/// The slowest first, of equals the one that came first.
#[derive(Debug, Default)]
pub(crate) struct Slowest {
    kept: usize,
    found: Vec<Slow>,
}

impl Slowest {
    pub(crate) fn new(kept: usize) -> Self {
        Self { kept, found: Vec::new() }
    }

    pub(crate) fn found(&self) -> &[Slow] {
        &self.found
    }

    #[inline]
    pub(super) fn add(&mut self, facts: &Facts<'_>, duration: f64) {
        let is_full = self.found.len() >= self.kept;
        if is_full && self.found.last().is_none_or(|least| duration < least.duration) {
            return;
        }
        self.put(Slow::of(facts, duration));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        other.found.into_iter().for_each(|slow| self.put(slow));
    }

    fn put(&mut self, slow: Slow) {
        let at = self.found.partition_point(|other| other.order(&slow).is_le());
        self.found.insert(at, slow);
        self.found.truncate(self.kept);
    }
}

impl Slow {
    #[cold]
    fn of(facts: &Facts<'_>, duration: f64) -> Self {
        let text = |text: Option<Text<'_>>| text.map(|text| cut(&text.unescape())).unwrap_or_default();
        Self {
            duration,
            time: facts.time,
            status: facts.status,
            method: text(facts.method),
            route: text(facts.route.or(facts.path)),
            request_id: facts.request_id.map(|id| cut(&text_of(&id))).unwrap_or_default(),
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        let times = || self.time.cmp(&other.time).then_with(|| self.request_id.cmp(&other.request_id));
        other.duration.total_cmp(&self.duration).then_with(times)
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_BYTES)].to_owned()
}
