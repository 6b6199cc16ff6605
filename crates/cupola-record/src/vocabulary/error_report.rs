//! An error, with all that is known of it.

use std::any::type_name;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error;
use std::fmt;

use tracing::Level;

use super::macros::{noun, say};
use super::operation::is_exhausted;
use crate::category::Category;

const TARGET: &str = Category::Errors.target();

/// An error that goes on for longer than this goes round in a circle.
const MAX_SOURCES: usize = 32;

noun! {
    /// An error: its type, its text, its sources, and what is done about it.
    ///
    /// ```
    /// use cupola_record::ErrorReport;
    ///
    /// let error = std::io::Error::other("the disk is gone");
    /// ErrorReport::of(&error).operation("save_offers").attempt(4).max_retries(3).recovery("gave up").emit();
    /// ```
    ErrorReport(error_type: &'a str, error: &'a (dyn Error + 'a)) {
        /// The operation in which it happened.
        operation: &'a str,
        /// The function in which it happened.
        function: &'a str,
        /// Which attempt this was, from 1. After the last one the report is [critical](Self::critical).
        attempt: u64,
        /// How many retries there may be.
        max_retries: u64,
        /// What was done about it: `retried`, `used the cache`, `gave up`.
        recovery: &'a str,
        /// Whether the whole system suffers, not this piece of work alone.
        critical: bool,
        /// Where it was made; nothing where backtraces are switched off (`RUST_BACKTRACE`).
        backtrace: &'a Backtrace,
    }
}

impl<'a> ErrorReport<'a> {
    /// An error under the name of its type. Under another name: [`new`](Self::new).
    pub fn of<E: Error>(error: &'a E) -> Self {
        Self::new(type_name::<E>(), error)
    }

    /// Whether it is said to be critical, or retries are exhausted.
    pub fn is_critical(&self) -> bool {
        self.critical.unwrap_or_else(|| is_exhausted(self.attempt, self.max_retries))
    }

    /// Says it.
    pub fn emit(&self) {
        let backtrace = self.backtrace.filter(|trace| trace.status() == BacktraceStatus::Captured);
        say!(self.scope, Level::ERROR, [ERROR], TARGET, {
            message = "error",
            event = "error",
            operation = self.operation,
            function = self.function,
            error_type = self.error_type,
            error = %self.error,
            error_chain = self.error.source().map(|source| tracing::field::display(Chain(source))),
            attempt = self.attempt,
            max_retries = self.max_retries,
            recovery = self.recovery,
            critical = self.is_critical().then_some(true),
            backtrace = backtrace.map(tracing::field::display),
        });
    }
}

/// An error and its sources, one a line.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut sources = std::iter::successors(self.0.source(), |error: &&(dyn Error + 'static)| (*error).source());
        sources.by_ref().take(MAX_SOURCES - 1).try_for_each(|source| write!(f, "\n{source}"))?;
        if sources.next().is_some() { f.write_str("\n…") } else { Ok(()) }
    }
}
