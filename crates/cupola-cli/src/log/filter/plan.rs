//! How lines that may match are found without reading the others.

mod probe;

use aho_corasick::AhoCorasick;
use cupola_line::{Timestamp, keys};
use cupola_store::Level;
use cupola_store::language::{Expression, Operand, Relation, Test};
use memchr::memmem::{self, Finder};

use crate::log::block::RawLine;
use crate::log::dialect::canonical_key;
use crate::log::line::Head;
use probe::Probe;

/// What each line that matches must have.
#[derive(Debug)]
pub(super) struct Plan {
    /// One bit for each level that may match.
    levels: u8,
    /// Between which times, in their canonical form; texts compare as the times do.
    since: Option<[u8; 27]>,
    until: Option<[u8; 27]>,
    needles: Needles,
    /// Numbers that fields of our own lines must have.
    probes: Vec<Probe>,
    /// The keys of level and time, where it matters that they may come twice.
    keys: Vec<Finder<'static>>,
    /// Text that may be spelled with an escape like `\/`.
    slashes: bool,
}

/// Of which bytes a line that matches holds at least one.
#[derive(Debug)]
enum Needles {
    /// Nothing is known.
    Unknown,
    /// Each is looked for by itself: of few needles that is the quickest.
    Few(Vec<Finder<'static>>),
    Several(AhoCorasick),
}

const FEW: usize = 4;

const EVERY_LEVEL: u8 = 0b1_1111;

impl Default for Plan {
    fn default() -> Self {
        Self {
            levels: EVERY_LEVEL,
            since: None,
            until: None,
            needles: Needles::Unknown,
            probes: Vec::new(),
            keys: Vec::new(),
            slashes: false,
        }
    }
}

impl Plan {
    pub(super) fn of(expression: &Expression) -> Self {
        let (since, until) = times(expression);
        let mut literals = literals(expression).unwrap_or_default();
        // One id may be asked for under several names.
        literals.sort();
        literals.dedup();
        let slashes = literals.iter().any(|literal| literal.contains(&b'/'));
        let needles = match &literals[..] {
            [] => Needles::Unknown,
            few if few.len() <= FEW => {
                Needles::Few(few.iter().map(|needle| Finder::new(needle).into_owned()).collect())
            }
            several => AhoCorasick::new(several).map_or(Needles::Unknown, Needles::Several),
        };
        let text = |time: i64| *Timestamp::new().unix_micros(time).as_str().as_bytes().first_chunk().expect("27 bytes");
        let levels = levels(expression);
        let mut keys = Vec::new();
        if levels != EVERY_LEVEL {
            keys.push(Finder::new("\"level\""));
        }
        if since.is_some() || until.is_some() {
            keys.push(Finder::new("\"timestamp\""));
        }
        Self {
            levels,
            since: since.map(text),
            until: until.map(text),
            needles,
            probes: Probe::all(expression),
            keys,
            slashes,
        }
    }

    /// Begins to look at a block.
    pub(super) fn scout<'p>(&'p self, bytes: &'p [u8]) -> Scout<'p> {
        let mut scout = Scout { plan: self, bytes, hits: [None; FEW], escape: None, slash: None };
        if self.knows_something() {
            scout.escape = next_escape(bytes, 0);
            scout.slash = if self.slashes { find(bytes, 0, b"\\/") } else { None };
            for (which, hit) in scout.hits.iter_mut().enumerate() {
                *hit = self.needles.find(which, bytes, 0);
            }
        }
        scout
    }

    fn knows_something(&self) -> bool {
        !self.keys.is_empty() || !self.probes.is_empty() || !matches!(self.needles, Needles::Unknown)
    }

    /// Whether a line whose head is ours can match.
    fn admits(&self, head: &Head<'_>, line: &[u8]) -> bool {
        let rest = &line[head.end..];
        (self.admits_head(head) || self.comes_again(rest)) && self.probes.iter().all(|probe| probe.admits(rest))
    }

    fn admits_head(&self, head: &Head<'_>) -> bool {
        self.levels & bit(head.level) != 0
            && self.since.is_none_or(|since| *head.time >= since)
            && self.until.is_none_or(|until| *head.time < until)
    }

    /// Whether level or time come again, behind the head of a line that others have written: the last one counts.
    fn comes_again(&self, rest: &[u8]) -> bool {
        self.keys.iter().any(|key| key.find(rest).is_some())
    }
}

impl Needles {
    /// Where the next one is; of few, the next of each.
    fn find(&self, which: usize, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        let found = match self {
            Self::Unknown => None,
            Self::Few(finders) => finders.get(which)?.find(rest),
            Self::Several(finder) if which == 0 => finder.find(rest).map(|found| found.start()),
            Self::Several(_) => None,
        };
        found.map(|at| from + at)
    }
}

/// What a line is at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glance {
    /// It has to be read.
    MayMatch,
    /// An entry that does not match: it begins and ends as our own writer's do.
    Other,
    /// It does not match, and may not be an entry.
    Unclear,
}

/// Goes through the lines of one block.
#[derive(Debug)]
pub(super) struct Scout<'p> {
    plan: &'p Plan,
    bytes: &'p [u8],
    /// The next of each needle, the next escape that may hide one, the next escaped slash: none before the line that is looked at.
    hits: [Option<usize>; FEW],
    escape: Option<usize>,
    slash: Option<usize>,
}

impl Scout<'_> {
    /// What a line can be without being read. Lines are asked for in their order.
    #[inline]
    pub(super) fn glance(&mut self, line: RawLine<'_>) -> Glance {
        if !self.plan.knows_something() {
            return Glance::MayMatch;
        }
        let end = line.at + line.bytes.len();
        // A key or a text that is spelled with escapes is not found by its bytes.
        if self.escape.is_some_and(|at| at < end) {
            self.escape = next_escape(self.bytes, end);
            self.pass(end);
            return Glance::MayMatch;
        }
        let has_needle = self.has_needle(end);
        match Head::of(line.bytes) {
            Some(head) if has_needle && self.plan.admits(&head, line.bytes) => Glance::MayMatch,
            None if has_needle => Glance::MayMatch,
            Some(_) if line.bytes.last() == Some(&b'}') => Glance::Other,
            _ => Glance::Unclear,
        }
    }

    fn has_needle(&mut self, end: usize) -> bool {
        if matches!(self.plan.needles, Needles::Unknown) {
            return true;
        }
        let is_within = |place: &Option<usize>| place.is_some_and(|at| at < end);
        let found = self.hits.iter().any(is_within) || is_within(&self.slash);
        if found {
            self.pass(end);
        }
        found
    }

    /// Moves on to what stands behind a line.
    fn pass(&mut self, end: usize) {
        for (which, hit) in self.hits.iter_mut().enumerate() {
            if hit.is_some_and(|at| at < end) {
                *hit = self.plan.needles.find(which, self.bytes, end);
            }
        }
        if self.slash.is_some_and(|at| at < end) {
            self.slash = find(self.bytes, end, b"\\/");
        }
    }
}

/// The next `\u0020` to `\u007f`: no careful writer escapes what can be printed. Few lines have a backslash, and those are quickly found.
fn next_escape(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let at = from + memchr::memchr(b'\\', bytes.get(from..)?)?;
        if matches!(bytes.get(at + 1..at + 5), Some([b'u', b'0', b'0', b'2'..=b'7'])) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    Some(from + memmem::find(bytes.get(from..)?, what)?)
}

fn bit(level: Level) -> u8 {
    1 << level as u8
}

/// The levels that an entry which matches may have.
fn levels(expression: &Expression) -> u8 {
    match expression {
        Expression::All(parts) => parts.iter().map(levels).fold(EVERY_LEVEL, |all, one| all & one),
        Expression::Any(parts) => parts.iter().map(levels).fold(0, |all, one| all | one),
        Expression::Test(Test::Level(relation, level)) => {
            let wanted = Level::ALL.into_iter().filter(|found| relation.holds(found.cmp(level)));
            wanted.map(bit).fold(0, |all, one| all | one)
        }
        _ => EVERY_LEVEL,
    }
}

/// Between which times an entry which matches lies.
fn times(expression: &Expression) -> (Option<i64>, Option<i64>) {
    match expression {
        Expression::All(parts) => parts
            .iter()
            .map(times)
            .fold((None, None), |(since, until), one| (since.max(one.0), [until, one.1].into_iter().flatten().min())),
        Expression::Any(parts) => {
            let all: Vec<_> = parts.iter().map(times).collect();
            let since = all.iter().map(|one| one.0).min().flatten();
            let has_end = all.iter().all(|one| one.1.is_some());
            (since, all.iter().filter_map(|one| one.1).max().filter(|_| has_end))
        }
        Expression::Test(Test::Since(time)) => (Some(*time), None),
        Expression::Test(Test::Until(time)) => (None, Some(*time)),
        _ => (None, None),
    }
}

/// Bytes of which an entry that matches holds at least one, however it is spaced; `None` if there is no telling.
fn literals(expression: &Expression) -> Option<Vec<Vec<u8>>> {
    match expression {
        Expression::All(parts) => {
            // The fewer and the longer, the rarer.
            let known = parts.iter().filter_map(literals);
            known.min_by_key(|found| (found.len(), std::cmp::Reverse(found.iter().map(Vec::len).min())))
        }
        Expression::Any(parts) => {
            let all: Option<Vec<_>> = parts.iter().map(literals).collect();
            Some(all?.concat())
        }
        // A time may be written in another form.
        Expression::Test(Test::Field { name, .. }) if canonical_key(name) == Some(keys::TIMESTAMP) => None,
        Expression::Test(Test::Field { relation: Relation::Equal, value: Operand::Plain(text, None), .. }) => {
            let word = literal(text)?;
            let is_json = matches!(text.as_str(), "true" | "false" | "null") || text.starts_with(['{', '[']);
            (!is_json).then(|| vec![[b"\"", &word[..], b"\""].concat()])
        }
        Expression::Test(Test::Text(text)) => Some(vec![literal(text.as_str())?]),
        _ => None,
    }
}

/// A text's bytes in JSON, if every writer has the same for it, but for escapes of what can be printed.
fn literal(text: &str) -> Option<Vec<u8>> {
    let is_plain =
        !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\');
    is_plain.then(|| text.as_bytes().to_vec())
}
