//! Makes larger blocks of small ones, which a quiet hour leaves behind: one for each second.

use crate::batch::Batch;
use crate::block::{MAX_ROWS, Place, Sealer, Table};
use crate::counters::Counters;
use crate::file::{Block, DayFile, FileError};
use crate::query::Cancel;
use crate::sealing::buffer::blocks;
use crate::sealing::keeper::{Keeper, chain, is_small};
use crate::signal::Signal;
use crate::writer::FileKey;

/// Entries of so many are in memory at once.
const AT_ONCE: usize = 4 * MAX_ROWS;
/// So many small blocks are made into one, however few entries they have.
const MANY: usize = 64;

impl Keeper {
    /// Merges the small blocks of those files that have enough of them.
    pub(crate) fn merge(&mut self) {
        let is_ripe = |small: &[_]| {
            small.len() >= MANY
                || (small.len() > 1 && small.iter().map(|(_, rows)| *rows as usize).sum::<usize>() >= MAX_ROWS)
        };
        let ripe: Vec<FileKey> =
            self.files.iter().filter(|(_, open)| is_ripe(&open.small)).map(|(key, _)| *key).collect();
        for key in ripe {
            if let Err(error) = self.merge_one(key) {
                // They are read as they are; the next seal tries again.
                tracing::warn!(target: "cupola::store", signal = %key.0, day = %key.1, error = chain(&error), "small blocks were not merged");
            }
        }
    }

    fn merge_one(&mut self, key: FileKey) -> Result<(), FileError> {
        let Some(open) = self.files.get_mut(&key) else { return Ok(()) };
        let all = open.file.blocks(&(i64::MIN..=i64::MAX))?;
        let old: Vec<Block> =
            all.into_iter().filter(|block| open.small.iter().any(|(id, _)| *id == block.id)).rev().collect();
        let mut batch = Batch::new(key.0);
        let (whole, torn): (Vec<&Block>, Vec<&Block>) =
            old.iter().partition(|block| read(&open.file, block, &mut batch).is_ok());
        let small = rewrite(&open.file, &mut self.sealers[0], &batch, &whole, &torn)?;
        open.small = small;
        Counters::add(&self.shared.counters.merged_blocks, whole.len() as u64);
        Counters::add(&self.shared.counters.quarantined_blocks, torn.len() as u64);
        for block in torn {
            tracing::error!(target: "cupola::store", signal = %key.0, day = %key.1, block = block.id.0, rows = block.header.rows, "a block of the store is damaged, and left alone");
        }
        Ok(())
    }
}

/// Merges all small blocks of a file, some at a time; says how many there were, and how many are damaged.
pub(crate) fn merge_small(file: &DayFile, signal: Signal, sealer: &mut Sealer) -> Result<(u64, u64), FileError> {
    let mut small = file.blocks(&(i64::MIN..=i64::MAX))?;
    small.retain(|block| !block.torn && is_small(block.header.rows));
    small.reverse();
    let (mut merged, mut damaged) = (0, 0);
    let cancel = Cancel::current();
    while small.len() > 1 && !cancel.is_cancelled() {
        let mut rows = 0;
        let enough = small.iter().position(|block| {
            rows += block.header.rows as usize;
            rows >= AT_ONCE
        });
        let rest = small.split_off(enough.map_or(small.len(), |last| last + 1));
        let mut batch = Batch::new(signal);
        let (whole, torn): (Vec<&Block>, Vec<&Block>) =
            small.iter().partition(|block| read(file, block, &mut batch).is_ok());
        rewrite(file, sealer, &batch, &whole, &torn)?;
        (merged, damaged) = (merged + whole.len() as u64, damaged + torn.len() as u64);
        small = rest;
    }
    Ok((merged, damaged))
}

fn read(file: &DayFile, block: &Block, batch: &mut Batch) -> Result<(), FileError> {
    let (times, columns) = (file.times(block)?, file.columns(block)?);
    batch.extend(&times, &columns);
    Ok(())
}

fn rewrite(
    file: &DayFile,
    sealer: &mut Sealer,
    batch: &Batch,
    whole: &[&Block],
    torn: &[&Block],
) -> Result<Vec<(crate::file::BlockId, u32)>, FileError> {
    let mut seal = file.seal()?;
    whole.iter().try_for_each(|block| seal.remove(block.id))?;
    torn.iter().try_for_each(|block| seal.set_torn(block.id))?;
    let mut small = Vec::new();
    let table = Table::new(vec![batch]);
    let mut order: Vec<Place> = table.places();
    order.sort_by_key(|place| table.time(*place));
    let rows = order.len().div_ceil(blocks(order.len(), batch.bytes())).max(1);
    for chunk in order.chunks(rows) {
        let sealed = sealer.seal(&table, chunk);
        let block = seal.add(&sealed)?;
        small.extend(is_small(sealed.header.rows).then_some((block, sealed.header.rows)));
    }
    seal.commit()?;
    Ok(small)
}
