//! An entry as the log line that it was, or would have been.

use cupola_line::{Envelope, Key, LineBuffer, LineWriter, Scratch, Timestamp, Written, keys};

use super::Entry;
use crate::level::Level;
use crate::value::Value;

/// What stands in the envelope of a line, and not among its fields.
const ENVELOPE: [&str; 4] = [keys::LEVEL, keys::TARGET, keys::CATEGORY, keys::MESSAGE];

impl Entry {
    /// Appends it as a canonical log line, with its newline. Its time is cut to microseconds.
    ///
    /// What has no level, as spans have none, is `INFO`, or `ERROR` if its status is; a span's message is its name.
    ///
    /// ```
    /// use cupola_line::{LineBuffer, Scratch};
    /// use cupola_store::{Batch, Signal, Tails, Value};
    ///
    /// let tails = Tails::new(1);
    /// let mut tail = tails.open(Signal::Logs, None)?;
    /// let mut batch = Batch::new(Signal::Logs);
    /// batch.row(1_795_232_762_123_456_000).set("level", Value::Text("WARN")).set("message", Value::Text("slow")).set("ms", Value::Int(812));
    /// tails.offer(&batch);
    ///
    /// let (mut out, mut scratch) = (LineBuffer::new(), Scratch::new());
    /// let written = tail.take().entries[0].line(&mut out, &mut scratch);
    /// assert_eq!(written.cut_values, 0);
    /// let line = r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"WARN","target":"","category":"general","message":"slow","ms":812}"#;
    /// assert_eq!(String::from_utf8_lossy(&out), format!("{line}\n"));
    /// # Ok::<(), cupola_store::TooManyTails>(())
    /// ```
    pub fn line(&self, out: &mut LineBuffer, scratch: &mut Scratch) -> Written {
        let text = |name: &str| self.get(name).map(|value| value.text()).unwrap_or_default();
        let (target, category) = (text(keys::TARGET), text(keys::CATEGORY));
        let envelope = Envelope {
            level: self.level().as_str(),
            target: &target,
            category: if category.is_empty() { "general" } else { &category },
        };
        let mut time = Timestamp::new();
        let micros = self.time.div_euclid(1_000);
        let mut line = LineWriter::begin(out, scratch, time.unix_micros(micros), &envelope);
        match self.get(keys::MESSAGE) {
            Some(message) => line.message(&message.text()),
            None => line.message(&text("name")),
        }
        for (name, value) in self.fields().filter(|(name, _)| !ENVELOPE.contains(name)) {
            let key = Key::new(name);
            match value {
                Value::Text(text) => line.str(key, text),
                Value::Int(number) => line.i64(key, number),
                Value::Float(number) => line.f64(key, number),
                Value::Bool(is) => line.bool(key, is),
                Value::Id(id) => line.bytes(key, id),
                // A line is one line.
                Value::Json(json) if json.contains(['\n', '\r']) => line.str(key, json),
                Value::Json(json) => line.raw(key, json.as_bytes()),
            }
        }
        line.end()
    }

    fn level(&self) -> Level {
        let is = |name: &str, text: &str| self.get(name) == Some(Value::Text(text));
        match self.get(keys::LEVEL) {
            Some(Value::Text(text)) => Level::parse(text).unwrap_or(Level::Info),
            _ if is("otel.status_code", "ERROR") => Level::Error,
            _ => Level::Info,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::signal::Signal;

    fn entries(line: &str) -> Vec<Entry> {
        let mut batch = Batch::new(Signal::Logs);
        batch.line(line.as_bytes(), None).unwrap();
        let mut entries = Vec::new();
        Entry::each_of(&batch, |_, entry| entries.push(entry));
        entries
    }

    fn line(entry: &Entry) -> String {
        let (mut out, mut scratch) = (LineBuffer::new(), Scratch::new());
        assert_eq!(entry.line(&mut out, &mut scratch).bytes, out.len());
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn a_line_that_went_in_comes_out() {
        let written = r#"{"timestamp":"2026-11-21T03:46:02.000001Z","level":"WARN","target":"a::b","category":"api","message":"a \"b\"\n","status":503,"ms":1.5,"ok":true,"error":{"code":[1,2]},"trace_id":"0af7651916cd43dd8448eb211c80319c"}"#;
        assert_eq!(line(&entries(written)[0]), format!("{written}\n"));
    }

    #[test]
    fn what_is_no_log_entry_is_a_line_too() {
        let mut span = Entry::new(1_795_232_762_000_000_999);
        for (name, value) in [("name", Value::Text("GET /vms")), ("trace_id", Value::Id(&[10; 16]))] {
            span.push(name, value.into());
        }
        span.push("otel.status_code", Value::Text("ERROR").into());
        span.push("events", Value::Json("[\n1]").into());
        let expected = r#"{"timestamp":"2026-11-21T03:46:02.000000Z","level":"ERROR","target":"","category":"general","message":"GET /vms","name":"GET /vms","trace_id":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","otel.status_code":"ERROR","events":"[\n1]"}"#;
        assert_eq!(line(&span), format!("{expected}\n"));
    }
}
