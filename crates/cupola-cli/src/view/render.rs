//! What is shown of a line.

use std::hash::Hasher;

use cupola_line::{Entry, Look, Style, Theme};
use cupola_redact::KeyPolicy;
use rustc_hash::FxHasher;

use super::context::{Mark, Marked, candidates};
use super::html;
use super::merge::{BEFORE_ALL, Batch};
use crate::clock::Clock;
use crate::log::block::{Block, RawLine};
use crate::log::filter::{Filter, count, time_of};
use crate::log::line::{self, Line};
use crate::log::mask::mask;
use crate::log::tally::Tally;

/// In which form lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Pretty,
    /// Lines as they stand.
    Json,
    /// The elements of an array.
    JsonArray,
    Html,
}

/// Selects lines and renders them; used by all workers.
#[derive(Debug)]
pub(crate) struct Render {
    pub(crate) filter: Filter,
    pub(crate) form: Form,
    /// Whether what is shown goes to a terminal.
    pub(crate) to_terminal: bool,
    pub(crate) style: Style,
    pub(crate) theme: Theme,
    pub(crate) fields: Fields,
    pub(crate) clock: Clock,
    pub(crate) redact: Option<KeyPolicy>,
    /// For each input whether others may have the same lines.
    pub(crate) twins: Vec<bool>,
}

/// Which fields are shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// If there are any, these and no others.
    pub(crate) only: Vec<String>,
    pub(crate) hidden: Vec<String>,
}

impl Fields {
    fn shows(&self, name: &[u8]) -> Option<bool> {
        let is_in = |names: &[String]| names.iter().any(|own| own.as_bytes() == name);
        match () {
            () if is_in(&self.hidden) => Some(false),
            () if is_in(&self.only) => Some(true),
            () => (!self.only.is_empty()).then_some(false),
        }
    }
}

impl Render {
    /// What is shown of a block.
    pub(crate) fn block(&self, block: Block<'_>) -> (Batch, Tally) {
        let (mut tally, mut scratch) = (Tally::default(), Vec::new());
        let mut desk = self.desk(block);
        let mut left_out = Tally::default();
        let has_twins = self.twins.get(block.input).copied().unwrap_or_default();
        self.filter.select(block, &mut scratch, &mut tally, |raw, line| match line {
            Line::Other(why) if self.form == Form::JsonArray => count(why, &mut left_out),
            line => desk.line(raw, &line, has_twins),
        });
        tally.add(&left_out);
        tally.shown = desk.batch.items.len() as u64;
        (desk.end(), tally)
    }
}

impl Render {
    /// The same for lines with so many around them.
    pub(crate) fn around(&self, block: Block<'_>, around: usize) -> (Marked, Tally) {
        let (mut tally, mut scratch, mut places) = (Tally::default(), Vec::new(), Vec::new());
        self.filter.select(block, &mut scratch, &mut tally, |raw, _| places.push(raw.at));
        tally.shown = places.len() as u64;
        let lines: Vec<_> = block.lines().collect();
        let matching: Vec<_> =
            (0..lines.len()).filter(|number| places.binary_search(&lines[*number].at).is_ok()).collect();
        let mut marked = Marked { lines: lines.len(), ..Marked::default() };
        let mut desk = self.desk(block);
        for number in candidates(&matching, lines.len(), around) {
            let line = line::read(lines[number], &mut scratch);
            desk.line(lines[number], &line, self.twins[block.input]);
            marked.marks.push(Mark { number, matches: matching.binary_search(&number).is_ok() });
        }
        marked.batch = desk.end();
        (marked, tally)
    }

    fn desk<'a>(&'a self, block: Block<'a>) -> Desk<'a> {
        let times = Times { bytes: block.bytes, seen: 0, last: None };
        let mut batch = Batch::default();
        if self.filter.wants_everything() {
            // What is shown is about as long as what is read, or longer.
            batch.bytes.reserve(block.bytes.len() * 3 / 2);
        }
        Desk { render: self, batch, clock: self.clock.clone(), time: Vec::new(), times }
    }
}

/// What one worker needs while it renders a block.
struct Desk<'a> {
    render: &'a Render,
    batch: Batch,
    clock: Clock,
    time: Vec<u8>,
    times: Times<'a>,
}

impl Desk<'_> {
    /// What the block has come to, in the order of time.
    fn end(mut self) -> Batch {
        self.batch.length = self.times.bytes.len() as u64;
        self.batch.last = self.times.before(self.times.bytes.len());
        self.batch.reached = self.batch.last.unwrap_or(BEFORE_ALL);
        self.batch.sort();
        self.batch
    }

    fn line(&mut self, raw: RawLine<'_>, line: &Line<'_>, has_twins: bool) {
        let start = self.batch.bytes.len();
        let time = match line {
            Line::Entry(entry) => time_of(entry),
            Line::Other(_) => None,
        };
        match &self.render.redact {
            None => self.shown(raw.bytes, line, time),
            Some(policy) => self.redacted(policy, raw, line, time),
        }
        let hash = if has_twins { hash_of(raw.bytes) } else { 0 };
        match time {
            Some(time) => (self.times.seen, self.times.last) = (raw.at + raw.bytes.len(), Some(time)),
            None => self.times.last = self.times.before(raw.at),
        }
        self.batch.push(self.times.last, start, hash);
    }

    /// Everything that is shown is made of the masked line.
    fn redacted(&mut self, policy: &KeyPolicy, raw: RawLine<'_>, line: &Line<'_>, time: Option<i64>) {
        let masked = mask(policy, matches!(line, Line::Entry(_)), raw);
        let masked = RawLine { bytes: &masked, ..raw };
        let mut scratch = Vec::new();
        let line = line::read(masked, &mut scratch);
        self.shown(masked.bytes, &line, time);
    }

    fn shown(&mut self, raw: &[u8], line: &Line<'_>, time: Option<i64>) {
        match self.render.form {
            Form::Json | Form::JsonArray if self.render.to_terminal => {
                self.look(b"").plain(&mut self.batch.bytes, raw);
                if self.render.form == Form::JsonArray {
                    self.batch.bytes.pop();
                }
            }
            Form::Json => {
                self.batch.bytes.extend_from_slice(raw);
                self.batch.bytes.push(b'\n');
            }
            Form::JsonArray => self.batch.bytes.extend_from_slice(raw),
            Form::Pretty => self.pretty(raw, line, time),
            Form::Html => {
                let start = self.batch.bytes.len();
                self.pretty(raw, line, time);
                let text = self.batch.bytes.split_off(start);
                let level = match line {
                    Line::Entry(entry) => entry.level.map(|level| level.unescape()),
                    Line::Other(_) => None,
                };
                html::push_row(&mut self.batch.bytes, &text, level.as_deref().unwrap_or_default());
            }
        }
    }

    fn pretty(&mut self, raw: &[u8], line: &Line<'_>, time: Option<i64>) {
        let mut text = std::mem::take(&mut self.time);
        text.clear();
        if let Some(time) = time {
            self.clock.text(time, &mut text);
        }
        let mut out = std::mem::take(&mut self.batch.bytes);
        match line {
            Line::Entry(entry) => self.entry(&mut out, entry, &text),
            Line::Other(_) => self.look(b"").plain(&mut out, raw),
        }
        (self.time, self.batch.bytes) = (text, out);
    }

    fn entry(&self, out: &mut Vec<u8>, entry: &Entry<'_>, time: &[u8]) {
        let fields = &self.render.fields;
        let shows = |name: &[u8]| fields.shows(name);
        let look = self.look(time);
        let is_chosen = !fields.only.is_empty() || !fields.hidden.is_empty();
        if is_chosen { look.shows(&shows).entry(out, entry) } else { look.entry(out, entry) }
    }

    fn look<'t>(&self, time: &'t [u8]) -> Look<'t> {
        let look = Look::new(self.render.style).theme(self.render.theme);
        if time.is_empty() { look } else { look.time(time) }
    }
}

fn hash_of(line: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(line);
    hasher.finish()
}

/// The times of a block's lines, also of those that are not shown: a line without one has that of the last that has one.
struct Times<'a> {
    bytes: &'a [u8],
    /// Up to where they are known, and the last one before.
    seen: usize,
    last: Option<i64>,
}

impl Times<'_> {
    /// The last time before the line that begins at `at`; lines are asked for in their order.
    fn before(&mut self, at: usize) -> Option<i64> {
        let (mut end, mut scratch) = (at, Vec::new());
        while end > self.seen {
            let rest = &self.bytes[self.seen..end];
            let rest = rest.strip_suffix(b"\n").unwrap_or(rest);
            let start = memchr::memrchr(b'\n', rest).map_or(0, |newline| newline + 1);
            if let Line::Entry(entry) = line::read(RawLine { at: 0, bytes: &rest[start..], open: false }, &mut scratch)
                && let Some(time) = time_of(&entry)
            {
                self.last = Some(time);
                break;
            }
            end = self.seen + start;
        }
        self.seen = at;
        self.last
    }
}
