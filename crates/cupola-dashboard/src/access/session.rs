//! Sessions: who logged in, until when. What is kept is a digest, so that whoever reads it cannot come in with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cupola_store::{Change, Expect, Metadata};
use serde::{Deserialize, Serialize};

use super::secret::{digest, random};

/// Its cookie.
pub(crate) const COOKIE: &str = "cupola_session";

/// For how long one is.
pub(super) const SECONDS: i64 = 7 * 86_400;

const KIND: &str = "session";

/// So many are kept in memory, where there is no metadata.
const MOST: usize = 10_000;

/// All sessions: in the metadata, or in memory.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    metadata: Option<Arc<dyn Metadata>>,
    memory: Mutex<HashMap<String, Kept>>,
}

/// What is kept of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) user: String,
    /// The digest of the token that it was begun with, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// In nanoseconds since 1970.
    until: i64,
}

impl Kept {
    pub(super) fn new(user: &str, token: Option<String>, now: i64) -> Self {
        Self { user: user.to_owned(), token, until: now.saturating_add(SECONDS * 1_000_000_000) }
    }
}

impl Sessions {
    pub(super) fn kept(metadata: Arc<dyn Metadata>) -> Self {
        Self { metadata: Some(metadata), memory: Mutex::default() }
    }

    /// Begins one; returns what its cookie says. Those that are over are cleared away.
    pub(super) fn begin(&self, kept: &Kept, now: i64) -> Option<String> {
        let secret = random();
        let key = digest(secret.as_bytes());
        let Some(metadata) = &self.metadata else {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory.retain(|_, kept| kept.until > now);
            return (memory.len() < MOST).then(|| {
                memory.insert(key, kept.clone());
                secret
            });
        };
        let body = serde_json::to_string(kept).ok()?;
        let mut changes = vec![Change::Put { kind: KIND, key, body, expect: Expect::Absent }];
        let all = metadata.all(KIND).map_err(|error| tell(&error)).ok()?;
        let is_over = |body: &str| serde_json::from_str::<Kept>(body).map_or(true, |kept| kept.until <= now);
        let over = all.into_iter().filter(|document| is_over(&document.body));
        changes.extend(over.map(|document| Change::Delete { kind: KIND, key: document.key }));
        metadata.apply(&changes).map_err(|error| tell(&error)).ok()?;
        Some(secret)
    }

    /// The one of a cookie, if it is not over.
    pub(super) fn find(&self, secret: &str, now: i64) -> Option<Kept> {
        let key = digest(secret.as_bytes());
        let kept = match &self.metadata {
            None => self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned(),
            Some(metadata) => {
                let found = metadata.get(KIND, &key).map_err(|error| tell(&error)).ok()?;
                serde_json::from_str(&found?.body).ok()
            }
        };
        kept.filter(|kept| kept.until > now)
    }

    pub(super) fn end(&self, secret: &str) {
        let key = digest(secret.as_bytes());
        match &self.metadata {
            None => _ = self.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(&key),
            Some(metadata) => _ = metadata.apply(&[Change::Delete { kind: KIND, key }]).map_err(|error| tell(&error)),
        }
    }
}

/// Whoever asks is nobody then; the log is told why.
pub(super) fn tell(error: &cupola_store::MetadataError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(target: "cupola::dashboard", error = %error, cause, "the metadata was not read or written");
}
