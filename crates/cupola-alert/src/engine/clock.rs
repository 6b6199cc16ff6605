//! What time it is, and whether it went on: clocks are set, machines sleep, processes end.

use cupola_store::{Change, Document, Expect};
use serde::{Deserialize, Serialize};

use crate::delivery::json;
use crate::evaluate::Gaps;

const SECOND: i64 = 1_000_000_000;
/// After so long without an evaluation nobody was there.
const SILENT: i64 = 90 * SECOND;
/// So often it is written that somebody is.
const BEAT: i64 = 30 * SECOND;

/// When was evaluated, and when not: a document, so that the next process knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Clock {
    last: Option<i64>,
    gaps: Gaps,
    #[serde(skip)]
    written: Option<i64>,
    /// Read from the metadata: the process before this one ended at some time after it.
    #[serde(skip)]
    is_of_another: bool,
}

impl Clock {
    pub(super) const KIND: &'static str = "evaluation";
    pub(super) const KEY: &'static str = "clock";

    pub(super) fn read(document: Option<&Document>) -> Self {
        let read: Option<Self> = document.and_then(|document| serde_json::from_str(&document.body).ok());
        Self { is_of_another: true, written: None, ..read.unwrap_or_default() }
    }

    pub(super) fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// When it was evaluated last.
    pub(super) fn now(&self) -> Option<i64> {
        self.last
    }

    /// It is this time now. Says by how much what is waited for has to be moved: a clock that was set, and time in which nobody looked, do
    /// not count.
    pub(super) fn pass(&mut self, now: i64) -> i64 {
        let Some(last) = self.last.replace(now) else {
            self.gaps = Gaps::before(now);
            return 0;
        };
        let elapsed = now.saturating_sub(last);
        if elapsed > SILENT || self.is_of_another {
            self.gaps.add(last, now);
        }
        self.is_of_another = false;
        if (0..=SILENT).contains(&elapsed) { 0 } else { elapsed }
    }

    /// What writes it down, where it is time to.
    pub(super) fn beat(&self, now: i64) -> Option<Change> {
        let is_fresh = self.written.is_some_and(|written| (written..written.saturating_add(BEAT)).contains(&now));
        let (kind, key) = (Self::KIND, Self::KEY.to_owned());
        (!is_fresh).then(|| Change::Put { kind, key, body: json(self), expect: Expect::Any })
    }

    pub(super) fn is_written(&mut self, now: i64) {
        self.written = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_nobody_looks_does_not_count() {
        let mut clock = Clock::default();
        let check =
            |clock: &mut Clock, at: i64, moved: i64| assert_eq!(clock.pass(at * SECOND), moved * SECOND, "{at}");
        check(&mut clock, 1_000, 0);
        assert!(clock.gaps().touch(0, 999 * SECOND), "before the first evaluation nobody was there");
        check(&mut clock, 1_060, 0);
        assert!(!clock.gaps().touch(1_000 * SECOND, 1_060 * SECOND));
        check(&mut clock, 1_200, 140);
        assert!(clock.gaps().touch(1_100 * SECOND, 1_101 * SECOND));
        check(&mut clock, 900, -300);
        check(&mut clock, 901, 0);
        let body = serde_json::to_string(&clock).unwrap();
        let mut next = Clock::read(Some(&Document { key: String::new(), version: 1, body }));
        check(&mut next, 930, 0);
        assert!(next.gaps().touch(910 * SECOND, 911 * SECOND), "between two processes nobody was there");
    }
}
