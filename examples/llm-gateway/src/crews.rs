//! Crews: several agents that work on one topic, each on what those before it have found, as one execution.
//!
//! ```text
//! POST …/runs ── Run::begin ─► crew's execution ─┬─ researcher ─┐
//!                                                └─ critic ─────┴─► writer ─► report: cleaned, checked, a file
//! ```
//! Each agent is an execution of its own inside the crew's, so the log has every dimension of both: see `cupola executions`.

mod agent;
mod crew;
mod overrides;
mod report;
mod routes;
mod run;
mod runs;

pub use crew::{Agent, CREWS, Crew};
pub use routes::routes;
pub use runs::Runs;
