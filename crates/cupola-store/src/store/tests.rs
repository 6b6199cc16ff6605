//! Stores as they are opened, filled, hurt and opened again.

mod failed;
mod hurt;
mod kept;
mod killed;
mod rolled_up;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::batch::Batch;
use crate::day::Day;
use crate::value::Value;

const HOUR: i64 = 3_600_000_000_000;

/// Entries with the numbers of the range, of these times on, a nanosecond apart.
fn batch(numbers: std::ops::Range<i64>, time: i64) -> Batch {
    let mut batch = Batch::new(Signal::Logs);
    for number in numbers {
        let mut row = batch.row(time + number);
        row.set("number", Value::Int(number)).set("message", Value::Text(&format!("entry {number}")));
    }
    batch
}

/// What a record of the journal says in these tests: `first end time`.
fn raw(numbers: &std::ops::Range<i64>, time: i64) -> Vec<u8> {
    format!("{} {} {time}", numbers.start, numbers.end).into_bytes()
}

fn decode(kind: u8, raw: &[u8]) -> Result<Vec<Batch>, DecodeError> {
    assert_eq!(kind, 7);
    let words: Vec<i64> = std::str::from_utf8(raw)?.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    Ok(vec![batch(words[0]..words[1], words[2]), batch(words[0]..words[1], words[2] - 24 * HOUR)])
}

/// Keeps entries of now and as many of a day before, so that two files have them.
fn keep(writer: &Writer, numbers: std::ops::Range<i64>, time: i64) -> Result<crate::Kept, crate::KeepError> {
    let raw = raw(&numbers, time);
    writer.keep(7, &raw, decode(7, &raw).unwrap())
}

fn open(dir: &Path) -> Store {
    Store::open(dir, &Settings::default(), &decode).unwrap()
}

/// How often each number is in the files of each day.
fn numbers(dir: &Path) -> BTreeMap<Day, BTreeMap<i64, usize>> {
    let days = layout::days(dir, Signal::Logs).unwrap();
    days.into_iter().map(|day| (day, numbers_of(&layout::day_file(dir, Signal::Logs, day)))).collect()
}

fn numbers_of(path: &Path) -> BTreeMap<i64, usize> {
    let file = DayFile::read(path).unwrap();
    let mut found = BTreeMap::new();
    for block in file.blocks(&(i64::MIN..=i64::MAX)).unwrap().iter().filter(|block| !block.torn) {
        let column = file.column(block, "number").unwrap().unwrap();
        let times = file.times(block).unwrap();
        assert!(times.is_sorted());
        for row in 0..times.len() {
            let Some(Value::Int(number)) = column.value(row) else { panic!("no number") };
            *found.entry(number).or_default() += 1;
        }
    }
    found
}

fn blocks(dir: &Path) -> usize {
    let days = layout::days(dir, Signal::Logs).unwrap();
    let files = days.into_iter().map(|day| DayFile::read(&layout::day_file(dir, Signal::Logs, day)).unwrap());
    files.map(|file| file.blocks(&(i64::MIN..=i64::MAX)).unwrap().len()).sum()
}
