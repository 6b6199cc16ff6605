//! Makes larger blocks of small ones, which a quiet hour leaves behind: one for each second.

use crate::batch::Batch;
use crate::block::{MAX_ROWS, Place, Sealer, Table};
use crate::counters::Counters;
use crate::file::{Block, DayFile, FileError};
use crate::sealing::buffer::blocks;
use crate::sealing::keeper::{Keeper, chain, is_small};
use crate::writer::FileKey;

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
