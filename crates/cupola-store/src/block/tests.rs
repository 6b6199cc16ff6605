//! Whatever goes into a block comes out of it, and what is no block is an error.

use std::collections::BTreeMap;

use super::*;
use crate::batch::Batch;
use crate::signal::Signal;
use crate::value::Value;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 10] = ["vm", "Größe", " ", "-", "\u{1f680}", "\"", "x_y", "7", "TIMEOUT", "é"];
        (0..self.roll(12)).map(|_| PARTS[usize::try_from(self.roll(10)).unwrap()]).collect()
    }

    fn bytes(&mut self, len: u64) -> Vec<u8> {
        (0..len).map(|_| u8::try_from(self.roll(256)).unwrap()).collect()
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Kept {
    Text(String),
    Int(i64),
    Float(u64),
    Bool(bool),
    Json(String),
    Id(Vec<u8>),
}

impl Kept {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Int(number) => Self::Int(number),
            Value::Float(number) => Self::Float(number.to_bits()),
            Value::Bool(is) => Self::Bool(is),
            Value::Json(text) => Self::Json(text.to_owned()),
            Value::Id(id) => Self::Id(id.to_vec()),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Int(number) => Value::Int(*number),
            Self::Float(bits) => Value::Float(f64::from_bits(*bits)),
            Self::Bool(is) => Value::Bool(*is),
            Self::Json(text) => Value::Json(text),
            Self::Id(id) => Value::Id(id),
        }
    }

    /// A value as the field of this number has them.
    fn random(dice: &mut Dice, field: u64) -> Self {
        let float = |number: f64| Self::Float(number.to_bits());
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        match field % 14 {
            0 => Self::Text(["INFO", "WARN", "ERROR"][usize::try_from(dice.roll(3)).unwrap()].to_owned()),
            1 => Self::Text(dice.text()),
            2 => Self::Int(i64::try_from(200 + dice.roll(400)).unwrap()),
            3 => Self::Int(i64::from_le_bytes(dice.bytes(8).try_into().unwrap())),
            4 => float(dice.roll(1_000_000) as f64 / 1_000.0),
            5 => Self::Float(u64::from_le_bytes(dice.bytes(8).try_into().unwrap())),
            6 => Self::Bool(dice.roll(2) == 0),
            7 => Self::Json(format!("[{},\"{}\"]", dice.roll(10), dice.roll(1_000_000))),
            8 => Self::Id(dice.bytes(16)),
            9 => Self::Text(hex(dice.bytes(16))),
            10 => {
                let text = hex(dice.bytes(16));
                Self::Text(format!(
                    "{}-{}-{}-{}-{}",
                    &text[..8],
                    &text[8..12],
                    &text[12..16],
                    &text[16..20],
                    &text[20..]
                ))
            }
            11 => Self::Id({
                let len = dice.roll(20);
                dice.bytes(len)
            }),
            12 => Self::random(dice, field.wrapping_mul(7) + 1),
            _ => {
                let other = dice.roll(13);
                Self::random(dice, other)
            }
        }
    }
}

type Entry = (i64, BTreeMap<String, Kept>);

fn entries(dice: &mut Dice, rows: u64, fields: u64) -> Vec<Entry> {
    let chances: Vec<u64> = (0..fields).map(|_| [1, 1, 2, 40, 500][usize::try_from(dice.roll(5)).unwrap()]).collect();
    (0..rows)
        .map(|row| {
            let time = 1_795_232_762_000_000_000 + i64::try_from(row * 1_000_000 + dice.roll(3_000_000)).unwrap();
            let present =
                (0..fields).filter(|field| dice.0 % 7 == *field % 7 || chances[usize::try_from(*field).unwrap()] == 1);
            let present: Vec<u64> = present.collect();
            let set = present.into_iter().filter(|field| dice.roll(chances[usize::try_from(*field).unwrap()]) == 0);
            let set: Vec<u64> = set.collect();
            (time, set.into_iter().map(|field| (format!("field{field}"), Kept::random(dice, field))).collect())
        })
        .collect()
}

fn batches(entries: &[Entry], of: usize) -> Vec<Batch> {
    let batch = |chunk: &[Entry]| {
        let mut batch = Batch::new(Signal::Logs);
        for (time, fields) in chunk {
            let mut row = batch.row(*time);
            fields.iter().for_each(|(name, value)| {
                row.set(name, value.value());
            });
        }
        batch
    };
    entries.chunks(of).map(batch).collect()
}

fn opened(sealed: &Sealed) -> Vec<Entry> {
    let rows = sealed.header.rows as usize;
    let mut columns = Vec::new();
    for (name, blob) in &sealed.columns {
        match &**name {
            REST => columns.extend(rest_columns(blob, rows).unwrap()),
            _ => columns.push((name.clone(), column(blob, rows).unwrap())),
        }
    }
    let fields =
        |row| columns.iter().filter_map(move |(name, column)| Some((name.to_string(), Kept::of(column.value(row)?))));
    times(&sealed.times, rows)
        .unwrap()
        .into_iter()
        .enumerate()
        .map(|(row, time)| (time, fields(row).collect()))
        .collect()
}

#[test]
fn any_entries_in_any_order_come_back_value_by_value() {
    let mut dice = Dice(7);
    let mut sealer = Sealer::new();
    for (rows, fields, of) in [(1, 14, 1), (3, 5, 2), (20, 40, 7), (300, 28, 300), (400, 400, 50), (4_096, 28, 1_000)] {
        let entries = entries(&mut dice, rows, fields);
        let batches = batches(&entries, of);
        let table = Table::new(batches.iter().collect());
        let mut order: Vec<(usize, Place)> = table.places().into_iter().enumerate().collect();
        for sorted in [false, true] {
            if sorted {
                order.sort_by_key(|(_, place)| table.time(*place));
            } else {
                order.sort_by_cached_key(|_| dice.roll(1_000_000));
            }
            let sealed = sealer.seal(&table, &order.iter().map(|(_, place)| *place).collect::<Vec<_>>());
            let expected: Vec<Entry> = order.iter().map(|(number, _)| entries[*number].clone()).collect();
            assert!(opened(&sealed) == expected, "{rows} entries, {fields} fields");
            assert!(sealed.columns.len() <= MAX_COLUMNS);
            assert_eq!(sealed.header.min_time, expected.iter().map(|entry| entry.0).min().unwrap());
            assert_eq!(sealed.header.max_time, expected.iter().map(|entry| entry.0).max().unwrap());
        }
    }
}

fn some(sealer: &mut Sealer, entries: &[Entry]) -> Sealed {
    let batches = batches(entries, 100);
    let table = Table::new(batches.iter().collect());
    sealer.seal(&table, &table.places())
}

#[test]
fn filters_know_each_word_and_each_trace() {
    let mut dice = Dice(11);
    let mut entries = entries(&mut dice, 500, 300);
    for (number, (_, fields)) in entries.iter_mut().enumerate() {
        let trace = u128::MAX / 3 + number as u128;
        let value =
            if number % 2 == 0 { Kept::Text(format!("{trace:032x}")) } else { Kept::Id(trace.to_be_bytes().to_vec()) };
        fields.insert("trace_id".to_owned(), value);
    }
    let sealed = some(&mut Sealer::new(), &entries);
    let (words, traces) = (filter(&sealed.words).unwrap(), filter(&sealed.traces).unwrap());
    for (number, (_, fields)) in entries.iter().enumerate() {
        for value in fields.values() {
            if let Kept::Text(text) | Kept::Json(text) = value {
                assert!(crate::words::tokens(text.as_bytes()).all(|token| words.may_contain(token)), "{text}");
            }
        }
        assert!(traces.may_contain_id(&(u128::MAX / 3 + number as u128).to_be_bytes()));
    }
    let strange = (0..1_000_u128).filter(|number| traces.may_contain_id(&(number << 60).to_be_bytes())).count();
    assert!(strange < 60, "{strange} of 1,000");
}

#[test]
fn levels_are_counted() {
    let levels = ["INFO", "ERROR", "INFO", "notice", "WARN"];
    let entry = |level: &&str| (1, BTreeMap::from([("level".to_owned(), Kept::Text((*level).to_owned()))]));
    let sealed = some(&mut Sealer::new(), &levels.iter().map(entry).collect::<Vec<_>>());
    let of = |level| sealed.header.levels.of(level);
    assert_eq!(
        [of("INFO"), of("WARN"), of("ERROR"), of("TRACE"), of("notice")],
        [Some(2), Some(1), Some(1), Some(0), None]
    );
}

#[test]
fn a_field_of_a_rare_name_is_found_and_a_strange_one_is_not() {
    let fields = |row: i64| {
        (0..400).filter(move |field| *field < 200 || *field == row).map(|field| (format!("f{field}"), Kept::Int(field)))
    };
    let named_rest = (REST.to_owned(), Kept::Text("mine".to_owned()));
    let entries: Vec<Entry> = (0..400).map(|row| (1, fields(row).chain([named_rest.clone()]).collect())).collect();
    let sealed = some(&mut Sealer::new(), &entries);
    let (_, blob) = sealed.columns.iter().find(|(name, _)| **name == *REST).unwrap();
    let value =
        |name: &str, row| rest_column(blob, 400, name).unwrap().and_then(|column| column.value(row).map(Kept::of));
    assert_eq!(value("f399", 399), Some(Kept::Int(399)));
    assert_eq!(value("f399", 398), None);
    assert_eq!(value(REST, 0), Some(Kept::Text("mine".to_owned())));
    assert_eq!(value("f400", 0), None);
}

#[test]
fn bytes_that_were_changed_or_cut_are_an_error() {
    let mut dice = Dice(13);
    let sealed = some(&mut Sealer::new(), &entries(&mut dice, 200, 28));
    for (_, blob) in &sealed.columns {
        for _ in 0..50 {
            let cut = usize::try_from(dice.roll(blob.len() as u64)).unwrap();
            assert!(column(&blob[..cut], 200).is_err());
            let mut changed = blob.clone();
            changed[5 + cut % (blob.len() - 5)] ^= 1 << dice.roll(8);
            assert!(column(&changed, 200).is_err());
        }
        assert!(column(blob, 5_000).is_err());
    }
}

/// A check that holds says nothing of who wrote it: what lies under it may be anything.
#[test]
fn bytes_that_mean_nothing_are_an_error_or_a_column_and_never_a_panic() {
    let mut dice = Dice(17);
    let sealed = some(&mut Sealer::new(), &entries(&mut dice, 200, 28));
    for (_, blob) in &sealed.columns {
        let raw = blob::unfold(blob).unwrap();
        for _ in 0..400 {
            let mut changed = raw.clone();
            for _ in 0..=dice.roll(3) {
                let place = usize::try_from(dice.roll(60.min(changed.len() as u64))).unwrap();
                changed[place] = u8::try_from(dice.roll(256)).unwrap();
            }
            changed.truncate(usize::try_from(dice.roll(2 * raw.len() as u64)).unwrap());
            let rows = usize::try_from(dice.roll(300)).unwrap();
            if let Ok(column) = column(&blob::plain(&changed), rows) {
                assert!((0..rows).filter(|row| column.value(*row).is_some()).count() <= rows);
            }
            drop(rest_columns(&blob::plain(&changed), rows));
            drop(times(&blob::plain(&changed), rows));
        }
    }
    let mut beyond = blob::plain(&[]);
    beyond[1..5].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(column(&beyond, 1).is_err());
}
