//! What a page has at hand while it is made.

use std::fmt;
use std::sync::Arc;

use cupola_alert::{Alert, Alerts, Phase};
use cupola_store::{Metadata, Query, Stats, Tails};

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
    /// The alerts that are open now, if somebody tells of them.
    pub(super) fn alerts(&self) -> Option<Vec<OpenAlert>> {
        match (&self.seams.alerts, &self.seams.alerting) {
            (Some(alerts), _) => Some(alerts()),
            (None, Some(alerting)) => alerting.alerts().ok().map(|all| all.iter().filter_map(OpenAlert::of).collect()),
            (None, None) => None,
        }
    }
}

/// An alert that has begun and not ended, as the first screen tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAlert {
    /// What it is about, in a few words.
    pub title: String,
    /// How serious it is: `critical`, `warning`, `info`.
    pub severity: String,
    /// When it began, in nanoseconds since 1970.
    pub since: i64,
    /// Somebody has said that they look after it.
    pub is_acknowledged: bool,
}

impl OpenAlert {
    fn of(alert: &Alert) -> Option<Self> {
        matches!(alert.phase, Phase::Firing | Phase::Recovering).then(|| Self {
            title: alert.annotations.get("summary").unwrap_or(&alert.rule).clone(),
            severity: alert.severity.as_str().to_owned(),
            since: alert.since,
            is_acknowledged: alert.acknowledged.is_some(),
        })
    }
}

/// What the pages are given by whoever serves them.
#[derive(Clone, Default)]
pub(super) struct Seams {
    pub(super) metadata: Option<Arc<dyn Metadata>>,
    pub(super) tails: Option<Tails>,
    pub(super) stats: Option<Arc<dyn Fn() -> Stats + Send + Sync>>,
    pub(super) alerts: Option<Arc<dyn Fn() -> Vec<OpenAlert> + Send + Sync>>,
    pub(super) alerting: Option<Arc<Alerts>>,
}

impl fmt::Debug for Seams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metadata, tails, stats, alerts, alerting } = self;
        let mut seams = f.debug_struct("Seams");
        seams.field("metadata", metadata).field("tails", &tails.is_some()).field("stats", &stats.is_some());
        seams.field("alerts", &alerts.is_some()).field("alerting", alerting).finish()
    }
}
