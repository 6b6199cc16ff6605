//! Of how much time routes are shown.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How long it is, how long each step of its trend, and what it is called.
const RANGES: [(u64, u64, &str); 6] = [
    (5 * MINUTE, MINUTE, "5 min"),
    (15 * MINUTE, MINUTE, "15 min"),
    (HOUR, 3 * MINUTE, "1 h"),
    (6 * HOUR, 20 * MINUTE, "6 h"),
    (24 * HOUR, HOUR, "24 h"),
    (7 * 24 * HOUR, 8 * HOUR, "7 d"),
];

/// A time up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range(usize);

impl Default for Range {
    fn default() -> Self {
        Self(1)
    }
}

impl Range {
    /// The one that is called so, without regard to spaces.
    pub(super) fn named(text: &str) -> Result<Self, String> {
        let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
        let is = |(_, _, name): &(u64, u64, &str)| {
            plain(name) == plain(text) || plain(name).strip_suffix("in") == Some(&plain(text))
        };
        RANGES.iter().position(is).map(Self).ok_or_else(|| "accepted are 5m, 15m, 1h, 6h, 24h, 7d".to_owned())
    }

    pub(super) fn longer(self) -> Self {
        Self((self.0 + 1).min(RANGES.len() - 1))
    }

    pub(super) fn shorter(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    pub(super) fn name(self) -> &'static str {
        RANGES[self.0].2
    }

    /// In nanoseconds.
    pub(super) fn length(self) -> i64 {
        (RANGES[self.0].0 * 1_000_000_000).cast_signed()
    }

    pub(super) fn step(self) -> Duration {
        Duration::from_secs(RANGES[self.0].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_neighbours() {
        let name = |text| Range::named(text).map(Range::name);
        assert_eq!((name("5m"), name("24h"), name("15 min")), (Ok("5 min"), Ok("24 h"), Ok("15 min")));
        assert!(name("2h").is_err() && name("").is_err());
        let all = |mut range: Range, go: fn(Range) -> Range| {
            (0..9).for_each(|_| range = go(range));
            range.name()
        };
        assert_eq!((all(Range::default(), Range::longer), all(Range::default(), Range::shorter)), ("7 d", "5 min"));
    }
}
