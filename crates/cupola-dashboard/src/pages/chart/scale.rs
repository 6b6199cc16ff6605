//! Round numbers beside a chart, and round times below it.

use super::Steps;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How a time below a chart is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Second,
    Minute,
    Day,
}

impl Form {
    /// What the script calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }

    pub(super) const fn pattern(self) -> &'static str {
        match self {
            Self::Second => "%H:%M:%S",
            Self::Minute => "%H:%M",
            Self::Day => "%b %-d",
        }
    }
}

/// The least round number that is no less, whose half is round too.
pub(super) fn top(most: f64) -> f64 {
    if most <= 0.0 || !most.is_finite() {
        return 1.0;
    }
    let unit = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .map(|factor| factor * unit)
        .into_iter()
        .find(|top| *top >= most * 0.999_999)
        .unwrap_or(10.0 * unit)
}

/// At most seven round times: place from 0 to 1, the time, how it is written.
pub(super) fn ticks(steps: &Steps) -> Vec<(f64, i64, Form)> {
    let length = steps.end() - steps.start;
    let between = [1, 2, 5, 10, 15, 30]
        .map(|n| n * SECOND)
        .into_iter()
        .chain([1, 2, 5, 10, 15, 30].map(|n| n * MINUTE))
        .chain([1, 2, 3, 6, 12].map(|n| n * HOUR))
        .chain([1, 2, 7, 14, 30, 90, 365, 3_650].map(|n| n * DAY))
        .find(|between| length / between < 7);
    let between = between.unwrap_or(36_500 * DAY);
    let form = match between {
        short if short < MINUTE => Form::Second,
        some if some < DAY => Form::Minute,
        _ => Form::Day,
    };
    let first = steps.start.div_euclid(between) * between;
    (0..=8)
        .map(|number| first + number * between)
        .map(|time| (steps.place(time), time, form))
        // One at the very edge would stand half outside.
        .filter(|(place, time, _)| *time >= steps.start && (0.03..=0.97).contains(place))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_round_and_no_less() {
        let check = |most: f64, expected: f64| assert!((top(most) - expected).abs() < 1e-9, "{most} {}", top(most));
        check(0.0, 1.0);
        check(f64::NAN, 1.0);
        check(0.7, 0.8);
        check(1.0, 1.0);
        check(23.0, 30.0);
        check(99.0, 100.0);
        check(123.0, 200.0);
    }

    #[test]
    fn ticks_are_few_and_round() {
        let check = |length: i64, form, between: i64| {
            let steps = Steps { start: 1_795_232_762 * SECOND, step: length / 10, count: 10 };
            let ticks = ticks(&steps);
            assert!((2..=7).contains(&ticks.len()), "{length}: {ticks:?}");
            assert!(
                ticks
                    .iter()
                    .all(|(place, time, found)| *found == form && time % between == 0 && (0.0..=1.0).contains(place))
            );
        };
        check(MINUTE, Form::Second, 10 * SECOND);
        check(HOUR, Form::Minute, 10 * MINUTE);
        check(24 * HOUR, Form::Minute, 6 * HOUR);
        check(14 * DAY, Form::Day, 7 * DAY);
    }
}
