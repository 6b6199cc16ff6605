//! From when to when a page tells.

use std::time::Duration;

use cupola_store::language::moment;
use jiff::Zoned;

use super::fault::Fault;

const SECOND: i64 = 1_000_000_000;

/// What people choose from, and how it is called.
pub(super) const PRESETS: [(&str, &str); 8] = [
    ("15m", "Last 15 minutes"),
    ("1h", "Last hour"),
    ("3h", "Last 3 hours"),
    ("6h", "Last 6 hours"),
    ("24h", "Last 24 hours"),
    ("3d", "Last 3 days"),
    ("7d", "Last 7 days"),
    ("14d", "Last 14 days"),
];

/// Where nothing else is said.
pub(super) const UNSAID: &str = "1h";

/// Of more time than this requests are told by whole hours.
const MANY_HOURS: i64 = 6 * 3_600 * SECOND;

/// From when to when, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) since: i64,
    pub(super) until: i64,
    /// It ends now, so that it goes on.
    pub(super) is_live: bool,
}

impl Range {
    /// As two parameters say it.
    pub(super) fn read(since: Option<&str>, until: Option<&str>, now: &Zoned) -> Result<Self, Fault> {
        let read = |name: &str, text: &str| match moment(text, now) {
            Ok(moment) => Ok(moment.start.saturating_mul(1_000)),
            Err(_) => Err(Fault::bad(format!(
                "`{name}` is no time. Accepted: 15m, 2h, 3d, 2026-11-21, \"2026-11-21 03:46\", 2026-11-21T03:46:02Z, yesterday, now."
            ))),
        };
        let is_live = until.is_none_or(|until| until.eq_ignore_ascii_case("now"));
        let range = Self {
            since: read("since", since.unwrap_or(UNSAID))?,
            until: read("until", until.unwrap_or("now"))?,
            is_live,
        };
        if range.since < range.until { Ok(range) } else { Err(Fault::bad("`since` does not lie before `until`.")) }
    }

    /// How long it is, in nanoseconds.
    pub(super) fn length(&self) -> i64 {
        self.until.saturating_sub(self.since)
    }

    /// How long it is.
    pub(super) fn seconds(&self) -> f64 {
        Duration::from_nanos(self.length().cast_unsigned()).as_secs_f64()
    }

    /// The same time before it.
    pub(super) fn before(&self) -> Self {
        Self { since: self.since.saturating_sub(self.length()), until: self.since, is_live: false }
    }

    /// Widened to the minutes or hours by which requests are told.
    pub(super) fn whole(&self) -> Self {
        let unit = self.unit();
        Self { since: self.since.div_euclid(unit).saturating_mul(unit), ..*self }
    }

    fn unit(&self) -> i64 {
        if self.length() > MANY_HOURS { 3_600 * SECOND } else { 60 * SECOND }
    }

    /// Steps for requests, of which there are about so many at most.
    pub(super) fn step_of_requests(&self, most: i64) -> Duration {
        let unit = self.unit();
        self.step_from(
            [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440].map(|minutes| minutes * 60 * SECOND),
            unit,
            most,
        )
    }

    /// Steps for entries, of which there are about so many at most.
    pub(super) fn step(&self, most: i64) -> Duration {
        let seconds =
            [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
        self.step_from(seconds.map(|seconds| seconds * SECOND), SECOND, most)
    }

    fn step_from<const N: usize>(&self, steps: [i64; N], unit: i64, most: i64) -> Duration {
        let fits = |step: &i64| step % unit == 0 && self.length() / step < most;
        let longest = steps[N - 1];
        let step = steps.into_iter().find(fits).unwrap_or_else(|| (self.length() / most / longest + 1) * longest);
        Duration::from_nanos(step.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600 * SECOND;

    fn range(length: i64) -> Range {
        Range { since: 0, until: length, is_live: false }
    }

    #[test]
    fn steps_are_few_and_fit() {
        let check = |length, most, requests: i64, entries: i64| {
            let seconds = |seconds: i64| Duration::from_secs(seconds.cast_unsigned());
            let range = range(length);
            assert_eq!(range.step_of_requests(most), seconds(requests), "{length}");
            assert_eq!(range.step(most), seconds(entries), "{length}");
        };
        check(HOUR, 61, 60, 60);
        check(HOUR / 4, 61, 60, 15);
        check(6 * HOUR, 61, 600, 600);
        check(7 * HOUR, 61, 3_600, 600);
        check(24 * HOUR, 61, 3_600, 1_800);
        check(14 * 24 * HOUR, 61, 21_600, 21_600);
        check(3_650 * 24 * HOUR, 61, 60 * 86_400, 60 * 86_400);
        check(1, 61, 60, 1);
    }

    #[test]
    fn a_range_is_read_as_people_say_it() {
        let now: Zoned = "2026-11-27T04:00:30+00:00[UTC]".parse().unwrap();
        let hour = Range::read(None, None, &now).unwrap();
        assert_eq!((hour.length(), hour.is_live), (HOUR, true));
        assert_eq!(hour.whole().length(), HOUR + 30 * SECOND);
        assert_eq!(hour.before().until, hour.since);
        let day = Range::read(Some("yesterday"), Some("today"), &now).unwrap();
        assert_eq!((day.length(), day.is_live), (24 * HOUR, false));
        for (since, until) in [("soon", "now"), ("now", "1h"), ("1h", "later")] {
            assert!(Range::read(Some(since), Some(until), &now).is_err(), "{since} {until}");
        }
    }
}
