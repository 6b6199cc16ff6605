//! The thread that seals.

use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use crate::sealing::keeper::{Keeper, clock};
use crate::writer::Item;

/// So many entries are taken at once: enough for several threads, and not more than memory bears.
const ROWS: u64 = 65_536;
/// Between two looks at what has expired.
const TIDY: Duration = Duration::from_secs(60);
/// After so many entries too.
const TIDY_ROWS: u64 = 4_000_000;

/// Seals until the queue is closed and empty, and then what is left. Whether all of it is sealed.
pub(crate) fn run(mut keeper: Keeper) -> bool {
    let mut tidied = (clock(), 0);
    loop {
        let (items, at_end) = keeper.shared.queue.take(ROWS, wait(&keeper));
        if at_end {
            break;
        }
        let is_idle = items.is_empty();
        let flushes = add(&mut keeper, items, &mut tidied.1);
        let sealed = keeper.seal(if flushes.is_empty() { Some(clock()) } else { None });
        for flush in flushes {
            let _ = flush.try_send(sealed);
        }
        if is_idle || keeper.waiting() == 0 {
            keeper.merge();
        }
        if is_idle {
            keeper.rest();
        }
        if tidied.0 + TIDY <= clock() || tidied.1 > TIDY_ROWS {
            keeper.close_idle();
            keeper.expire();
            tidied = (clock(), 0);
        }
    }
    keeper.shared.aside.wait();
    let sealed = keeper.seal(None);
    keeper.merge();
    let mut journal = keeper.shared.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    journal.close(keeper.sealed());
    sealed
}

fn add(keeper: &mut Keeper, items: Vec<Item>, rows: &mut u64) -> Vec<SyncSender<bool>> {
    let mut flushes = Vec::new();
    for item in items {
        match item {
            Item::Entries(parts, record) => {
                *rows += parts.rows;
                keeper.add(parts, record);
            }
            Item::Flush(done) => flushes.push(done),
            Item::Work(work) => work.run(keeper),
        }
    }
    flushes
}

/// Until something is due.
fn wait(keeper: &Keeper) -> Duration {
    keeper.due().map_or(TIDY, |due: Instant| due.saturating_duration_since(clock())).min(TIDY)
}
