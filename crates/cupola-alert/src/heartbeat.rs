//! An address that is asked regularly as long as rules are evaluated: whoever waits there notices when this process, or its alerting, is dead.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cupola_store::{Change, Expect, Metadata, MetadataError};
use serde::{Deserialize, Serialize};

use crate::delivery::json;
use crate::notify::{Http, Secret};
use crate::{Reach, SendError, SettingError};

/// An address that is asked (`GET`) regularly as long as rules are evaluated, as services have them that watch for what does not come
/// (healthchecks.io, Dead Man's Snitch, Uptime Kuma).
///
/// ```
/// use std::time::Duration;
///
/// use cupola_alert::{Heartbeat, Receivers};
///
/// let watched = Heartbeat::new("https://hc-ping.com/0000")?.every(Duration::from_secs(30));
/// let receivers = Receivers::default().heartbeat("outside", watched);
/// # Ok::<(), cupola_alert::SettingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Heartbeat {
    http: Http,
    url: Secret,
    every: Duration,
}

/// How it went to ask an address of a [`Heartbeat`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// When it was last asked, in nanoseconds since 1970.
    pub asked: i64,
    /// When it last answered well.
    pub answered: Option<i64>,
    /// What went wrong the last time; nothing, where all went well.
    pub problem: Option<String>,
    /// How often it answered well since this process began.
    #[serde(default)]
    pub sent: u64,
    /// How often not.
    #[serde(default)]
    pub failed: u64,
}

impl Heartbeat {
    /// To this address, each minute.
    ///
    /// # Errors
    /// It is no address of http or https.
    pub fn new(url: &str) -> Result<Self, SettingError> {
        let http = Http::new("url", url, &Reach::Anywhere)?;
        Ok(Self { http, url: Secret::new(url), every: Duration::from_secs(60) })
    }

    /// So often.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    async fn ask(&self) -> Result<(), SendError> {
        self.http.get().await?.taken(&self.url).await
    }
}

impl Beat {
    const KIND: &'static str = "heartbeat";

    pub(crate) fn all(metadata: &dyn Metadata) -> Result<BTreeMap<String, Self>, MetadataError> {
        let all = metadata.all(Self::KIND)?;
        Ok(all.into_iter().filter_map(|one| Some((one.key, serde_json::from_str(&one.body).ok()?))).collect())
    }
}

/// How it goes with each.
#[derive(Debug, Default)]
pub(crate) struct Beats(Mutex<BTreeMap<String, Beat>>);

impl Beats {
    pub(crate) fn all(&self) -> BTreeMap<String, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks, and says when it begins to fail and when it has ended to. What is to be written down of it, and when it is due again.
    pub(crate) async fn beat(&self, name: &str, heartbeat: &Heartbeat, now: i64) -> (Change, Duration) {
        let answer = heartbeat.ask().await;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let beat = all.entry(name.to_owned()).or_default();
        let was = beat.problem.take();
        beat.asked = now;
        let wait = match answer {
            Ok(()) => {
                (beat.answered, beat.sent) = (Some(now), beat.sent + 1);
                if was.is_some() {
                    tracing::info!(target: "cupola::alerts", heartbeat = name, "a heartbeat is heard again");
                }
                heartbeat.every
            }
            Err(error) => {
                (beat.problem, beat.failed) = (Some(error.to_string()), beat.failed + 1);
                if was.is_none() {
                    tracing::warn!(target: "cupola::alerts", heartbeat = name, %error, "a heartbeat is not heard");
                }
                heartbeat.every.min(AGAIN)
            }
        };
        let (kind, key, body) = (Beat::KIND, name.to_owned(), json(beat));
        (Change::Put { kind, key, body, expect: Expect::Any }, wait)
    }
}

/// After a failure it is asked again soon: whoever waits there is to hear of this process before it takes it for dead.
const AGAIN: Duration = Duration::from_secs(10);
