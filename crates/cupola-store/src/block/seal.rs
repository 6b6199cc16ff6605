//! Makes a block of entries.

use crate::batch::Kind;
use crate::block::blob::{self, Folder};
use crate::block::filter::Distinct;
use crate::block::gather::{Gathered, Kinds, Place, Table};
use crate::block::reader::put_bytes;
use crate::block::{Header, Levels, MAX_COLUMNS, MAX_ROWS, REST, Sealed, encode, ids, ints};
use crate::rollup::{collect, collect_failures};
use crate::words;

/// What sealing needs again and again.
#[derive(Debug)]
pub(crate) struct Sealer {
    folder: Folder,
    words: Distinct,
    traces: Distinct,
    /// A column before it is compressed.
    raw: Vec<u8>,
}

impl Sealer {
    pub(crate) fn new() -> Self {
        Self { folder: Folder::new(), words: Distinct::new(), traces: Distinct::new(), raw: Vec::new() }
    }

    /// A block of these entries, in this order: at least one, at most [`MAX_ROWS`].
    pub(crate) fn seal(&mut self, table: &Table<'_>, order: &[Place]) -> Sealed {
        assert!((1..=MAX_ROWS).contains(&order.len()), "a block of {} entries", order.len());
        self.words.clear();
        self.traces.clear();
        let times: Vec<i64> = order.iter().map(|place| table.time(*place)).collect();
        let mut columns = table.gather(order);
        let minutes = collect(table.signal(), &times, &columns);
        let failures = collect_failures(table.signal(), &times, &columns);
        let rest = take_rarest(&mut columns);
        let header = header(&times, &columns);
        columns
            .iter()
            .chain(&rest)
            .filter(|column| column.name == "trace_id")
            .for_each(|column| self.add_traces(column));
        let mut folded: Vec<_> =
            columns.iter().map(|column| (column.name.into(), self.fold(column, order.len()))).collect();
        if !rest.is_empty() {
            folded.push((REST.into(), self.fold_rest(&rest, order.len())));
        }
        Sealed {
            header,
            words: blob::plain(&self.words.filter()),
            traces: blob::plain(&self.traces.filter()),
            times: self.fold_times(&times),
            columns: folded,
            minutes,
            failures,
        }
    }

    fn fold_times(&mut self, times: &[i64]) -> Vec<u8> {
        self.raw.clear();
        ints::put(&mut self.raw, times);
        self.folder.fold(&self.raw)
    }

    fn fold(&mut self, column: &Gathered<'_>, rows: usize) -> Vec<u8> {
        self.raw.clear();
        let distinct = &mut self.words;
        encode::put(&mut self.raw, column, rows, &mut |text| add_words(distinct, text));
        self.folder.fold(&self.raw)
    }

    /// Columns with their names, one behind the other.
    fn fold_rest(&mut self, columns: &[Gathered<'_>], rows: usize) -> Vec<u8> {
        let (mut all, distinct) = (Vec::new(), &mut self.words);
        for column in columns {
            self.raw.clear();
            encode::put(&mut self.raw, column, rows, &mut |text| add_words(distinct, text));
            put_bytes(&mut all, column.name.as_bytes());
            put_bytes(&mut all, &self.raw);
        }
        self.folder.fold(&all)
    }

    fn add_traces(&mut self, column: &Gathered<'_>) {
        let mut last: &[u8] = &[];
        for value in &column.values {
            if *value == last {
                continue;
            }
            last = value;
            match ids::trace_id(value) {
                Some(id) => self.traces.add(words::hash_id(&id)),
                None => self.traces.add(words::hash_id(value)),
            }
        }
    }
}

fn add_words(distinct: &mut Distinct, text: &[u8]) {
    words::tokens(text).for_each(|token| distinct.add(words::hash(token)));
}

/// Takes those columns out that have the fewest values where there are too many, and one that has the name of what they become.
fn take_rarest<'a>(columns: &mut Vec<Gathered<'a>>) -> Vec<Gathered<'a>> {
    let mut rest: Vec<_> = columns.extract_if(.., |column| column.name == REST).collect();
    if columns.len() + rest.len() > MAX_COLUMNS {
        columns.sort_by_key(|column| std::cmp::Reverse(column.values.len()));
        rest.extend(columns.drain(MAX_COLUMNS - 1..));
    }
    rest
}

fn header(times: &[i64], columns: &[Gathered<'_>]) -> Header {
    let mut levels = Levels::default();
    let column = columns.iter().find(|column| column.name == "level");
    for level in
        column.iter().filter(|column| matches!(column.kinds, Kinds::All(Kind::Text))).flat_map(|column| &column.values)
    {
        levels.count(level);
    }
    Header {
        rows: u32::try_from(times.len()).expect("a block has few entries"),
        min_time: times.iter().min().copied().unwrap_or(0),
        max_time: times.iter().max().copied().unwrap_or(0),
        levels,
    }
}
