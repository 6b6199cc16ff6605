//! That judging columns and passing over blocks finds what judging each entry would.

mod answers;
mod live;
mod requests;
mod together;

use std::collections::HashMap;

use tempfile::TempDir;

use super::entry::Entry;
use super::need::{Filters, Need};
use super::opened::Opened;
use super::rows::Rows;
use super::select::select;
use super::stored::{self, START, batch};
use super::wanted::Wanted;
use crate::block::{Sealer, Table};
use crate::column::Owned;
use crate::file::{Block, DayFile, Durability};
use crate::seeded::Seeded;
use crate::value::Value;

fn wanted(text: &str) -> Wanted {
    Wanted::new(&stored::expression(text))
}

/// A file that blocks are added to.
struct Blocks {
    _dir: TempDir,
    file: DayFile,
}

impl Blocks {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let file = DayFile::write(&dir.path().join("2026-11-21.cupola"), Durability::Process).unwrap();
        Self { _dir: dir, file }
    }

    /// Entries as a block, in the order of their times.
    fn add(&self, entries: &[Entry]) -> Block {
        let batch = batch(entries);
        let table = Table::new(vec![&batch]);
        let mut seal = self.file.seal().unwrap();
        let id = seal.add(&Sealer::new().seal(&table, &table.places())).unwrap();
        seal.commit().unwrap();
        let blocks = self.file.blocks(&(i64::MIN..=i64::MAX)).unwrap();
        blocks.into_iter().find(|block| block.id == id).unwrap()
    }

    /// Which entries are found, and whether the block had to be read.
    fn found(&self, wanted: &Wanted, block: &Block) -> (Vec<usize>, bool) {
        let (words, traces) = (self.file.words(block.id).unwrap(), self.file.traces(block.id).unwrap());
        let filters = Filters { words: Some(&words), traces: Some(&traces) };
        let is_read = Need::of(wanted).may_be_in(&block.header, filters);
        let all = Rows::all(block.header.rows as usize);
        let found = select(wanted, &Opened::new(&self.file, block), &all).unwrap();
        (found.iter().collect(), is_read)
    }
}

const TEXTS: &[&str] = &[
    "",
    "connection refused",
    "Connection closed: id=7",
    "slow \"query\"",
    "line\nnext",
    "größe Größe",
    "GET /vms/7",
    "timeout",
    "time-out",
    "deadbeef00112233",
    "a b c",
    "7",
    "503",
    "true",
    "WARN",
    "0af7651916cd43dd8448eb211c80319c",
    "x",
    "connection",
];
const JSONS: &[&str] = &[
    r#"{"kind":"Timeout","code":7}"#,
    r#"{"kind":"time\nout","slow":"a \"b\" c"}"#,
    r#"["connection","x"]"#,
    "{}",
    r#"{"kind":null,"deep":{"er":"x"},"deep.er":503}"#,
    r#"{"kind":"\u0054imeout"}"#,
];
const NAMES: &[&str] = &[
    "message",
    "level",
    "status",
    "duration_ms",
    "error",
    "trace_id",
    "span_id",
    "user",
    "ok",
    "route",
    "http.route",
    "error.kind",
    "traceId",
    "severity",
    "note",
    "duration",
];

fn value(seeded: &mut Seeded, name: &str) -> Owned {
    let kind = match name {
        "level" => 8,
        "status" if seeded.below(4) > 0 => 2,
        "trace_id" if seeded.below(4) > 0 => 6,
        "span_id" if seeded.below(4) > 0 => 7,
        "error" if seeded.below(2) > 0 => 5,
        _ => seeded.below(6),
    };
    let id = |seeded: &mut Seeded, width: usize| Owned::Id(vec![[0x0a, 0xde, 0xf1][seeded.below(3)]; width].into());
    match kind {
        0 | 1 => Owned::Text((*seeded.pick(TEXTS)).into()),
        2 => Owned::Int([200, 404, 503, 7, -1][seeded.below(5)]),
        3 => Owned::Float([0.5, 503.0, 7.0, 1_200.25, f64::NAN][seeded.below(5)]),
        4 => Owned::Bool(seeded.below(2) == 0),
        5 => Owned::Json((*seeded.pick(JSONS)).into()),
        6 => id(seeded, 16),
        7 => id(seeded, 8),
        _ => Owned::Text((*seeded.pick(&["INFO", "WARN", "ERROR", "DEBUG", "warning", "loud"])).into()),
    }
}

fn entries(seeded: &mut Seeded, count: usize) -> Vec<Entry> {
    let names: Vec<_> = NAMES.iter().filter(|_| seeded.below(3) > 0).collect();
    let is_plain = seeded.below(2) == 0;
    (0..count)
        .map(|number| {
            let mut entry = Entry::new(START + number as i64 * 1_000_000);
            for name in &names {
                match (**name, is_plain) {
                    ("level", true) => {
                        entry.push("level", Owned::Text(["INFO", "WARN"][seeded.below(2)].into()));
                    }
                    (name, _) if seeded.below(4) > 0 => entry.push(name, value(seeded, name)),
                    _ => {}
                }
            }
            entry
        })
        .collect()
}

const TESTS: &[&str] = &[
    "connection",
    "CONNECTION",
    "slow",
    "\"connection\"",
    "\"on ref\"",
    "\"n refused\"",
    "\"slow \\\"query\\\"\"",
    "größe",
    "\"öß\"",
    "timeout",
    "out",
    "\"time-out\"",
    "time-out",
    "deadbeef00112233",
    "dededededededede",
    "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1",
    "b",
    "\"a \\\"b\\\" c\"",
    "next",
    "\"line\\nnext\"",
    "\"e\\nne\"",
    "\" b \"",
    "\"a b c\"",
    "/conn.*d/",
    "/^slow/",
    "/out$/",
    "\"\"",
    "nothing",
    "level>=warn",
    "level=info",
    "level<error",
    "severity=warn",
    "severity~WARN",
    "level~WARN",
    "status=503",
    "status=5xx",
    "status>=404",
    "status<0",
    "status=true",
    "status!=",
    "status=",
    "user=connection",
    "user=\"connection refused\"",
    "user=timeout",
    "user=7",
    "user=true",
    "user>a",
    "route=/vms/*",
    "route=*refused",
    "http.route=timeout",
    "route=timeout",
    "error.kind=Timeout",
    "error.kind~Time",
    "error.code>=7",
    "error.deep.er=503",
    "error.deep.er=x",
    "error.kind=",
    "error=x",
    "error={}",
    "duration>1s",
    "duration_ms<8",
    "trace_id=0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
    "trace_id=0af7651916cd43dd8448eb211c80319c",
    "trace_id=x",
    "traceId=x",
    "traceId=timeout",
    "trace_id=dededededededededededededededede",
    "trace_id=7",
    "span_id=f1f1f1f1f1f1f1f1",
    "note=deadbeef00112233",
    "ok=true",
    "ok=false",
    "missing=x",
    "missing!=",
    "message=",
    "time>=2026-11-21T03:46:02.004Z",
    "time<2026-11-21T03:46:02.004Z",
    "time>=2027",
    "time<2026-11-21",
    "note=NaN",
    "user=\"größe Größe\"",
    "message=\"slow \\\"query\\\"\"",
];

fn expression(seeded: &mut Seeded, depth: usize) -> String {
    match seeded.below(if depth == 0 { 1 } else { 6 }) {
        0 | 1 => (*seeded.pick(TESTS)).to_owned(),
        2 => format!("not ({})", expression(seeded, depth - 1)),
        3 => format!("({}) or ({})", expression(seeded, depth - 1), expression(seeded, depth - 1)),
        _ => format!("({}) and ({})", expression(seeded, depth - 1), expression(seeded, depth - 1)),
    }
}

#[test]
fn columns_and_filters_never_change_the_answer() {
    let (mut seeded, blocks) = (Seeded(11), Blocks::new());
    let (mut hits, mut passed, mut used) = (0, 0, HashMap::new());
    for round in 0..600 {
        let size = if round % 50 == 0 { 300 } else { 1 + seeded.below(12) };
        let entries = entries(&mut seeded, size);
        let block = blocks.add(&entries);
        for turn in 0..12 {
            let text = match turn {
                0..6 => (*seeded.pick(TESTS)).to_owned(),
                _ => expression(&mut seeded, 3),
            };
            let wanted = wanted(&text);
            let expected: Vec<_> = (0..entries.len()).filter(|row| entries[*row].is(&wanted)).collect();
            let (rows, is_read) = blocks.found(&wanted, &block);
            assert_eq!(rows, expected, "{text} in {entries:?}");
            assert!(is_read || expected.is_empty(), "{text} was passed over in {entries:?}");
            hits += expected.len();
            passed += usize::from(!is_read);
            if turn < 6 && !expected.is_empty() {
                *used.entry(text).or_insert(0) += 1;
            }
        }
    }
    assert!(hits > 5_000 && passed > 200, "{hits} {passed}");
    let idle: Vec<_> = TESTS.iter().filter(|test| !used.contains_key(**test)).collect();
    assert!(idle.len() <= 12, "these tests never matched: {idle:?}");
}

#[test]
fn what_is_written_comes_back_as_an_entry() {
    let (mut seeded, blocks) = (Seeded(3), Blocks::new());
    for _ in 0..50 {
        let entries = entries(&mut seeded, 9);
        let block = blocks.add(&entries);
        let opened = Opened::new(&blocks.file, &block);
        let back = opened.entries(&[8, 0, 4]).unwrap();
        for (back, row) in back.iter().zip([8, 0, 4]) {
            let entry: &Entry = &entries[row];
            assert_eq!(back.time(), entry.time());
            assert_eq!(back.fields().len(), entry.fields().len());
            for (name, value) in entry.fields() {
                let found = back.get(name).unwrap();
                let is_nan = |value: &Value<'_>| matches!(value, Value::Float(number) if number.is_nan());
                assert!(found == value || is_nan(&found) && is_nan(&value), "{name}: {found:?} {value:?}");
            }
        }
    }
}

#[test]
fn blocks_are_passed_over_by_what_they_lack() {
    let mut entry = Entry::new(START);
    for (name, text) in [("level", "INFO"), ("message", "connection to db-7 refused"), ("user", "ann@example.org")] {
        entry.push(name, Owned::Text(text.into()));
    }
    entry.push("trace_id", Owned::Id(vec![7; 16].into()));
    let blocks = Blocks::new();
    let block = blocks.add(&[entry]);
    let is_read = |expression: &str| blocks.found(&wanted(expression), &block).1;
    for expression in [
        "Connection",
        "refused db",
        "\"to db-7 re\"",
        "user=ann@example.org",
        "level>=info",
        "not nothing",
        "nothing or refused",
        "trace_id=07070707070707070707070707070707",
        "07070707070707070707070707070707",
        "time<2026-11-22",
        "/noth/",
        "\"nothin\"",
        "status=200",
        "user=1",
        "nothing or /x/",
    ] {
        assert!(is_read(expression), "{expression}");
    }
    for expression in [
        "connect",
        "nothing",
        "refused nothing",
        "\"to db-8 re\"",
        "user=bob@example.org",
        "level>=warn",
        "level<info",
        "trace_id=08070707070707070707070707070707",
        "08070707070707070707070707070707",
        "time>=2026-11-22",
        "time<2026-11-21",
        "nothing or none",
        "level=error or nothing",
        "level=info nothing",
    ] {
        assert!(!is_read(expression), "{expression}");
    }
}

#[test]
fn fields_beyond_the_columns_are_found() {
    let blocks = Blocks::new();
    let entries: Vec<_> = (0..300)
        .map(|number| {
            let mut entry = Entry::new(START + number);
            entry.push(&format!("field{number}"), Owned::Text(format!("value{number}").into()));
            entry
        })
        .collect();
    let block = blocks.add(&entries);
    for number in [0, 100, 299] {
        assert_eq!(blocks.found(&wanted(&format!("field{number}=value{number}")), &block), (vec![number], true));
        assert_eq!(blocks.found(&wanted(&format!("value{number}")), &block), (vec![number], true));
    }
    let back = Opened::new(&blocks.file, &block).entries(&[299]).unwrap();
    assert_eq!(back[0].fields().collect::<Vec<_>>(), [("field299", Value::Text("value299"))]);
}

#[test]
fn ids_are_found_by_their_parts() {
    let blocks = Blocks::new();
    let hex = |number: u64| format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let uuid = |number: u64| {
        let digits = hex(number) + &hex(number + 500);
        format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
    };
    let entries: Vec<_> = (0..300)
        .map(|number| {
            let mut entry = Entry::new(START + number as i64);
            entry.push("parent", Owned::Text(hex(number).into()));
            entry.push("request_id", Owned::Text(uuid(number).into()));
            entry.push("span_id", Owned::Id(number.to_be_bytes().into()));
            entry.push("trace_id", Owned::Id([number.to_be_bytes(), number.to_le_bytes()].concat().into()));
            entry.push("n", Owned::Int(number as i64));
            entry.push("message", Owned::Text(format!("message {number} xyz").into()));
            entry
        })
        .collect();
    let block = blocks.add(&entries);
    let trace = "000000000000002a2a00000000000000";
    let (one, other) = (hex(7), uuid(250));
    for text in [
        one.clone(),
        one.to_ascii_uppercase(),
        format!("\"{}\"", &one[3..9]),
        other.clone(),
        format!("\"{}\"", &other[5..15]),
        other[..8].to_owned(),
        format!("\"{}\"", other.to_ascii_uppercase()),
        format!("/{}/", &other[9..]),
        trace.to_owned(),
        trace.to_ascii_uppercase(),
        "000000000000002a".to_owned(),
        "\"00002a2a\"".to_owned(),
        "xyz".to_owned(),
        "\"ge 42 x\"".to_owned(),
        format!("xyz {one} -\"{}\"", &other[..9]),
        "42".to_owned(),
        "n=42 xyz".to_owned(),
        "/^0000/ xyz".to_owned(),
    ] {
        let wanted = wanted(&text);
        let expected: Vec<_> = (0..300).filter(|row| entries[*row].is(&wanted)).collect();
        let (rows, is_read) = blocks.found(&wanted, &block);
        assert_eq!(rows, expected, "{text}");
        assert!(is_read || expected.is_empty(), "{text}");
    }
    assert_eq!(blocks.found(&wanted(&one.to_ascii_uppercase()), &block).0, [7]);
    assert_eq!(blocks.found(&wanted(&format!("\"{}\"", &other[5..15])), &block).0, [250]);
    assert_eq!(blocks.found(&wanted(trace), &block).0, [42]);
}
