//! The store's own account, on the server's metrics page.

use std::sync::Weak;

use cupola::metrics::{Encoder, Family, Registry};
use cupola_store::{Stats, Store};

const ENTRIES: Family = Family::counter("cupola.store.entries", "Entries that were sent, by what became of them.");
const BUSY: Family = Family::counter("cupola.store.busy", "Messages that found no room, and were to be sent again.");
const DAMAGED: Family =
    Family::counter("cupola.store.quarantined", "What is damaged and was put aside, by what it is.");
const FAILED: Family =
    Family::counter("cupola.store.failed.seals", "Attempts to write to the disk that failed, and are repeated.");
const EXPIRED: Family = Family::counter("cupola.store.expired.files", "Files that were deleted for their age or size.");
const WAITING: Family =
    Family::gauge("cupola.store.waiting.bytes", "Bytes of memory that entries take that wait to be sealed.");
const BYTES: Family = Family::gauge("cupola.store.bytes", "Bytes that the store has on the disk, by signal.");

/// Shows the account as long as the store is open.
pub(super) fn show(registry: &Registry, store: Weak<Store>) {
    registry.source(move |encoder| {
        if let Some(store) = store.upgrade() {
            write(encoder, &store.stats());
        }
    });
}

fn write(encoder: &mut Encoder<'_>, stats: &Stats) {
    let mut entries = encoder.family(&ENTRIES);
    entries.value(&[("outcome", "sealed")], stats.sealed);
    entries.value(&[("outcome", "refused"), ("reason", "future")], stats.refused.future);
    entries.value(&[("outcome", "refused"), ("reason", "too_old")], stats.refused.too_old);
    encoder.family(&BUSY).value(&[], stats.busy);
    let mut damaged = encoder.family(&DAMAGED);
    damaged.value(&[("what", "block")], stats.quarantined_blocks);
    damaged.value(&[("what", "file")], stats.quarantined_files);
    damaged.value(&[("what", "record")], stats.quarantined_records);
    encoder.family(&FAILED).value(&[], stats.failed_seals);
    encoder.family(&EXPIRED).value(&[], stats.expired_files);
    encoder.family(&WAITING).value(&[], stats.waiting_bytes);
    let mut bytes = encoder.family(&BYTES);
    for signal in cupola_store::Signal::ALL {
        let files = stats.files.iter().filter(|file| file.signal == signal);
        bytes.value(&[("signal", signal.as_str())], files.map(|file| file.bytes).sum::<u64>());
    }
}
