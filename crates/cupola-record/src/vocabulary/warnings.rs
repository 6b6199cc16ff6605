//! What went on, but not as it should: fallbacks, retries, deprecations.

use std::fmt;
use std::time::Duration;

use tracing::Level;

use super::macros::{Shown, noun, say};
use crate::category::Category;
use crate::line_fields::Milliseconds;

const OPERATIONS: &str = Category::Operations.target();
const GENERAL: &str = Category::General.target();

noun! {
    /// Another way was taken than the first choice.
    ///
    /// ```
    /// cupola_record::Fallback::new("gpt-large", "gpt-small", "rate limited").operation("summarize").emit();
    /// ```
    Fallback(from: &'a str, to: &'a str, why: &'a str) {
        /// The operation that takes it.
        operation: &'a str,
    }
}

impl Fallback<'_> {
    /// Says it.
    pub fn emit(&self) {
        say!(self.scope, Level::WARN, [WARN], OPERATIONS, {
            message = "fallback taken",
            event = "fallback",
            operation = self.operation,
            from = self.from,
            to = self.to,
            why = self.why,
        });
    }
}

noun! {
    /// An attempt has failed, and another will be made. Where none will, say an [`ErrorReport`](crate::ErrorReport).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// cupola_record::Retry::new("fetch_offers", 1).max_retries(3).delay(Duration::from_millis(250)).emit();
    /// ```
    Retry(operation: &'a str, attempt: u64) {
        /// How many retries there may be.
        max_retries: u64,
        /// How long it waits.
        delay: Duration,
        /// The reason, where it is no error.
        why: &'a str,
        /// The error's type, from a closed set.
        error_type: &'a str,
    }
    besides error_text: Shown<'a>;
}

impl<'a> Retry<'a> {
    /// There was an error: its type from a closed set, and its text.
    pub fn error(mut self, error_type: &'a str, error: &'a (dyn fmt::Display + Sync)) -> Self {
        (self.error_type, self.error_text) = (Some(error_type), Some(Shown(error)));
        self
    }

    /// Says it.
    pub fn emit(&self) {
        say!(self.scope, Level::WARN, [WARN], OPERATIONS, {
            message = "retrying",
            event = "retry",
            operation = self.operation,
            attempt = self.attempt,
            max_retries = self.max_retries,
            delay_ms = self.delay.milliseconds(),
            why = self.why,
            error_type = self.error_type,
            error = self.error_text.map(tracing::field::debug),
        });
    }
}

noun! {
    /// Somebody uses what should no longer be used.
    ///
    /// ```
    /// cupola_record::Deprecation::new("GET /v1/offers").instead("GET /v2/offers").emit();
    /// ```
    Deprecation(deprecated: &'a str) {
        /// What to use.
        instead: &'a str,
        /// The reason, or the date on which it goes.
        why: &'a str,
    }
}

impl Deprecation<'_> {
    /// Says it.
    pub fn emit(&self) {
        say!(self.scope, Level::WARN, [WARN], GENERAL, {
            message = "deprecated",
            event = "deprecation",
            deprecated = self.deprecated,
            instead = self.instead,
            why = self.why,
        });
    }
}
