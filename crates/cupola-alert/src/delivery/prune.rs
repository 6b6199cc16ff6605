//! What was delivered long ago is forgotten.

use cupola_store::{Change, Metadata, MetadataError};

use super::{Delivered, Deliveries, Delivery, Failed};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

/// How long it is remembered what was said of an episode that is over, and when an alert was last said to fire.
const OVER: i64 = 7 * DAY;
/// How long it is remembered of an episode whose end was never told. It is longer than any alert goes on unseen.
const OPEN: i64 = 90 * DAY;
/// How long a message that was given up waits to be seen.
const FAILED: i64 = 30 * DAY;

impl Delivery {
    /// Once an hour.
    pub(super) async fn prune(&self, now: i64) -> Result<(), MetadataError> {
        let is_due = {
            let mut pruned = self.pruned.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let is_due = pruned.is_none_or(|pruned| !(pruned..pruned.saturating_add(HOUR)).contains(&now));
            if is_due {
                *pruned = Some(now);
            }
            is_due
        };
        if is_due { self.blocking(move |metadata| prune(metadata, now)).await } else { Ok(()) }
    }
}

fn prune(metadata: &dyn Metadata, now: i64) -> Result<(), MetadataError> {
    let mut changes: Vec<Change> = Vec::new();
    for key in Deliveries::read(metadata)?.stale(now - OVER, now - OPEN) {
        changes.push(Change::Delete { kind: Delivered::KIND, key });
    }
    changes.extend(Failed::all(metadata)?.iter().filter(|failed| failed.time < now - FAILED).map(Failed::seen));
    if changes.is_empty() { Ok(()) } else { metadata.apply(&changes) }
}
