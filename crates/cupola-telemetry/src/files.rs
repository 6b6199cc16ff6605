//! The log in files: which there are, how they are rotated, packed and deleted, and what each has taken.
//!
//! ```
//! use std::time::Duration;
//! use cupola_telemetry::{Config, FilesConfig, Telemetry};
//!
//! # let folder = tempfile::tempdir()?;
//! # let logs = folder.path();
//! let telemetry =
//!     Telemetry::builder(Config::default()).output(std::io::sink()).files(FilesConfig::in_folder(logs)).build()?;
//! tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::error!("machine is down"));
//! assert_eq!(telemetry.shutdown(Duration::from_secs(5)).written, 1);
//! assert!(std::fs::read_to_string(logs.join("api.log"))?.contains("machine is down"));
//! assert!(std::fs::read_to_string(logs.join("errors.log"))?.contains("machine is down"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod beside;
mod clock;
mod config;
mod head;
mod keeper;
mod log_file;
mod lost;
mod pack;
mod sink;

use crate::background::Background;

pub(crate) use account::Account;
pub use account::OutputCounts;
pub use config::{FilesConfig, Layout, Sync};
pub(crate) use lost::Lost;
pub(crate) use sink::{Accounts, Files};

/// `logrotate` and its like send SIGHUP to whoever is to open files anew. That is done with each batch anyway; what is left is
/// not to die of the signal.
#[cfg(unix)]
pub(crate) fn outlive_hangups(background: &Background) {
    use tokio::signal::unix::{SignalKind, signal};
    background.spawn(async {
        if let Ok(mut hangups) = signal(SignalKind::hangup()) {
            while hangups.recv().await.is_some() {}
        }
    });
}

#[cfg(not(unix))]
pub(crate) fn outlive_hangups(_: &Background) {}
