//! The typed vocabulary: what a service says beside its access lines. Each kind of event has its category and its level here.
//!
//! ```
//! use std::time::Duration;
//! use cupola_record::{Fallback, FileKind, FileOperation, Operation, Status};
//!
//! Operation::new("query_offers", Status::Success).duration(Duration::from_millis(42)).emit();
//! FileOperation::new(FileKind::Write, "offers.json".as_ref()).role("cache").bytes(2048).field("offers", 17).emit();
//! Fallback::new("primary", "replica", "the primary is down").emit();
//! ```
//!
//! Every event has the target of its category, such as `cupola::operations`, so that a filter can name it. Its fields stand in
//! `docs/log-schema.md`; what is not said is no field. Fields of the caller's own ([`Operation::field`] and the same of the
//! others) come behind them. Texts are masked where lines are written; what holds raw URLs or settings takes masked ones only.

mod api_call;
mod config_change;
mod custom_event;
mod error_report;
mod file_operation;
mod macros;
mod operation;
mod performance;
mod plain;
mod state_change;
mod warnings;

pub use api_call::ApiCall;
pub use config_change::ConfigChange;
pub use custom_event::CustomEvent;
pub use error_report::ErrorReport;
pub use file_operation::{FileKind, FileOperation, Validation};
pub use operation::{Operation, OperationKind, Status};
pub use performance::{Performance, Speed, Thresholds};
pub use plain::{log_api, log_error, log_operation, log_performance};
pub use state_change::StateChange;
pub use warnings::{Deprecation, Fallback, Retry};

use tracing::Level;

use crate::category::Category;

/// Where an event belongs, and how serious it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The field `event`.
    pub event: &'static str,
    /// The case in which this row holds.
    pub when: &'static str,
    /// Its category, which is its target too.
    pub category: Category,
    /// Its level.
    pub level: Level,
}

const fn rule(event: &'static str, when: &'static str, category: Category, level: Level) -> Rule {
    Rule { event, when, category, level }
}

/// Every kind of event, in each of its cases.
///
/// Lifecycle, performance, configuration and file operations are INFO; what is internal is DEBUG; retries, fallbacks,
/// deprecations and what was cancelled are WARN; failures are ERROR.
#[rustfmt::skip]
pub const VOCABULARY: &[Rule] = &[
    rule("api_call", "success", Category::Api, Level::INFO),
    rule("api_call", "refused: 4xx", Category::Api, Level::WARN),
    rule("api_call", "failed: 5xx or an error", Category::Api, Level::ERROR),
    rule("operation", "running", Category::Operations, Level::DEBUG),
    rule("operation", "success", Category::Operations, Level::INFO),
    rule("operation", "cancelled", Category::Operations, Level::WARN),
    rule("operation", "failed", Category::Operations, Level::ERROR),
    rule("performance", "any speed", Category::Performance, Level::INFO),
    rule("error", "always", Category::Errors, Level::ERROR),
    rule("file_operation", "success", Category::Operations, Level::INFO),
    rule("file_operation", "failed, or not valid", Category::Operations, Level::ERROR),
    rule("config_change", "always", Category::Operations, Level::INFO),
    rule("state_change", "always", Category::Instances, Level::INFO),
    rule("fallback", "always", Category::Operations, Level::WARN),
    rule("retry", "always", Category::Operations, Level::WARN),
    rule("deprecation", "always", Category::General, Level::WARN),
    rule("the application's own", "as a rule", Category::General, Level::INFO),
    rule("the application's own", "internal", Category::General, Level::DEBUG),
];
