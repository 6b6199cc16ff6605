//! The embedded store of log entries, spans and metrics: columns in blocks, a file for each signal and day.
//!
//! ```
//! use cupola_store::{Batch, Signal, Value};
//!
//! let mut batch = Batch::new(Signal::Logs);
//! batch.row(1_795_232_762_123_456_000).set("level", Value::Text("INFO")).set("message", Value::Text("machine is up"));
//! assert_eq!(batch.rows(), 1);
//! ```
//!
//! # Where this sits
//! Floor 2: on cupola-line, for the lines that it takes in. It must not know HTTP, a runtime, `init`, or who may read what: bytes and
//! batches come in, answers go out, and every text that reaches it has been masked.

mod batch;
mod block;
mod column;
mod counters;
mod day;
mod file;
pub mod ingest;
mod journal;
pub mod language;
mod layout;
mod level;
mod lines;
pub mod maintain;
mod metadata;
mod names;
#[cfg(feature = "otlp")]
pub mod otlp;
mod query;
mod rollup;
mod sealing;
#[cfg(test)]
mod seeded;
mod settings;
mod signal;
mod store;
mod upkeep;
mod value;
mod words;
mod writer;

pub use batch::{Batch, Instead, Judge, MAX_NAMES, Row, Values};
pub use file::Durability;
pub use level::Level;
pub use lines::LineError;
pub use metadata::{Change, Document, Expect, Metadata, MetadataError, MetadataFile, Note};
pub use names::canonical;
pub use query::{
    Cancel, Counted, Counts, Cursor, Entry, Failed, FailureGroup, Failures, Found, How, MAX_PAGE, MAX_STEPS, Measure,
    Measured, Partial, PointSeries, Pointed, Points, Quantiles, Query, QueryError, Reader, RequestExemplar, RequestRow,
    Requested, Requests, RequestsBy, Scanned, Search, Selection, Series, Tail, Tails, Told, TooManyTails, Top, Topped,
    Trace, TraceOf, Walked,
};
pub use settings::Settings;
pub use signal::Signal;
pub use store::{CloseError, Decode, DecodeError, FileStats, OpenError, Stats, Store};
pub use upkeep::{StoreUpkeep, Upkeep};
pub use value::Value;
pub use writer::{KeepError, Kept, Refused, Write, Writer};
