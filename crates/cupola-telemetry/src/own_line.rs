//! Lines that the log says of itself: past filters and subscribers, from any thread.

use std::time::SystemTime;

use cupola_line::{Envelope, LineBuffer, LineWriter, Scratch, Timestamp};
use tracing_core::Level;

use crate::queue::Lines;

/// Writes a line and hands it over; `from` is its target and its category.
pub(crate) fn offer(
    lines: &Lines,
    level: Level,
    from: (&str, &str),
    message: &str,
    fields: impl FnOnce(&mut LineWriter<'_>),
) {
    lines.offer(level, &of(level, from, message, fields));
}

/// Writes a line.
pub(crate) fn of(
    level: Level,
    (target, category): (&str, &str),
    message: &str,
    fields: impl FnOnce(&mut LineWriter<'_>),
) -> LineBuffer {
    let (mut buffer, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
    let envelope = Envelope { level: level.as_str(), target, category };
    let mut line = LineWriter::begin(&mut buffer, &mut scratch, time.system_time(SystemTime::now()), &envelope);
    line.message(message);
    fields(&mut line);
    let _ = line.end();
    buffer
}
