//! What is logged, changed while the process runs.

mod adjustable;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cupola_line::Key;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Level};
use tracing_subscriber::filter::Targets;

pub(crate) use self::adjustable::{Adjustable, InForce};
use crate::exports::Exports;
use crate::own_line;
use crate::queue::Lines;

/// Says what is logged, and changes it while the process runs. Clones are handles on the same.
///
/// A change stands over what the configuration says: targets that it names follow it, all others stay as they are, and the
/// next change takes its place. Directives that name spans (`app[request]=debug`) are set aside meanwhile. Each change is a
/// line of the log, whatever the levels are.
///
/// ```
/// use cupola_telemetry::{Config, Memory, Telemetry};
///
/// let memory = Memory::new();
/// let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build()?;
/// let levels = telemetry.levels();
/// levels.set("app::db=debug,hyper=off")?;
/// assert_eq!(levels.directives(), "app::db=debug,hyper=off,info");
/// tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::debug!(target: "app::db", "asked"));
/// assert!(levels.set("app::db=loud").is_err());
/// levels.reset();
/// assert_eq!(levels.directives(), "info");
/// telemetry.shutdown(std::time::Duration::from_secs(1));
/// assert!(memory.text().contains("asked"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Levels(Arc<Inner>);

struct Inner {
    configured: String,
    filter: Arc<InForce>,
    change: Mutex<Changes>,
    lines: Arc<Lines>,
    exports: Arc<Exports>,
}

/// What stands over the configuration, and how often that has changed.
#[derive(Default)]
struct Changes {
    number: u64,
    directives: Option<String>,
    ends: Option<Instant>,
}

impl Levels {
    pub(crate) fn new(configured: &str, lines: Arc<Lines>, exports: Arc<Exports>) -> Self {
        let filter = Arc::new(InForce::new(configured));
        Self(Arc::new(Inner { configured: configured.to_owned(), filter, change: Mutex::default(), lines, exports }))
    }

    /// The directives of the configuration.
    pub fn configured(&self) -> &str {
        &self.0.configured
    }

    /// The directives in force.
    pub fn directives(&self) -> String {
        self.directives_with(&self.changes())
    }

    /// Whether a change stands over the configuration.
    pub fn is_changed(&self) -> bool {
        self.changes().directives.is_some()
    }

    /// How long the change in force still lasts, if it ends by itself.
    pub fn expires_in(&self) -> Option<Duration> {
        self.changes().ends.map(|ends| ends.saturating_duration_since(now()))
    }

    /// From now on these directives stand over the configuration: `debug`, `app::db=trace,hyper=off`.
    ///
    /// # Errors
    /// Where one of them is neither a level nor `target=level`; then nothing changes.
    pub fn set(&self, directives: &str) -> Result<(), LevelsError> {
        let targets = self.over_configured(directives)?;
        self.put(Some(targets), None, "set");
        Ok(())
    }

    /// The same for a while, after which the configuration is in force again.
    ///
    /// # Errors
    /// As [`Self::set`], and where the thread that ends it cannot be started.
    pub fn set_for(&self, directives: &str, time: Duration) -> Result<(), LevelsError> {
        let targets = self.over_configured(directives)?;
        let background = self.0.exports.background().map_err(|error| LevelsError(Kind::Thread(error)))?;
        let number = self.put(Some(targets), Some(time), "set");
        let levels = Arc::downgrade(&self.0);
        background.spawn(async move {
            tokio::time::sleep(time).await;
            if let Some(levels) = levels.upgrade() {
                Self(levels).expire(number);
            }
        });
        Ok(())
    }

    /// From now on the configuration is in force again.
    pub fn reset(&self) {
        self.put(None, None, "reset");
    }

    fn expire(&self, number: u64) {
        if self.changes().number == number {
            self.put(None, None, "expired");
        }
    }

    /// The subscriber whose levels these are.
    pub(crate) fn belong_to(&self, subscriber: &Dispatch) {
        self.0.filter.belong_to(subscriber);
    }

    pub(crate) fn filter(&self) -> Arc<InForce> {
        self.0.filter.clone()
    }

    /// What is in force once these directives are.
    fn over_configured(&self, directives: &str) -> Result<Targets, LevelsError> {
        if directives.len() > MAX_BYTES {
            return Err(LevelsError(Kind::Long));
        }
        directives.split(',').map(str::trim).try_fold(self.0.filter.configured().clone(), |targets, directive| {
            let (target, level) = read(directive).ok_or_else(|| LevelsError(Kind::Directive(directive.to_owned())))?;
            Ok(match target {
                Some(target) => targets.with_target(target, level),
                None => targets.with_default(level),
            })
        })
    }

    fn put(&self, change: Option<Targets>, time: Option<Duration>, how: &'static str) -> u64 {
        let mut changes = self.changes();
        let before = self.directives_with(&changes);
        changes.number += 1;
        changes.ends = time.map(|time| now() + time);
        changes.directives = change.as_ref().map(ToString::to_string);
        self.0.filter.change(change);
        self.tell(&before, &self.directives_with(&changes), time, how);
        changes.number
    }

    fn directives_with(&self, changes: &Changes) -> String {
        changes.directives.clone().unwrap_or_else(|| self.0.configured.clone())
    }

    /// Past the filter: a change to `off` is told of too.
    fn tell(&self, before: &str, after: &str, time: Option<Duration>, how: &'static str) {
        own_line::offer(&self.0.lines, Level::INFO, ("cupola::log", "general"), "log levels changed", |line| {
            line.str(Key::new("event"), "config_change");
            line.str(Key::new("config_scope"), "log levels");
            line.str(Key::new("config_source"), how);
            line.str(Key::new("changes"), &format!("levels: {before} → {after}"));
            if let Some(time) = time {
                line.u64(Key::new("expires_in_s"), time.as_secs());
            }
        });
    }

    /// A panic while the lock was held leaves a whole change behind, so the poison says nothing.
    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.0.change.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[allow(clippy::disallowed_methods, reason = "it is only told how long a change still lasts")]
fn now() -> Instant {
    Instant::now()
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Levels").field("directives", &self.directives()).finish_non_exhaustive()
    }
}

/// A level, or a target with one. A bare word that is no level would be a target with every level: at run time that is a
/// mistake.
fn read(directive: &str) -> Option<(Option<&str>, LevelFilter)> {
    let (target, level) = match directive.split_once('=') {
        Some((target, level)) => (Some(target.trim()), level.trim()),
        None => (None, directive),
    };
    let plain = target.is_none_or(|target| !target.is_empty() && !target.contains(['[', '{', ' ', '"']));
    // The parser takes nothing at all for a level.
    level.parse().ok().filter(|_| plain && !level.is_empty()).map(|level| (target, level))
}

/// More than anybody writes by hand.
const MAX_BYTES: usize = 4096;

/// Levels could not be changed.
#[derive(Debug)]
pub struct LevelsError(Kind);

#[derive(Debug)]
enum Kind {
    Directive(String),
    Long,
    Thread(io::Error),
}

impl fmt::Display for LevelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Directive(directive) => write!(
                f,
                "`{}` is neither a level (off, error, warn, info, debug, trace) nor target=level",
                directive.escape_debug()
            ),
            Kind::Long => write!(f, "directives are longer than {MAX_BYTES} bytes"),
            Kind::Thread(_) => f.write_str("the thread that ends the change could not be started"),
        }
    }
}

impl std::error::Error for LevelsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Thread(error) => Some(error),
            Kind::Directive(_) | Kind::Long => None,
        }
    }
}
