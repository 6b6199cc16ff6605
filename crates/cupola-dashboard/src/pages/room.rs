//! What a page has at hand while it is made.

use std::fmt;
use std::sync::Arc;

use cupola_alert::{Alert, Alerts, Phase};
use cupola_store::{Metadata, MetadataError, Query, Stats, Tails};

use crate::{Caretaker, LogLevels};

/// What a page has at hand while it is made.
#[derive(Debug)]
pub(super) struct Room<'a> {
    /// Whom it asks.
    pub(super) query: &'a dyn Query,
    /// What else the pages were given.
    pub(super) seams: &'a Seams,
    /// How the store is, if that is known.
    pub(super) stats: Option<&'a Stats>,
}

impl Room<'_> {
    /// The alerts that are open now, if somebody judges.
    pub(super) fn open_alerts(&self) -> Option<Result<Vec<Alert>, MetadataError>> {
        let is_open = |alert: &Alert| matches!(alert.phase, Phase::Firing | Phase::Recovering);
        let alerts = self.seams.alerting.as_ref()?.alerts();
        Some(alerts.map(|all| all.into_iter().filter(is_open).collect()))
    }
}

/// What the pages are given by whoever serves them.
#[derive(Clone, Default)]
pub(super) struct Seams {
    pub(super) metadata: Option<Arc<dyn Metadata>>,
    pub(super) tails: Option<Tails>,
    pub(super) stats: Option<Arc<dyn Fn() -> Stats + Send + Sync>>,
    pub(super) alerting: Option<Arc<Alerts>>,
    pub(super) levels: Option<Arc<dyn LogLevels>>,
    pub(super) caretaker: Option<Caretaker>,
}

impl fmt::Debug for Seams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metadata, tails, stats, alerting, levels, caretaker } = self;
        let mut seams = f.debug_struct("Seams");
        seams.field("metadata", metadata).field("tails", &tails.is_some()).field("stats", &stats.is_some());
        seams.field("alerting", alerting).field("levels", levels).field("caretaker", caretaker).finish()
    }
}
