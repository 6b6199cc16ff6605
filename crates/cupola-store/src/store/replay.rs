//! Seals what earlier processes have promised and not sealed: each entry that is not in its file yet, and none twice.

use std::error::Error;
use std::io;
use std::path::Path;

use crate::batch::Batch;
use crate::counters::Counters;
use crate::file::{FileError, beside};
use crate::journal::{Damage, Record, Replay, delete, read};
use crate::sealing::{Keeper, chain};
use crate::store::error::OpenError;
use crate::writer::Parts;

/// Why a record makes no entries.
pub type DecodeError = Box<dyn Error + Send + Sync>;

/// Makes the entries of a record again, from the kind and the bytes that `Writer::keep` was given: the same entries in the same order.
pub type Decode<'a> = &'a dyn Fn(u8, &[u8]) -> Result<Vec<Batch>, DecodeError>;

/// So many entries are read before they are sealed.
const MANY: usize = 65_536;

/// Why a replay stops.
enum Stop {
    Io(io::Error),
    File(FileError),
    NotSealed,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Seals what the segments have, and deletes them.
pub(crate) fn replay(keeper: &mut Keeper, found: &Replay, decode: Decode<'_>) -> Result<(), OpenError> {
    found.segments.iter().try_for_each(|path| {
        let damage = replay_segment(keeper, path, decode).map_err(|stop| match stop {
            Stop::Io(error) => OpenError::io(path, error),
            Stop::File(error) => OpenError::sealing(path, Some(chain(&error))),
            Stop::NotSealed => OpenError::sealing(path, keeper.shared.counters.trouble()),
        })?;
        end(keeper, path, damage);
        Ok(())
    })
}

fn replay_segment(keeper: &mut Keeper, path: &Path, decode: Decode<'_>) -> Result<Damage, Stop> {
    let mut not_decoded = 0;
    let mut damage = read(path, |record| {
        keeper.begin_run(record.run);
        match decode(record.kind, record.body) {
            Ok(batches) => add(keeper, &record, batches)?,
            Err(error) => {
                not_decoded += 1;
                tracing::error!(target: "cupola::store", file = %path.display(), record = record.number, error = chain(&*error), "a record of the journal makes no entries");
            }
        }
        if keeper.waiting() > MANY { seal(keeper) } else { Ok(()) }
    })?;
    damage.records += not_decoded;
    seal(keeper)?;
    Ok(damage)
}

fn add(keeper: &mut Keeper, record: &Record<'_>, batches: Vec<Batch>) -> Result<(), Stop> {
    let mut parts = Parts::of(batches, &keeper.shared.kept());
    let mut kept = Vec::new();
    for (key, part) in std::mem::take(&mut parts.parts) {
        if !keeper.has(key, record.number).map_err(Stop::File)? {
            kept.push((key, part));
        }
    }
    let rows: usize = kept.iter().map(|(_, part)| part.rows()).sum();
    keeper.shared.queue.occupy(kept.iter().map(|(_, part)| part.bytes).sum());
    parts.parts = kept;
    let counters = &keeper.shared.counters;
    counters.refuse(parts.refused);
    Counters::add(&counters.replayed, rows as u64);
    Counters::add(&counters.accepted, rows as u64);
    keeper.add(parts, Some(record.number));
    Ok(())
}

fn seal(keeper: &mut Keeper) -> Result<(), Stop> {
    if keeper.seal(None) { Ok(()) } else { Err(Stop::NotSealed) }
}

/// A segment of which nothing is missing goes; another is put aside.
fn end(keeper: &Keeper, path: &Path, damage: Damage) {
    Counters::add(&keeper.shared.counters.quarantined_records, damage.records);
    if damage.records == 0 {
        delete(&[path.to_owned()]);
        return;
    }
    let aside = beside(path, ".damaged");
    let moved = std::fs::rename(path, &aside);
    tracing::error!(target: "cupola::store", aside = %aside.display(), records = damage.records, moved = moved.is_ok(), "records of the journal are damaged: they are put aside");
}
