//! What alerting counts, for whoever collects metrics.

use std::sync::Arc;

use cupola_metrics::{Family, Registry};

use super::Alerts;

const HEARTBEATS: Family = Family::counter(
    "cupola.alert.heartbeats",
    "Times that a heartbeat's address was asked, by whether it answered well.",
);
const GIVEN_UP: Family =
    Family::gauge("cupola.alert.messages.given_up", "Messages that were given up and nobody has sent again.");

impl Alerts {
    /// Shows how it goes with heartbeats, and how many messages were given up, as long as this is there.
    pub fn count(self: &Arc<Self>, registry: &Registry) {
        let alerts = Arc::downgrade(self);
        registry.source(move |encoder| {
            let Some(alerts) = alerts.upgrade() else { return };
            let mut heartbeats = encoder.family(&HEARTBEATS);
            for (name, beat) in alerts.beats() {
                heartbeats.value(&[("heartbeat", &*name), ("outcome", "answered")], beat.sent);
                heartbeats.value(&[("heartbeat", &*name), ("outcome", "failed")], beat.failed);
            }
            if let Ok(failed) = alerts.failed() {
                encoder.family(&GIVEN_UP).value(&[], failed.len() as u64);
            }
        });
    }
}
