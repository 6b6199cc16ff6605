//! OTLP, what OpenTelemetry's exporters send, into batches: protobuf and JSON, of logs, spans and metrics.
//!
//! ```
//! use cupola_store::Signal;
//! use cupola_store::otlp::{Encoding, decode};
//!
//! let message = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"machine is up"}}]}]}]}"#;
//! let decoded = decode(Signal::Logs, Encoding::Json, message, 1_795_232_762_123_456_000)?;
//! assert_eq!((decoded.batch.rows(), decoded.rejected), (1, 0));
//! # Ok::<(), cupola_store::otlp::DecodeError>(())
//! ```
//!
//! A message is read once, from its bytes straight into columns; what both encodings say becomes the same batch.
//!
//! | of the message | in the store |
//! |---|---|
//! | attributes of a record, then of its scope, then of its resource | fields under the names of [`canonical`](crate::canonical); the first of a name stays |
//! | a log record's severity | `level`, and `severity_text` where the text is another word |
//! | its body | `message`; as JSON where it is no text |
//! | its scope's name, its event's name | `target`, `event` |
//! | a span's times | its beginning, and `duration_ms` |
//! | its events and links | `events`, `links`; of an exception also `error_type`, `error` and `backtrace`, where the span has none itself |
//! | a point of a metric | an entry with `metric`, `unit`, `type` and its `value`, or `count`, `sum`, `min`, `max` and `buckets` |
//! | bytes | text in lower-case hexadecimal |
//!
//! An attribute that is called as one of these is kept as `fields.level`, as on lines. What is not UTF-8 becomes U+FFFD.

mod any;
mod entry;
mod error;
mod json;
mod log;
mod metric;
mod point;
mod several;
mod span;
#[cfg(test)]
mod tests;
mod walk;
mod wire;

use crate::batch::Batch;
use crate::signal::Signal;
use entry::Layout;
pub use error::DecodeError;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

/// What a message said.
#[derive(Debug)]
pub struct Decoded {
    /// Its entries.
    pub batch: Batch,
    /// How many of them are left out, for they are none.
    pub rejected: u64,
    /// Why the first of those is.
    pub reason: Option<&'static str>,
}

/// Reads an `ExportLogsServiceRequest`, `ExportTraceServiceRequest` or `ExportMetricsServiceRequest`.
///
/// `received` is the time of entries that have none, in nanoseconds since 1970. A message that is none is an error that says
/// where, but nothing of what stands there.
pub fn decode(signal: Signal, encoding: Encoding, message: &[u8], received: i64) -> Result<Decoded, DecodeError> {
    let mut layout = Layout::new(signal, received);
    match encoding {
        Encoding::Protobuf => match signal {
            Signal::Logs => log::from_protobuf(message, &mut layout),
            Signal::Spans => span::from_protobuf(message, &mut layout),
            Signal::Metrics => metric::from_protobuf(message, &mut layout),
        }?,
        Encoding::Json => json::read(message, &mut layout)?,
    }
    Ok(layout.end())
}
