//! Names of log files: made and read here alone, so that whoever deletes one knows whose it is.
//!
//! | file | name |
//! |---|---|
//! | the one that is written to | `api.log` |
//! | closed, because it was full or its day over | `api.2026-11-21.001.log`, `api.2026-11-21.002.log` |
//! | packed | `api.2026-11-21.001.log.zst`, or `.gz` |
//! | of a family without a stem: the day's last | `2026-11-21.jsonl` |
//! | the same day's earlier ones | `2026-11-21.001.jsonl` |
//! | an index beside a file | the file's name and `.idx` |
//! | not yet whole, an index too | the file's name and `.tmp` |

use std::fmt;

use crate::timestamp::{civil_from_days, days_from_civil, days_in_month};

/// A day in UTC, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day of a time, in seconds since 1970.
    pub const fn of_unix_seconds(seconds: i64) -> Self {
        Self(seconds.div_euclid(86_400))
    }

    /// How many days after another; negative where it is before.
    pub const fn days_since(self, other: Self) -> i64 {
        self.0 - other.0
    }

    /// Reads `2026-11-21`, and only a day that there is.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        let part = |range| number(text.get(range)?);
        let (year, month, day) = (part(0..4).filter(|_| is_shaped)?, part(5..7)?, part(8..10)?);
        let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
        let there_is = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
        there_is.then(|| Self(days_from_civil(year, month, day)))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// How a closed file is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Packing {
    /// Not at all.
    #[default]
    None,
    /// By gzip.
    Gzip,
    /// By zstd.
    Zstd,
}

impl Packing {
    /// What a packed file's name ends with.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// What a file is to the log that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// The entries themselves.
    Entries,
    /// The index of the file of the same name.
    Index,
    /// Something that was not finished.
    Unfinished,
}

/// The suffix of the index beside a file.
pub const INDEX_SUFFIX: &str = ".idx";

/// The suffix of a file that is not yet whole.
pub const UNFINISHED_SUFFIX: &str = ".tmp";

/// The files of one log in one folder.
///
/// ```
/// use cupola_line::{Day, FileFamily, Packing};
///
/// let api = FileFamily::named("api", "log");
/// let day = Day::parse("2026-11-21").expect("there is such a day");
/// assert_eq!(api.active(day), "api.log");
/// assert_eq!(api.closed(day, 1, Packing::Zstd), "api.2026-11-21.001.log.zst");
/// assert!(api.parse("api.2026-11-21.001.log.zst").is_some_and(|name| name.number == Some(1)));
/// assert_eq!(api.parse("api-access.2026-11-21.001.log"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFamily {
    /// Empty where names begin with their day.
    stem: String,
    extension: String,
}

/// What a name says. The order is that of time: a day's numbered files come before the one without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileName {
    /// The day on which the file was begun; `None` for the one of a stem that is written to.
    pub day: Option<Day>,
    /// Which one of its day, from 1; `None` for the last.
    pub number: Option<u32>,
    /// How it is packed.
    pub packing: Packing,
    /// What it is.
    pub part: Part,
}

impl FileName {
    /// What orders files by time, the oldest first.
    pub fn order(&self) -> (i64, u32) {
        (self.day.map_or(i64::MAX, |day| day.0), self.number.unwrap_or(u32::MAX))
    }
}

impl FileFamily {
    /// Files that are called by a stem: `api` and `log` for `api.log`. The extension may be empty.
    pub fn named(stem: impl Into<String>, extension: impl Into<String>) -> Self {
        Self { stem: stem.into(), extension: extension.into() }
    }

    /// Files that are called by their day: `2026-11-21.jsonl`.
    pub fn dated(extension: impl Into<String>) -> Self {
        Self { stem: String::new(), extension: extension.into() }
    }

    /// Whether a name begins with a day.
    pub fn is_dated(&self) -> bool {
        self.stem.is_empty()
    }

    /// The file that is written to on this day.
    pub fn active(&self, day: Day) -> String {
        if self.is_dated() { self.join(&day.to_string()) } else { self.join(&self.stem) }
    }

    /// A file that is closed.
    pub fn closed(&self, day: Day, number: u32, packing: Packing) -> String {
        let dot = if self.is_dated() { "" } else { "." };
        let name = self.join(&format!("{}{dot}{day}.{number:03}", self.stem));
        format!("{name}{}", packing.suffix())
    }

    /// Reads a name; `None` for any that this family does not make.
    pub fn parse(&self, name: &str) -> Option<FileName> {
        let (name, is_unfinished) = name.strip_suffix(UNFINISHED_SUFFIX).map_or((name, false), |name| (name, true));
        let (name, part) = name.strip_suffix(INDEX_SUFFIX).map_or((name, Part::Entries), |name| (name, Part::Index));
        let part = if is_unfinished { Part::Unfinished } else { part };
        let packings = [Packing::Gzip, Packing::Zstd].map(|packing| (packing.suffix(), packing));
        let (name, packing) = strip(name, &packings).unwrap_or((name, Packing::None));
        let name =
            if self.extension.is_empty() { name } else { name.strip_suffix(&self.extension)?.strip_suffix('.')? };
        let rest = name.strip_prefix(&self.stem)?;
        if rest.is_empty() {
            return Some(FileName { day: None, number: None, packing, part });
        }
        let rest = if self.is_dated() { rest } else { rest.strip_prefix('.')? };
        let (day, number) = match rest.split_once('.') {
            Some((day, digits)) => (day, Some(number(digits).filter(|_| digits.len() >= 3)?)),
            // Only what has no stem has a day and no number.
            None => (rest, self.is_dated().then_some(None)?),
        };
        Some(FileName { day: Some(Day::parse(day)?), number, packing, part })
    }

    fn join(&self, name: &str) -> String {
        if self.extension.is_empty() { name.to_owned() } else { format!("{name}.{}", self.extension) }
    }
}

fn strip<'n, T: Copy>(name: &'n str, suffixes: &[(&str, T)]) -> Option<(&'n str, T)> {
    suffixes.iter().find_map(|(suffix, what)| Some((name.strip_suffix(suffix)?, *what)))
}

/// Digits alone: no sign, no space.
fn number(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn names_are_read_as_they_are_made() {
        for family in [FileFamily::named("api", "log"), FileFamily::named("a.b", ""), FileFamily::dated("jsonl")] {
            for packing in [Packing::None, Packing::Gzip, Packing::Zstd] {
                for number in [1, 12, 1234] {
                    let name = family.closed(day("2026-02-28"), number, packing);
                    let expected =
                        FileName { day: Some(day("2026-02-28")), number: Some(number), packing, part: Part::Entries };
                    assert_eq!(family.parse(&name), Some(expected), "{name}");
                    let index = family.parse(&format!("{name}.idx"));
                    assert_eq!(index, Some(FileName { part: Part::Index, ..expected }), "{name}");
                    let unfinished = family.parse(&format!("{name}.tmp"));
                    assert_eq!(unfinished, Some(FileName { part: Part::Unfinished, ..expected }), "{name}");
                    assert_eq!(family.parse(&format!("{name}.idx.tmp")), unfinished, "{name}");
                }
            }
            let active = family.parse(&family.active(day("2026-02-28"))).unwrap();
            assert_eq!((active.number, active.packing, active.part), (None, Packing::None, Part::Entries));
        }
    }

    #[test]
    fn a_neighbour_is_no_relative() {
        let check = |family: &FileFamily, names: &[&str]| {
            names.iter().for_each(|name| assert_eq!(family.parse(name), None, "{name}"));
        };
        let api = FileFamily::named("api", "log");
        check(&api, &["api-access.2026-11-21.001.log", "api.old.log", "api.2026-11-21.log", "api.2026-11-21.1.log"]);
        check(&api, &["api.2026-11-31.001.log", "api.2026-11-21.001.log.bak", "xapi.log", "api.log.1", "api", ".log"]);
        check(&api, &["api.2026-11-21.+01.log", "api.2026-11-21.001.log.xz", "api.2026-11-21.99999999999.log", ""]);
        check(
            &api,
            &["api.2026-11-21.001.log.tmp.idx", "api.2026-11-21.001.log.idx.idx", "api.2026-11-21.001.log.idx.zst"],
        );
        check(&FileFamily::dated("jsonl"), &["2026-11-21.log", "api.2026-11-21.jsonl", "2026-13-01.jsonl", "jsonl"]);
    }

    #[test]
    fn the_order_is_that_of_time() {
        let dated = FileFamily::dated("jsonl");
        let names =
            ["2026-11-20.001.jsonl", "2026-11-20.1000.jsonl.zst", "2026-11-20.jsonl", "2026-11-21.001.jsonl.gz"];
        let orders: Vec<_> = names.iter().map(|name| dated.parse(name).unwrap().order()).collect();
        assert!(orders.is_sorted_by(|a, b| a < b), "{orders:?}");
        let api = FileFamily::named("api", "log");
        assert!(api.parse("api.2999-01-01.001.log").unwrap().order() < api.parse("api.log").unwrap().order());
    }

    #[test]
    fn days() {
        assert_eq!(Day::of_unix_seconds(-1).to_string(), "1969-12-31");
        assert_eq!(Day::of_unix_seconds(1_795_232_762).to_string(), "2026-11-21");
        assert_eq!(day("2026-03-01").days_since(day("2026-02-28")), 1);
        ["2026-02-29", "2026-2-01", "+026-02-01", "2026-00-01", "2026-01-00"]
            .iter()
            .for_each(|text| assert_eq!(Day::parse(text), None, "{text}"));
    }
}
