//! A call of an API, served or made, told by hand.

use std::fmt;
use std::time::Duration;

use cupola_redact::Masked;
use tracing::Level;

use super::macros::{Shown, noun, say};
use super::operation::Status;
use crate::category::Category;
use crate::line_fields::Milliseconds;

const TARGET: &str = Category::Api.target();

noun! {
    /// A call of an API, served or made, for code that is not under the layer (yet).
    ///
    /// ```
    /// use std::time::Duration;
    /// use cupola_record::ApiCall;
    /// use cupola_redact::KeyPolicy;
    ///
    /// let url = KeyPolicy::default().url("https://api.example.org/offers?api_key=abc");
    /// ApiCall::new("GET", "/offers").url(&url).status_code(200).duration(Duration::from_millis(12)).emit();
    /// ```
    ApiCall(method: &'a str, route: &'a str) {
        /// The URL, masked.
        url: &'a Masked,
        /// The response's status.
        status_code: u16,
        /// How long it took.
        duration: Duration,
        /// Which attempt this was, from 1.
        attempt: u64,
        /// How many retries there may be.
        max_retries: u64,
        /// Bytes of the request's body.
        request_bytes: u64,
        /// Bytes of the response's body.
        response_bytes: u64,
        /// The error's type, from a closed set.
        error_type: &'a str,
    }
    besides error_text: Shown<'a>;
}

impl<'a> ApiCall<'a> {
    /// There was an error: its type from a closed set, and its text.
    pub fn error(mut self, error_type: &'a str, error: &'a (dyn fmt::Display + Sync)) -> Self {
        (self.error_type, self.error_text) = (Some(error_type), Some(Shown(error)));
        self
    }

    fn level(&self) -> Level {
        match self.status_code {
            _ if self.error_type.is_some() => Level::ERROR,
            Some(500..) => Level::ERROR,
            Some(400..) => Level::WARN,
            _ => Level::INFO,
        }
    }

    /// Says it.
    pub fn emit(&self) {
        let level = self.level();
        let (status, message) = match level {
            Level::INFO => (Status::Success, "api call completed"),
            Level::WARN => (Status::Failed, "api call refused"),
            _ => (Status::Failed, "api call failed"),
        };
        say!(self.scope, level, [INFO, WARN, ERROR], TARGET, {
            message,
            event = "api_call",
            method = self.method,
            route = self.route,
            url = self.url.map(Masked::as_str),
            status = status.as_str(),
            status_code = self.status_code,
            duration_ms = self.duration.milliseconds(),
            attempt = self.attempt,
            max_retries = self.max_retries,
            request_bytes = self.request_bytes,
            response_bytes = self.response_bytes,
            error_type = self.error_type,
            error = self.error_text.map(tracing::field::debug),
        });
    }
}
