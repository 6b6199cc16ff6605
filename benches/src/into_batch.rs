//! Entries into a batch.

use cupola_store::{Batch, Value};

use crate::entries::Entry;

pub(crate) fn put(batch: &mut Batch, time: i64, entry: &Entry) {
    let mut row = batch.row(time);
    row.set("message", Value::Text(&entry.message));
    for (name, text) in
        [("level", entry.level), ("service", entry.service), ("target", entry.target), ("route", entry.route)]
    {
        row.set(name, Value::Text(text));
    }
    entry.texts.iter().for_each(|(name, text)| _ = row.set(name, Value::Text(text)));
    row.set("status", Value::Int(entry.status)).set("attempt", Value::Int(entry.attempt));
    row.set("duration_ms", Value::Float(entry.duration_ms));
    row.set("trace_id", Value::Id(&entry.trace)).set("span_id", Value::Id(&entry.span));
}
