//! Lines of other JSON loggers, as our own writer would have written them.
//!
//! A logger is not asked for its name: each key is known for what it means, wherever it stands. So lines of tracing-subscriber, pino,
//! bunyan, zap, zerolog, slog, structlog, Serilog, ECS and OpenTelemetry are read, and those of whoever mixes their habits.
//!
//! ```text
//! {"level":30,"time":1795232762123,"req":{"id":7,"url":"/vms"},"res":{"statusCode":200},"responseTime":12,"msg":"done"}
//! {"timestamp":"2026-11-21T03:46:02.123000Z","level":"INFO","message":"done","path":"/vms","status":200,"duration_ms":12,"request_id":"7"}
//! ```
//!
//! Nothing is lost: what has no meaning here stays a field, under the path that leads to it.

mod roles;
mod units;

use cupola_line::{ScanError, Text, Timestamp, Value, escape_str, scan};
use cupola_store::Level;

use roles::{ROLES, Role, role_of};

/// How deep meaning is looked for.
const MAX_DEPTH: usize = 4;

/// Objects whose members stand for themselves, without the object's name before them.
const TRANSPARENT: [&str; 5] = ["fields", "attributes", "Attributes", "Properties", "labels"];

/// Objects whose members may have a meaning.
const CONTAINERS: [&str; 17] = [
    "http",
    "http.request",
    "http.response",
    "log",
    "log.origin",
    "trace",
    "transaction",
    "span",
    "url",
    "event",
    "req",
    "res",
    "request",
    "response",
    "user",
    "client",
    "error",
];

/// Appends the canonical form of a JSON object. What is no object is an error, and appends nothing.
pub(crate) fn rewrite(line: &[u8], out: &mut Vec<u8>) -> Result<(), ScanError> {
    let mut reading = Reading::default();
    reading.object("", line, 0)?;
    reading.write(out);
    Ok(())
}

/// The key under which our own writer has what another logger calls by this name.
pub(crate) fn canonical_key(name: &str) -> Option<&'static str> {
    role_of(name).filter(|(role, fit)| *fit > 1 || *role == Role::Duration).map(|(role, _)| role.key())
}

/// What a line says, sorted by what it means.
#[derive(Debug, Default)]
struct Reading<'a> {
    roles: [Option<Found<'a>>; ROLES],
    fields: Vec<(String, Value<'a>)>,
}

/// A value that has a role, how well its name fits it, and the name.
#[derive(Debug)]
struct Found<'a> {
    fit: u8,
    path: String,
    value: Value<'a>,
}

impl<'a> Reading<'a> {
    fn object(&mut self, prefix: &str, json: &'a [u8], depth: usize) -> Result<(), ScanError> {
        for member in scan(json) {
            let (key, value) = member?;
            self.member(prefix, key, value, depth)?;
        }
        Ok(())
    }

    fn member(&mut self, prefix: &str, key: Text<'a>, value: Value<'a>, depth: usize) -> Result<(), ScanError> {
        let name = key.unescape();
        let path = if prefix.is_empty() { name.into_owned() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(json) if depth < MAX_DEPTH && TRANSPARENT.contains(&path.as_str()) => {
                self.object(prefix, json, depth + 1)
            }
            Value::Array(json) if TRANSPARENT.contains(&path.as_str()) => self.attributes(json, value, path),
            Value::Object(json) if path == "body" => self.body(json, value, path),
            Value::Object(json) if path == "span" => self.span(json),
            Value::Array(json) if path == "spans" => self.spans(json, value, path),
            Value::Object(json) if depth < MAX_DEPTH && CONTAINERS.contains(&path.as_str()) => {
                self.object(&path, json, depth + 1)
            }
            _ => {
                self.place(path, value);
                Ok(())
            }
        }
    }

    /// Gives a value its role; the one that had it before, if its name fitted no better, becomes a field.
    fn place(&mut self, path: String, value: Value<'a>) {
        let Some((role, fit)) = role_of(&path).filter(|(role, _)| role.accepts(&path, &value)) else {
            return self.fields.push((path, value));
        };
        let place = &mut self.roles[role as usize];
        if place.as_ref().is_some_and(|found| found.fit > fit) {
            return self.fields.push((path, value));
        }
        if let Some(old) = place.replace(Found { fit, path, value }) {
            self.fields.push((old.path, old.value));
        }
    }

    /// OpenTelemetry's attributes: `[{"key":"http.route","value":{"stringValue":"/vms"}}]`.
    fn attributes(&mut self, json: &'a [u8], whole: Value<'a>, path: String) -> Result<(), ScanError> {
        let mut found = Vec::new();
        for item in items(json) {
            let Some(pair) = key_and_value(item) else {
                self.fields.push((path, whole));
                return Ok(());
            };
            found.push(pair);
        }
        for (key, value) in found {
            self.place(key, value);
        }
        Ok(())
    }

    /// OpenTelemetry's body: `{"stringValue":"up"}`.
    fn body(&mut self, json: &'a [u8], whole: Value<'a>, path: String) -> Result<(), ScanError> {
        self.place(path, any_value(json).unwrap_or(whole));
        Ok(())
    }

    /// tracing-subscriber's current span: its fields are the entry's too, unless the entry has them.
    fn span(&mut self, json: &'a [u8]) -> Result<(), ScanError> {
        for member in scan(json) {
            let (key, value) = member?;
            let name = key.unescape().into_owned();
            let name = if name == "name" { "span".to_owned() } else { name };
            self.place_behind(name, value);
        }
        Ok(())
    }

    /// tracing-subscriber's spans, the innermost last.
    fn spans(&mut self, json: &'a [u8], whole: Value<'a>, path: String) -> Result<(), ScanError> {
        let spans: Vec<_> = items(json).collect();
        if !spans.iter().all(|span| span.first() == Some(&b'{')) {
            self.place(path, whole);
            return Ok(());
        }
        spans.into_iter().rev().try_for_each(|span| self.span(span))
    }

    fn place_behind(&mut self, path: String, value: Value<'a>) {
        match role_of(&path) {
            // A span's level or name is not the entry's.
            Some((role, _)) if role.is_of_requests() && role.accepts(&path, &value) => {
                let place = &mut self.roles[role as usize];
                if place.is_none() {
                    *place = Some(Found { fit: 0, path, value });
                }
            }
            _ if self.fields.iter().any(|(name, _)| *name == path) => {}
            _ => self.fields.push((path, value)),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut separator = b'{';
        for role in Role::IN_ORDER {
            let Some(found) = &self.roles[role as usize] else { continue };
            out.push(separator);
            separator = b',';
            write_key(out, role.key());
            write_role(out, role, found);
        }
        for (path, value) in &self.fields {
            out.push(separator);
            separator = b',';
            self.write_field_key(out, path);
            out.extend_from_slice(value.json());
        }
        if separator == b'{' {
            out.push(separator);
        }
        out.push(b'}');
    }
}

impl Reading<'_> {
    /// As our own writer does, a field does not take the name of what is there already.
    fn write_field_key(&self, out: &mut Vec<u8>, path: &str) {
        let is_taken = |role: &Role| role.key() == path && self.roles[*role as usize].is_some();
        if Role::IN_ORDER.iter().any(is_taken) {
            write_key(out, &format!("fields.{path}"))
        } else {
            write_key(out, path)
        }
    }
}

fn write_key(out: &mut Vec<u8>, key: &str) {
    out.push(b'"');
    escape_str(out, key);
    out.extend_from_slice(b"\":");
}

fn write_role(out: &mut Vec<u8>, role: Role, found: &Found<'_>) {
    match role {
        Role::Time => {
            let micros = units::time_of(&found.value).unwrap_or_default();
            write_text(out, Timestamp::new().unix_micros(micros).as_str());
        }
        Role::Level => write_text(out, roles::level_of(&found.path, &found.value).unwrap_or(Level::Info).as_str()),
        Role::Status => out.extend_from_slice(unquoted(&found.value)),
        Role::Duration => {
            let milliseconds = units::milliseconds_of(&found.path, &found.value).unwrap_or_default();
            out.extend_from_slice(format!("{milliseconds}").as_bytes());
        }
        _ if found.value.as_text().is_some() => out.extend_from_slice(found.value.json()),
        _ => write_text(out, &String::from_utf8_lossy(found.value.json())),
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape_str(out, text);
    out.push(b'"');
}

fn unquoted<'a>(value: &Value<'a>) -> &'a [u8] {
    value.as_text().map_or_else(|| value.json(), |text| text.raw())
}

/// The objects of an array of objects; anything else in it as it stands.
fn items(json: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = json[1..json.len() - 1].trim_ascii();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut item = scan(rest);
        // The scanner stops behind the object with an error, at the comma.
        let end = loop {
            match item.next() {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break item.offset(),
            }
        };
        let end = if rest[0] == b'{' && end > 0 { end } else { rest.len() };
        let (found, behind) = rest.split_at(end.min(rest.len()));
        rest = behind.trim_ascii_start().strip_prefix(b",").unwrap_or_default().trim_ascii_start();
        Some(found.trim_ascii_end())
    })
}

fn key_and_value(json: &[u8]) -> Option<(String, Value<'_>)> {
    let (mut key, mut found) = (None, None);
    for member in scan(json) {
        match member.ok()? {
            (name, Value::Str(text)) if name.is("key") => key = Some(text.unescape().into_owned()),
            (name, Value::Object(json)) if name.is("value") => found = any_value(json),
            _ => {}
        }
    }
    key.zip(found)
}

/// OpenTelemetry's typed value.
fn any_value(json: &[u8]) -> Option<Value<'_>> {
    let (key, value) = scan(json).next()?.ok()?;
    match (key.raw(), value) {
        (b"stringValue" | b"doubleValue" | b"boolValue" | b"arrayValue" | b"kvlistValue" | b"bytesValue", value) => {
            Some(value)
        }
        // JSON cannot be trusted with 64 bits, so that they are text.
        (b"intValue", Value::Str(text)) => Some(Value::Number(text.raw())),
        (b"intValue", value) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
