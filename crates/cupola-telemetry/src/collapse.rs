//! Repeated lines: the first is written, those that say the same soon after are counted, and one line tells how many.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use cupola_line::{Timestamp, keys};
use tracing_core::callsite::Identifier;
use tracing_core::{Level, Metadata};

use crate::exports::Exports;
use crate::queue::Lines;

/// The field of the line that tells how many were like it.
const REPEATED: &str = "repeated";

/// The most lines that are watched for repetitions at once; further ones are written as they come.
const MAX_RUNS: usize = 1024;

/// How often it is looked for what is over, at most.
const SHORTEST_SWEEP: Duration = Duration::from_millis(10);

/// A line whose own part is longer is written as it comes.
const MAX_PART: usize = 4096;

/// `{"timestamp":"2026-11-21T03:46:02.123456Z`
const HEAD: usize = 1 + keys::TIMESTAMP.len() + 2 + 2 + 27;

/// What is watched. It is bounded: a thousand lines of four kilobytes.
pub(crate) struct Collapse {
    window: Duration,
    /// Of this process's own making: nobody outside can have two lines taken for the same.
    hasher: RandomState,
    runs: Mutex<HashMap<u64, Run>>,
}

/// Lines of one callsite that say the same.
struct Run {
    level: Level,
    began: SystemTime,
    /// How many there were after the first.
    repeated: u64,
    /// What they say, without their time; known once there is a second.
    part: Vec<u8>,
}

impl Collapse {
    fn new(window: Duration) -> Self {
        Self { window, hasher: RandomState::new(), runs: Mutex::default() }
    }

    /// Begins to watch, and to tell of what is over.
    pub(crate) fn start(window: Duration, exports: &Exports, lines: &Arc<Lines>) -> io::Result<Arc<Self>> {
        let collapse = Arc::new(Self::new(window));
        let (weak, lines) = (Arc::downgrade(&collapse), lines.clone());
        exports.background()?.every(window.max(SHORTEST_SWEEP), move || {
            weak.upgrade().iter().for_each(|collapse| collapse.sweep(false, &lines));
        });
        Ok(collapse)
    }

    /// Whether lines of this callsite can be collapsed: the name of the count is free.
    pub(crate) fn fits(metadata: &Metadata<'_>) -> bool {
        metadata.fields().field(REPEATED).is_none()
    }

    /// Whether a line is to be written; otherwise it is counted. `part` is what the line says of its event, unclosed.
    pub(crate) fn admits(&self, metadata: &Metadata<'_>, part: &[u8], now: SystemTime, lines: &Lines) -> bool {
        let Some(part) = part.get(HEAD..).filter(|part| part.len() <= MAX_PART) else { return true };
        let key = self.key(&metadata.callsite(), part);
        let mut runs = self.runs();
        let Some(run) = runs.get_mut(&key) else {
            if runs.len() < MAX_RUNS {
                runs.insert(key, Run { level: *metadata.level(), began: now, repeated: 0, part: Vec::new() });
            }
            return true;
        };
        if run.is_over(now, self.window) {
            let told = run.tell(now);
            run.began = now;
            drop(runs);
            told.iter().for_each(|line| lines.offer(*metadata.level(), line));
            return true;
        }
        run.repeated += 1;
        if run.part.is_empty() {
            run.part.extend_from_slice(part);
        }
        drop(runs);
        lines.note_collapsed();
        false
    }

    /// Tells of runs whose window is over, or of all, and forgets them.
    pub(crate) fn sweep(&self, all: bool, lines: &Lines) {
        let now = SystemTime::now();
        let mut told = Vec::new();
        self.runs().retain(|_, run| {
            let over = all || run.is_over(now, self.window);
            if over {
                told.extend(run.tell(now).map(|line| (run.level, line)));
            }
            !over
        });
        told.iter().for_each(|(level, line)| lines.offer(*level, line));
    }

    fn key(&self, callsite: &Identifier, part: &[u8]) -> u64 {
        self.hasher.hash_one((callsite, part))
    }

    /// A panic while the lock was held leaves whole counts behind, so the poison says nothing.
    fn runs(&self) -> MutexGuard<'_, HashMap<u64, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// A clock that was put back ends a run too.
    fn is_over(&self, now: SystemTime, window: Duration) -> bool {
        now.duration_since(self.began).map_or(true, |age| age >= window)
    }

    /// The line that tells how many there were, if there were any.
    fn tell(&mut self, now: SystemTime) -> Option<Vec<u8>> {
        let repeated = std::mem::take(&mut self.repeated);
        (repeated > 0).then(|| {
            let mut time = Timestamp::new();
            let timestamp = time.system_time(now);
            let tail = format!(",\"{REPEATED}\":{repeated}}}\n");
            [b"{\"timestamp\":\"", timestamp.as_str().as_bytes(), &self.part, tail.as_bytes()].concat()
        })
    }
}

impl fmt::Debug for Collapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collapse").field("window", &self.window).finish_non_exhaustive()
    }
}
