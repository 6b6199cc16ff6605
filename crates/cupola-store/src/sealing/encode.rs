//! Encodes blocks, on several threads where there are several blocks.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::block::{Place, Sealed, Sealer, Table};

/// Makes a block of each chunk of so many entries, and hands it over as soon as it is made; in which order is not said. Stops at the first error.
pub(crate) fn encode<E>(
    sealers: &mut [Sealer],
    table: &Table<'_>,
    order: &[Place],
    rows: usize,
    mut each: impl FnMut(Sealed) -> Result<(), E>,
) -> Result<(), E> {
    let chunks: Vec<&[Place]> = order.chunks(rows).collect();
    if chunks.len() == 1 || sealers.len() == 1 {
        let sealer = &mut sealers[0];
        return chunks.into_iter().try_for_each(|chunk| each(sealer.seal(table, chunk)));
    }
    let next = AtomicUsize::new(0);
    let (chunks, next) = (&chunks, &next);
    let (made, makers) = sync_channel(sealers.len());
    thread::scope(|scope| {
        for sealer in sealers.iter_mut().take(chunks.len()) {
            let made = made.clone();
            scope.spawn(move || {
                while let Some(chunk) = chunks.get(next.fetch_add(1, Relaxed)) {
                    if made.send(sealer.seal(table, chunk)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(made);
        // Taken along, so that it goes when one was not written, and the others stop.
        let blocks = makers;
        blocks.iter().try_for_each(each)
    })
}
