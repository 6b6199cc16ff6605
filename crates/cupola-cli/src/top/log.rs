//! What the log says, as it comes in.

use std::collections::VecDeque;

use cupola_line::{Look, Style};
use cupola_store::{Entry, Level};
use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::options::stored::line_of;
use crate::terminal::paint::cut;

/// So many rows are kept, and so many wait while nothing moves.
pub(super) const MOST: usize = 2_000;
/// Of one entry so many rows are shown.
const ROWS: usize = 8;
/// More of a row is not kept.
const COLUMNS: usize = 1_000;

/// A row of the log; its text is fit for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) level: Option<Level>,
    /// Whether an entry begins with it: its time stands first.
    pub(super) is_first: bool,
}

/// The last rows.
#[derive(Debug, Default)]
pub(super) struct Log {
    rows: VecDeque<Row>,
    /// What has come since nothing moves any more.
    waiting: VecDeque<Row>,
    /// How many entries these are.
    waiting_entries: u64,
    is_paused: bool,
    /// How many rows lie below the last one that is shown.
    below: usize,
    dropped: u64,
}

impl Log {
    pub(super) fn push(&mut self, rows: impl IntoIterator<Item = Row>) {
        let waits = self.is_paused;
        for row in rows {
            self.waiting_entries += u64::from(waits && row.is_first);
            let to = if waits { &mut self.waiting } else { &mut self.rows };
            to.push_back(row);
            if to.len() > MOST {
                let lost = to.pop_front().is_some_and(|row| row.is_first && waits);
                self.waiting_entries -= u64::from(lost);
                self.dropped += u64::from(lost);
            }
        }
    }

    /// So many were never told of.
    pub(super) fn dropped_elsewhere(&mut self, count: u64) {
        self.dropped += count;
    }

    pub(super) fn clear(&mut self) {
        *self = Self { dropped: self.dropped, ..Self::default() };
    }

    pub(super) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        if !is_paused {
            self.below = 0;
            self.waiting_entries = 0;
            let waiting = std::mem::take(&mut self.waiting);
            self.push(waiting);
        }
    }

    /// Goes up or down; it stands still as long as one is not at its end.
    pub(super) fn scroll(&mut self, rows: isize, height: usize) {
        let most = self.rows.len().saturating_sub(height);
        if rows < 0 {
            self.is_paused = true;
        }
        self.below = self.below.saturating_add_signed(-rows).min(most);
    }

    /// The rows that fit, the newest last.
    pub(super) fn shown(&self, height: usize) -> impl Iterator<Item = &Row> {
        let end = self.rows.len() - self.below.min(self.rows.len().saturating_sub(height));
        self.rows.range(end.saturating_sub(height)..end)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn is_paused(&self) -> bool {
        self.is_paused
    }

    pub(super) fn waiting(&self) -> u64 {
        self.waiting_entries
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// Makes rows of entries, with times of a zone.
#[derive(Debug)]
pub(super) struct Rows(Clock);

impl Rows {
    pub(super) fn new(zone: TimeZone) -> Self {
        let now = jiff::Timestamp::now().to_zoned(zone.clone());
        Self(Clock::new(zone, &now))
    }

    pub(super) fn of(&mut self, entry: &Entry) -> Vec<Row> {
        let line = line_of(entry);
        let (mut shown, mut time) = (Vec::new(), Vec::new());
        let read = cupola_line::Entry::read(&line).ok();
        self.0.text(entry.time().div_euclid(1_000), &mut time);
        // Of what has just come the day goes without saying.
        let time = &time[time.len().saturating_sub(12)..];
        match &read {
            Some(read) => Look::new(Style::new()).time(time).entry(&mut shown, read),
            None => Look::new(Style::new()).plain(&mut shown, &line),
        }
        let level = read.and_then(|read| Level::parse(std::str::from_utf8(read.level?.raw()).ok()?));
        rows(&String::from_utf8_lossy(&shown), level)
    }
}

fn rows(shown: &str, level: Option<Level>) -> Vec<Row> {
    let all = shown.lines().count();
    let row = |(place, text): (usize, &str)| Row { text: cut(text, COLUMNS), level, is_first: place == 0 };
    let mut rows: Vec<Row> = shown.lines().take(ROWS).enumerate().map(row).collect();
    if all > ROWS {
        rows.push(Row { text: format!("    │ … {} lines more", all - ROWS), level, is_first: false });
    }
    rows
}

#[cfg(test)]
mod tests {
    use cupola_store::Value;

    use super::*;

    fn numbered(numbers: std::ops::Range<usize>) -> impl Iterator<Item = Row> {
        numbers.map(|number| Row { text: number.to_string(), level: None, is_first: true })
    }

    fn shown(log: &Log, height: usize) -> String {
        log.shown(height).map(|row| row.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn while_it_is_paused_nothing_moves_and_what_is_too_much_is_counted() {
        let mut log = Log::default();
        log.push(numbered(0..10));
        log.pause(true);
        log.push(numbered(10..10 + MOST + 5));
        assert_eq!((shown(&log, 3).as_str(), log.waiting(), log.dropped()), ("7 8 9", MOST as u64, 5));
        log.dropped_elsewhere(2);
        log.pause(false);
        assert_eq!((shown(&log, 2).as_str(), log.waiting(), log.dropped()), ("2013 2014", 0, 7));
    }

    #[test]
    fn going_up_pauses_and_ends_at_the_first_row() {
        let mut log = Log::default();
        log.push(numbered(0..10));
        log.scroll(1, 3);
        assert!(!log.is_paused());
        log.scroll(-2, 3);
        assert_eq!((shown(&log, 3).as_str(), log.is_paused()), ("5 6 7", true));
        log.scroll(-99, 3);
        assert_eq!(shown(&log, 3), "0 1 2");
        log.scroll(1, 3);
        assert_eq!(shown(&log, 3), "1 2 3");
        assert_eq!(shown(&log, 99), "0 1 2 3 4 5 6 7 8 9", "of a larger screen too");
    }

    #[test]
    fn hostile_entries_are_rows_without_controls() {
        let hostile = "a\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\r\nb";
        let fields =
            [("level", Value::Text("ERROR")), ("message", Value::Text(hostile)), ("stack", Value::Text("x\n"))];
        let rows = Rows::new(TimeZone::UTC).of(&Entry::from_fields(1_795_232_762_123_456_789, fields));
        assert!(rows[0].text.starts_with("03:46:02.123 ERROR "), "{rows:?}");
        assert!(rows[0].is_first && rows[0].level == Some(Level::Error) && rows.len() > 1);
        let bad = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!rows.iter().any(|row| row.text.contains(bad)), "{rows:?}");
    }

    #[test]
    fn of_a_long_entry_it_is_said_that_there_is_more() {
        let text = (0..20).map(|line| format!("{line}\n")).collect::<String>();
        let rows = rows(&text, None);
        assert_eq!((rows.len(), rows[8].text.as_str()), (9, "    │ … 12 lines more"));
    }
}
