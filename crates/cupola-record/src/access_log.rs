//! The access line: one event at the end of each exchange, and by choice one at its beginning.

use cupola_context::Share;
use tracing::Level;

use crate::access_fields::access_fields;
use crate::duties::Duties;
use crate::ended::Ended;
use crate::exchange::Exchange;
use crate::line_fields::{Milliseconds, event};
use crate::names;
use crate::sink::{Record, Sink};
use crate::upgraded::Upgraded;

/// The target of every event of this sink.
pub const TARGET: &str = "cupola::http";

/// Writes exchanges as `tracing` events. The fields are those of [`crate::names`].
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessLog {
    start: bool,
    share: Option<Share>,
    errors_only: bool,
}

impl AccessLog {
    /// A line at the end of each exchange.
    pub const fn new() -> Self {
        Self { start: false, share: None, errors_only: false }
    }

    /// A line at the beginning too.
    #[must_use]
    pub const fn start_line(mut self, on: bool) -> Self {
        self.start = on;
        self
    }

    /// Only the lines of this share of traces; what ends at WARN or above has its line all the same: errors, slow
    /// requests, clients that left.
    #[must_use]
    pub const fn sample(mut self, share: Share) -> Self {
        self.share = Some(share);
        self
    }

    /// Only the lines of exchanges that have failed: a server's own errors, timeouts, panics.
    #[must_use]
    pub const fn errors_only(mut self) -> Self {
        self.errors_only = true;
        self
    }

    /// Whether the end of this exchange is to have a line.
    #[inline]
    pub fn keeps(&self, exchange: &Exchange, ended: &Ended) -> bool {
        let sampled = |share: Share| ended.level() <= Level::WARN || share.holds(exchange.context.trace().trace_id);
        // ERROR may be the chosen level of a success too.
        let failed = || ended.level() == Level::ERROR && ended.error_type().is_some();
        !ended.muted && self.share.is_none_or(sampled) && (!self.errors_only || failed())
    }
}

impl Sink for AccessLog {
    fn opened(&self, exchange: &Exchange) {
        let sampled = || self.share.is_none_or(|share| share.holds(exchange.context.trace().trace_id));
        if self.start && !self.errors_only && !exchange.served.contains(Duties::LOG) && sampled() {
            // Ambient for the line's context fields; only the end of an exchange is told from inside it.
            exchange.context.enter(|| write_start(exchange));
        }
    }

    fn record(&self, record: Record<'_>) {
        match record {
            Record::Exchange(exchange, _) if exchange.served.contains(Duties::LOG) => {}
            Record::Exchange(exchange, ended) if !self.keeps(exchange, ended) => {}
            Record::Exchange(exchange, ended) => write_end(exchange, ended),
            Record::Upgraded(_) if self.errors_only => {}
            Record::Upgraded(upgraded) => upgraded.context.enter(|| write_upgraded(upgraded)),
            // Logs of their own write the others.
            _ => {}
        }
    }

    fn duties(&self) -> Duties {
        Duties::LOG
    }
}

fn write_start(exchange: &Exchange) {
    let client_ip = exchange.context.client_ip().map(tracing::field::display);
    tracing::info!(
        target: TARGET,
        request_id = exchange.context.request_id().as_str(),
        method = exchange.method_label(),
        path = exchange.path(),
        query_names = exchange.query().map(query_names).as_deref(),
        client_ip,
        user_agent = exchange.user_agent(),
        "{}", names::STARTED
    );
}

fn write_upgraded(upgraded: &Upgraded) {
    tracing::info!(
        target: TARGET,
        request_id = upgraded.context.request_id().as_str(),
        method = &*upgraded.method,
        route = upgraded.route.as_deref(),
        lifetime_ms = upgraded.lifetime.milliseconds(),
        "{}", names::UPGRADE_ENDED
    );
}

/// A level is part of a callsite: one event for each level that an end can have.
fn write_end(exchange: &Exchange, ended: &Ended) {
    macro_rules! end {
        ($($level:ident),+) => {
            match ended.level() {
                $(Level::$level => access_fields!(event(TARGET, Level::$level), exchange, ended),)+
            }
        };
    }
    end!(ERROR, WARN, INFO, DEBUG, TRACE)
}

/// The names of an already masked query, in order.
fn query_names(query: &str) -> String {
    let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_named_without_its_values() {
        assert_eq!(query_names("limit=10&cursor=&x"), "limit,cursor,x");
    }
}
