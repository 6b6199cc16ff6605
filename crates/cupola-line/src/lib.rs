//! The canonical JSON log line: writing it, scanning it, and showing it on a terminal.
//!
//! ```
//! use cupola_line::{Envelope, Key, LineBuffer, LineWriter, Scratch, Timestamp, keys};
//!
//! let (mut buf, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
//! let envelope = Envelope { level: "INFO", target: "app::vms", category: "api" };
//! let mut line = LineWriter::begin(&mut buf, &mut scratch, time.unix_micros(1_795_232_762_123_456), &envelope);
//! line.message("machine is up");
//! line.str(Key::new(keys::VM_ID), "vm-7");
//! assert_eq!(line.end().bytes, buf.len());
//! assert!(buf.starts_with(br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"app::vms""#));
//! ```
//!
//! # Where this sits
//!
//! Floor 1, and on no other crate of the house: it knows bytes. It must not know `tracing`, clocks, files, or which fields
//! may be shown: times and levels are handed in, redaction is decided above, and output goes into the caller's buffer.

mod buffer;
mod decimal;
mod entry;
mod escape;
mod fields;
mod file_name;
pub mod fingerprint;
mod formatted;
pub mod index;
mod key;
pub mod keys;
mod known;
mod line;
mod out;
mod pretty;
mod scan;
pub mod schema;
mod scratch;
mod swar;
mod timestamp;
mod value;

pub use buffer::LineBuffer;
pub use entry::Entry;
pub use escape::{escape_bytes, escape_str};
pub use fields::EncodedFields;
pub use file_name::{Day, FileFamily, FileName, INDEX_SUFFIX, Packing, Part, UNFINISHED_SUFFIX};
pub use formatted::{Ending, Formatted, MAX_FORMATTED_BYTES};
pub use key::{EncodedKey, Key, MAX_KEY_BYTES};
pub use known::{KnownFields, KnownKeys};
pub use line::{EncodedEnvelope, EncodedHead, Envelope, LineWriter, MAX_LINE_BYTES, Written};
pub use pretty::{Look, Style, Theme, pretty};
pub use scan::{Member, Members, Quotes, ScanError, Scanner, Text, Value, scan};
pub use scratch::Scratch;
pub use timestamp::{Timestamp, TimestampText, parse_timestamp};
pub use value::{FieldValue, MAX_VALUE_BYTES};
