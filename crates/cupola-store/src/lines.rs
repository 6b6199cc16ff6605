//! JSON log lines, as cupola's own writer writes them, on their way into the store.

use std::borrow::Cow;
use std::fmt;
use std::str;

use cupola_line::{Entry, ScanError, Text, Value as Json, keys, parse_timestamp};

use crate::batch::{Batch, Row};
use crate::names::canonical;
use crate::value::Value;

/// Why a line is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineError {
    /// It is no JSON object; behind so many bytes it stops being one.
    NotJson {
        /// In bytes, from the beginning of the line.
        offset: usize,
    },
    /// Its `timestamp` is none, or is not in RFC 3339.
    NoTime,
}

impl Batch {
    /// Adds a log line, with or without a newline at its end.
    ///
    /// Fields that are called otherwise elsewhere get our names. `service` is who speaks, where the line does not say it itself.
    ///
    /// ```
    /// use cupola_store::{Batch, Signal};
    ///
    /// let mut batch = Batch::new(Signal::Logs);
    /// batch.line(br#"{"timestamp":"2026-11-21T03:46:02Z","level":"INFO","message":"up","vm_id":"vm-7"}"#, Some("vms"))?;
    /// assert_eq!(batch.rows(), 1);
    /// assert!(batch.line(b"Listening on port 80", None).is_err());
    /// # Ok::<(), cupola_store::LineError>(())
    /// ```
    pub fn line(&mut self, line: &[u8], service: Option<&str>) -> Result<(), LineError> {
        let entry = Entry::read(line)?;
        let micros = entry.timestamp.and_then(|text| parse_timestamp(text.raw())).ok_or(LineError::NoTime)?;
        let mut row = self.row(micros.saturating_mul(1000));
        let envelope = [
            (keys::LEVEL, entry.level),
            (keys::TARGET, entry.target),
            (keys::CATEGORY, entry.category),
            (keys::MESSAGE, entry.message),
        ];
        for (name, text) in envelope {
            if let Some(text) = text {
                row.replace(name, Value::Text(&unescaped(text)));
            }
        }
        for (key, value) in &entry.fields {
            field(&mut row, &unescaped(*key), *value);
        }
        if let Some(service) = service {
            row.set("service", Value::Text(service));
        }
        Ok(())
    }
}

fn field(row: &mut Row<'_>, name: &str, value: Json<'_>) {
    let name = canonical(name);
    match value {
        Json::Str(text) => row.replace(name, Value::Text(&unescaped(text))),
        Json::Number(_) => row.replace(name, number(value)),
        Json::Bool(is) => row.replace(name, Value::Bool(is)),
        Json::Object(json) | Json::Array(json) => row.replace(name, Value::Json(&String::from_utf8_lossy(json))),
        Json::Null => row,
    };
}

fn number(value: Json<'_>) -> Value<'_> {
    match (value.as_i64(), value.as_f64()) {
        (Some(whole), _) => Value::Int(whole),
        (None, Some(real)) => Value::Float(real),
        // A number that no double holds is kept as it was written.
        (None, None) => Value::Text(str::from_utf8(value.json()).unwrap_or_default()),
    }
}

fn unescaped(text: Text<'_>) -> Cow<'_, str> {
    match str::from_utf8(text.raw()) {
        Ok(plain) if !text.has_escapes() => Cow::Borrowed(plain),
        _ => text.unescape(),
    }
}

impl From<ScanError> for LineError {
    fn from(error: ScanError) -> Self {
        Self::NotJson { offset: error.offset() }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { offset } => write!(f, "no JSON object: it stops being one behind {offset} bytes"),
            Self::NoTime => f.write_str("no time: `timestamp` is to be in RFC 3339, such as 2026-11-21T03:46:02Z"),
        }
    }
}

impl std::error::Error for LineError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Signal;

    fn batch(line: &str) -> Batch {
        let mut batch = Batch::new(Signal::Logs);
        batch.line(line.as_bytes(), Some("vms")).unwrap();
        batch
    }

    fn names(batch: &Batch) -> Vec<&str> {
        batch.columns.iter().map(|column| &*column.name).collect()
    }

    fn text<'a>(batch: &'a Batch, name: &str) -> &'a str {
        let column = batch.columns.iter().find(|column| *column.name == *name).unwrap();
        str::from_utf8(&column.bytes).unwrap()
    }

    #[test]
    fn a_line_is_an_entry_with_its_fields() {
        let line = r#"{"timestamp":"2026-11-21T03:46:02.000001Z","level":"WARN","message":"a \"b\"","status":503,"ms":1.5,"ok":true,"nothing":null,"list":[1,2]}"#;
        let batch = batch(line);
        assert_eq!(batch.times, [1_795_232_762_000_001_000]);
        assert_eq!(names(&batch), ["level", "message", "status", "ms", "ok", "list", "service"]);
        assert_eq!((text(&batch, "message"), text(&batch, "list")), ("a \"b\"", "[1,2]"));
    }

    #[test]
    fn the_last_of_a_name_counts_and_the_line_knows_its_service_best() {
        let batch = batch(r#"{"timestamp":"2026-11-21T03:46:02Z","a":"1","a":"2","service.name":"billing"}"#);
        assert_eq!((text(&batch, "a"), text(&batch, "service")), ("2", "billing"));
    }

    #[test]
    fn what_is_no_entry_says_why_and_leaves_nothing_behind() {
        let mut batch = Batch::new(Signal::Logs);
        let check = |batch: &mut Batch, line: &str, said: &str| {
            let error = batch.line(line.as_bytes(), None).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        };
        check(&mut batch, "Listening", "no JSON object: it stops being one behind 0 bytes");
        check(&mut batch, r#"{"level":"INFO","message":"up"}"#, "no time");
        check(&mut batch, r#"{"timestamp":"yesterday"}"#, "no time");
        assert_eq!((batch.rows(), batch.columns.len()), (0, 0));
    }
}
