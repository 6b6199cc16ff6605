//! Counts, rates and quantiles of the lines of logs: what `cupola stats` and `cupola view --stats` show.
//!
//! ```text
//! Survey::read(inputs)            every core counts for itself (Counts), and all are added at the end
//!   Facts::scan(line)             the fields that are counted, in one pass over the line
//!   Counts::add(facts)            levels, statuses, durations (Histogram), times (Rate), Slowest, Groups, Tops
//! report::print(figures)          as text, or as JSON
//! ```
//!
//! Memory is bounded however many clients, users and routes there are; where that costs exactness, the answer says so.

mod counts;
mod facts;
mod groups;
mod histogram;
mod json;
mod rate;
mod report;
mod show;
mod slowest;
mod survey;
pub(crate) mod told;
mod tops;

pub(crate) use rate::Rate;
pub(crate) use report::Report;
pub(crate) use show::show;
pub(crate) use survey::{By, Figures, Survey};
pub(crate) use tops::MAX_TOPS;
