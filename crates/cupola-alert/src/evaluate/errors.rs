//! Errors that are alike: those that were not there before, and those of which there are suddenly many.

use cupola_store::Level;
use rustc_hash::FxHashMap;

use super::question::Question;
use super::round::{Round, five_minutes, hour_of};
use super::{Collect, Span, Trouble};

fn question(filter: Option<&str>, level: Level, span: Span) -> Question {
    Question::Failures { filter: filter.map(str::to_owned), level, span }
}

/// Groups whose first error came within the window.
pub(super) fn new(
    filter: Option<&str>,
    level: Level,
    lookback: i64,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    // Of the hours that are over the answer is kept: what is read at each evaluation is the present hour.
    let hour = hour_of(span.until).since;
    let past = round.ask_past(&question(filter, level, Span { since: hour.saturating_sub(lookback), until: hour }))?;
    let present = round.ask(&question(filter, level, Span { since: hour, until: span.until }))?;
    let before: FxHashMap<u64, (u64, i64)> = past.rows().map(|row| (row.hash, row.count())).collect();
    for row in present.rows() {
        let (count, first) = row.count();
        let (earlier, at) = before.get(&row.hash).copied().unwrap_or((0, i64::MAX));
        if first.min(at) >= span.since {
            #[allow(clippy::cast_precision_loss, reason = "counts of errors")]
            found.see(&row.labels, row.hash, (count + earlier) as f64);
        }
    }
    // Those that came just before the hour was over.
    let lately = past.rows().filter(|row| row.count().1 >= span.since);
    let present: FxHashMap<u64, ()> = present.rows().map(|row| (row.hash, ())).collect();
    lately.filter(|row| !present.contains_key(&row.hash)).for_each(|row| found.see(&row.labels, row.hash, row.one()));
    found.note(past.note());
    Ok(())
}

/// With what is compared.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub(super) lookback: i64,
    pub(super) min_count: u64,
}

/// Groups of which there are many times as many as in a window before.
pub(super) fn spike(
    filter: Option<&str>,
    level: Level,
    before: Before,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let end = five_minutes(span.since);
    let past = Span { since: end.saturating_sub(before.lookback), until: end };
    let (past, now) = (round.ask_past(&question(filter, level, past))?, round.ask(&question(filter, level, span))?);
    let counts: FxHashMap<u64, f64> = past.rows().map(|row| (row.hash, row.one())).collect();
    #[allow(clippy::cast_precision_loss, reason = "lengths of time")]
    let windows = (before.lookback as f64 / span.length().max(1) as f64).max(1.0);
    for row in now.rows().filter(|row| row.count().0 >= before.min_count) {
        let usual = counts.get(&row.hash).copied().unwrap_or(0.0) / windows;
        found.see(&row.labels, row.hash, row.one() / usual.max(1.0));
    }
    found.note(now.note());
    Ok(())
}
