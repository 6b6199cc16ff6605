//! One query of a database, as it is known when it begins.

use std::sync::Arc;
use std::time::SystemTime;

use cupola_context::{Context, SpanId};
use cupola_redact::SqlShape;

use crate::call_trace::CallTrace;
use crate::db_system::DbSystem;

/// One query of a database: a statement, or a command and those that are sent with it; [`crate::QueryEnded`] is what its end
/// adds. It has no value in it: a statement only as its [shape](SqlShape), a command only as its name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Query {
    /// The request on whose behalf it is made, where there is one.
    pub context: Option<Context>,
    /// When it began, by the wall clock.
    pub started: SystemTime,
    /// Which kind of database is asked.
    pub system: DbSystem,
    /// What the caller calls the database: a label, so from a closed set.
    pub dependency: Option<Arc<str>>,
    /// The statement without its values; `None` where commands are no statements, or it is not known.
    pub shape: Option<Arc<SqlShape>>,
    /// Of several that are sent together, how many.
    pub batch: Option<u32>,
    /// It waits for something else to happen, so it is never slow.
    pub waits: bool,
    /// The trace in which it is a span, and the span's id; `None` where nobody makes spans of queries, or the trace is not sampled.
    pub span: Option<(CallTrace, SpanId)>,
    command: Option<Command>,
}

/// The longest name of a command.
const MAX_COMMAND: usize = 24;

/// A name, held in place.
#[derive(Clone, Copy, Debug)]
struct Command {
    bytes: [u8; MAX_COMMAND],
    length: usize,
}

impl Query {
    /// What stands for the name of a command that does not look like one.
    pub const OTHER: &'static str = "_OTHER";

    /// A query that begins, on behalf of the request that is ambient here.
    pub fn new(started: SystemTime, system: DbSystem) -> Self {
        Self {
            context: cupola_context::current(),
            started,
            system,
            dependency: None,
            shape: None,
            batch: None,
            waits: false,
            span: None,
            command: None,
        }
    }

    /// Takes in a command's name, in upper case: letters, dots and underscores, 24 of them at most. What is no such name is
    /// [`Self::OTHER`], since it may be anything.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use cupola_record::{DbSystem, Query};
    ///
    /// let mut query = Query::new(SystemTime::UNIX_EPOCH, DbSystem::Redis);
    /// query.set_command(b"json.get");
    /// assert_eq!(query.operation(), Some("JSON.GET"));
    /// ```
    pub fn set_command(&mut self, name: &[u8]) {
        let plain = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_');
        let known = !name.is_empty() && name.len() <= MAX_COMMAND && name.iter().all(plain);
        let name = if known { name } else { Self::OTHER.as_bytes() };
        let mut command = Command { bytes: [0; MAX_COMMAND], length: name.len() };
        command.bytes[..name.len()].copy_from_slice(name);
        command.bytes.make_ascii_uppercase();
        self.command = Some(command);
    }

    /// The verb of the statement or the name of the command, as `SELECT` or `GET`.
    pub fn operation(&self) -> Option<&str> {
        let command =
            self.command.as_ref().and_then(|command| std::str::from_utf8(&command.bytes[..command.length]).ok());
        command.or_else(|| self.shape.as_ref()?.operation())
    }

    /// The table that it is about, where the statement says it plainly.
    pub fn target(&self) -> Option<&str> {
        self.shape.as_ref()?.target()
    }

    /// Its verb and its table, `SELECT vms`, or what of them is known; else the system. Short, and one of few.
    pub fn summary(&self) -> String {
        match (self.operation(), self.target()) {
            (Some(operation), Some(target)) => format!("{operation} {target}"),
            (Some(only), None) | (None, Some(only)) => only.to_owned(),
            (None, None) => self.system.as_str().to_owned(),
        }
    }

    /// The statement without its values.
    pub fn statement(&self) -> Option<&str> {
        self.shape.as_ref().map(|shape| shape.as_str()).filter(|shape| !shape.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_command_is_not_shown() {
        let check = |name: &[u8], expected: &str| {
            let mut query = Query::new(SystemTime::UNIX_EPOCH, DbSystem::Redis);
            query.set_command(name);
            assert_eq!(query.operation(), Some(expected), "{name:?}");
        };
        check(b"get", "GET");
        check(b"BITFIELD_RO", "BITFIELD_RO");
        check(b"hunter2", "_OTHER");
        check(b"", "_OTHER");
        check("gét".as_bytes(), "_OTHER");
        check(&[b'a'; 25], "_OTHER");
    }
}
