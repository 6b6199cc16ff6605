//! When each line began, how long it took, and whose it is.

use cupola_line::{Entry, Value, keys, schema};
use rustc_hash::FxHashMap;

use crate::log::filter::time_of;
use crate::log::filter::{lookup, text_of};

const DURATION: &str = "duration_ms";
const PARENT: &str = "parent_span_id";
/// Further in no line is moved.
const MAX_DEPTH: usize = 8;

/// A line's place in the waterfall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// Which of the entries.
    pub(super) entry: usize,
    /// In microseconds since 1970. A line that tells a duration is written at its end.
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    /// In milliseconds.
    pub(super) duration: Option<f64>,
    pub(super) depth: usize,
}

/// The rows in the order in which they began, what takes longer before what happens in it.
pub(super) fn rows(entries: &[Entry<'_>]) -> Vec<Row> {
    let spans = Spans::of(entries);
    let mut rows: Vec<_> = entries.iter().enumerate().map(|(at, entry)| row(at, entry, &spans)).collect();
    rows.sort_by_key(|row| (row.start.is_none(), row.start, std::cmp::Reverse(row.end), row.entry));
    rows
}

fn row(at: usize, entry: &Entry<'_>, spans: &Spans) -> Row {
    let end = time_of(entry);
    let duration = [DURATION, "elapsed_ms"].iter().find_map(|name| lookup(entry, name)?.as_f64());
    let duration = duration.filter(|duration| duration.is_finite() && *duration >= 0.0);
    let micros = duration.map_or(0, |duration| (duration * 1e3) as i64);
    Row { entry: at, start: end.map(|end| end.saturating_sub(micros)), end, duration, depth: spans.depth(entry) }
}

/// Whether a line is the one that tells how a request ended.
pub(super) fn is_request(entry: &Entry<'_>) -> bool {
    let has = |name| lookup(entry, name).is_some();
    let speaks = |name| entry.target.is_some_and(|target| target.is(name));
    let is_access = speaks(schema::ACCESS_TARGET) || has("method") && has("status");
    has(DURATION) && is_access && !speaks(schema::CALL_TARGET)
}

/// The spans that have a line of their own, and their parents.
#[derive(Debug, Default)]
struct Spans(FxHashMap<String, Option<String>>);

impl Spans {
    fn of(entries: &[Entry<'_>]) -> Self {
        let own = entries.iter().filter(|entry| is_own(entry));
        let spans = own.filter_map(|entry| Some((text(entry, keys::SPAN_ID)?, text(entry, PARENT))));
        Self(spans.collect())
    }

    fn depth(&self, entry: &Entry<'_>) -> usize {
        let Some(span) = text(entry, keys::SPAN_ID) else { return 0 };
        let mut depth = usize::from(!is_own(entry) && self.0.contains_key(&span));
        let mut at = self.0.get(&span);
        // A circle of parents ends with the bound.
        while let Some(parent) = at.and_then(Option::as_ref)
            && depth < MAX_DEPTH
            && self.0.contains_key(parent)
        {
            depth += 1;
            at = self.0.get(parent);
        }
        depth
    }
}

fn is_own(entry: &Entry<'_>) -> bool {
    is_request(entry) || lookup(entry, PARENT).is_some()
}

fn text(entry: &Entry<'_>, name: &str) -> Option<String> {
    lookup(entry, name).filter(|value| *value != Value::Null).map(|value| text_of(&value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_stands_before_what_happens_in_it() {
        let line = |micros: u32, rest: &str| format!(r#"{{"timestamp":"2026-11-21T03:46:02.{micros:06}Z"{rest}}}"#);
        let lines = [
            line(200, r#","message":"query","duration_ms":0.1,"span_id":"s1""#),
            line(50, r#","message":"point","span_id":"s1""#),
            line(300, r#","message":"done","duration_ms":0.3,"method":"GET","status":200,"span_id":"s1""#),
            line(
                250,
                r#","message":"call","duration_ms":0.1,"method":"GET","status":200,"span_id":"s2","parent_span_id":"s1""#,
            ),
            r#"{"message":"timeless","span_id":"s3"}"#.to_owned(),
        ];
        let entries: Vec<_> = lines.iter().map(|line| Entry::read(line.as_bytes()).unwrap()).collect();
        let found: Vec<_> = rows(&entries).iter().map(|row| (row.entry, row.depth, row.duration)).collect();
        assert_eq!(found, [(2, 0, Some(0.3)), (1, 1, None), (0, 1, Some(0.1)), (3, 1, Some(0.1)), (4, 0, None)]);
    }

    #[test]
    fn circles_of_parents_end() {
        let lines = [r#"{"span_id":"a","parent_span_id":"b"}"#, r#"{"span_id":"b","parent_span_id":"a"}"#];
        let entries: Vec<_> = lines.iter().map(|line| Entry::read(line.as_bytes()).unwrap()).collect();
        assert!(rows(&entries).iter().all(|row| row.depth == MAX_DEPTH));
    }
}
