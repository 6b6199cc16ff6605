//! One block of lines, held to the schema.

use std::collections::BTreeMap;

use cupola_line::schema::Flaw;
use cupola_line::{Entry, keys, scan, schema};
use cupola_store::Level;

use crate::log::block::{Block, RawLine};
use crate::log::line::{self, Head, Line};

/// Of more targets or reasons than this the others are counted together.
const MAX_NAMES: usize = 4_096;
const OTHERS: &str = "(others)";

/// The ids of which the share is told.
pub(super) const IDS: [&str; 3] = [keys::REQUEST_ID, keys::TRACE_ID, keys::SPAN_ID];

/// What lines have come to.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// All of them, empty ones too.
    pub(super) lines: u64,
    pub(super) blank: u64,
    pub(super) entries: u64,
    pub(super) failed: u64,
    /// The first lines that fail: their number, from 1, and why.
    pub(super) failures: Vec<(u64, String)>,
    pub(super) reasons: BTreeMap<String, u64>,
    /// By target, the levels from the least serious on, and last those without one.
    pub(super) targets: BTreeMap<String, [u64; 6]>,
    pub(super) with_id: [u64; IDS.len()],
}

impl Count {
    pub(super) fn levels(&self) -> [u64; 6] {
        self.targets.values().fold([0; 6], |sum, levels| std::array::from_fn(|at| sum[at] + levels[at]))
    }

    /// Adds what comes behind.
    pub(super) fn add(&mut self, other: Self, shown: usize) {
        let before = self.lines;
        let room = shown.saturating_sub(self.failures.len());
        self.failures.extend(other.failures.into_iter().take(room).map(|(line, why)| (before + line, why)));
        self.lines += other.lines;
        self.blank += other.blank;
        self.entries += other.entries;
        self.failed += other.failed;
        for (why, count) in other.reasons {
            *place(&mut self.reasons, &why) += count;
        }
        for (target, levels) in other.targets {
            let sum = place(&mut self.targets, &target);
            *sum = std::array::from_fn(|at| sum[at] + levels[at]);
        }
        self.with_id = std::array::from_fn(|at| self.with_id[at] + other.with_id[at]);
    }

    pub(super) fn fail(&mut self, why: String, shown: usize) {
        self.failed += 1;
        *place(&mut self.reasons, &reason(&why)) += 1;
        if self.failures.len() < shown {
            self.failures.push((self.lines, why));
        }
    }
}

fn place<'a, T: Default>(map: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = if map.len() < MAX_NAMES || map.contains_key(name) { name } else { OTHERS };
    if !map.contains_key(name) {
        map.insert(name.to_owned(), T::default());
    }
    map.get_mut(name).expect("it is there, or has just been put there")
}

/// The reason without the place in the line, so that equal ones add up.
fn reason(why: &str) -> String {
    why.split(" at byte ").next().unwrap_or(why).to_owned()
}

/// Counts the lines of a block.
#[derive(Debug, Default)]
pub(super) struct Counter {
    count: Count,
    scratch: Vec<u8>,
}

impl Counter {
    pub(super) fn block(mut self, block: Block<'_>, shown: usize) -> Count {
        for raw in block.lines() {
            self.count.lines += 1;
            if raw.bytes.trim_ascii().is_empty() {
                self.count.blank += 1;
                continue;
            }
            if let Some(why) = flaw(raw) {
                self.count.fail(why, shown);
            }
            if let Line::Entry(entry) = line::read(raw, &mut self.scratch) {
                self.count.entries += 1;
                count_entry(&mut self.count, &entry);
            }
        }
        self.count
    }
}

fn count_entry(count: &mut Count, entry: &Entry<'_>) {
    let target = entry.target.map(|target| target.unescape()).unwrap_or_default();
    let level = entry.level.and_then(|level| Level::parse(&level.unescape()));
    let at = level.and_then(|level| Level::ALL.iter().position(|known| *known == level)).unwrap_or(Level::ALL.len());
    place(&mut count.targets, &target)[at] += 1;
    for (with_id, id) in count.with_id.iter_mut().zip(IDS) {
        *with_id += u64::from(entry.field(id).is_some());
    }
}

/// Why a line fails, if it does.
fn flaw(raw: RawLine<'_>) -> Option<String> {
    match schema::check(raw.bytes) {
        Err(Flaw::NotJson(_)) if raw.open && raw.bytes.starts_with(b"{") => {
            Some("torn: the file ends within it".to_owned())
        }
        Err(flaw) => Some(flaw.to_string()),
        Ok(()) if Head::of(raw.bytes).is_none() => {
            Some("not canonical: time, level or target in another form".to_owned())
        }
        Ok(()) if !is_tight(raw.bytes) => Some("not canonical: spaces between names and values".to_owned()),
        Ok(()) => None,
    }
}

/// Whether nothing stands between the names and values of a line but one colon and one comma.
fn is_tight(line: &[u8]) -> bool {
    let members = scan(line).map_while(Result::ok);
    let length: usize = members.map(|(name, value)| name.json().len() + value.json().len() + ":,".len()).sum();
    // One brace stands where the last comma would, the other before all.
    length + 1 == line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"app","category":"general","message":"up""#;

    #[test]
    fn flaws() {
        let check = |line: &str, open, expected: Option<&str>| {
            let found = flaw(RawLine { at: 0, bytes: line.as_bytes(), open });
            assert_eq!(found.as_deref(), expected, "{line}");
        };
        check(&format!("{HEAD}}}"), false, None);
        check(&format!(r#"{HEAD},"a":[1, 2]}}"#), false, None);
        check(&format!(r#"{HEAD}, "a":1}}"#), false, Some("not canonical: spaces between names and values"));
        check(&format!(r#"{HEAD},"a":1,"a":2}}"#), false, Some("`a` stands there twice"));
        check(
            &format!("{} ", HEAD.replace("02.123456", "02.123") + "}"),
            false,
            Some("not canonical: time, level or target in another form"),
        );
        check(HEAD, true, Some("torn: the file ends within it"));
        check("plain", false, Some("no JSON object: expected `{` at byte 0"));
    }

    #[test]
    fn names_are_bounded() {
        let mut names = BTreeMap::new();
        for number in 0..MAX_NAMES as u64 + 10 {
            *place(&mut names, &number.to_string()) += 1_u64;
        }
        assert_eq!((names.len(), names[OTHERS]), (MAX_NAMES + 1, 10));
    }
}
