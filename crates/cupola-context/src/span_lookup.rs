//! The innermost span: whoever makes spans within requests says which one is current.

use std::fmt;

use crate::context::Context;
use crate::trace_id::{SpanId, TraceId};

/// Where the innermost span can be asked for, by lines, injectors and envelopes.
///
/// A context knows its server span and nothing of those within. What makes them, an OpenTelemetry layer for example,
/// gives this function to [`crate::Identify`], and every context of its requests can ask.
#[derive(Clone, Copy)]
pub struct SpanLookup(fn(Option<&Context>) -> Option<(TraceId, SpanId)>);

impl SpanLookup {
    /// `find` gives the innermost recorded span on this thread: where it is given a request, only one that descends from
    /// its server span.
    pub const fn new(find: fn(Option<&Context>) -> Option<(TraceId, SpanId)>) -> Self {
        Self(find)
    }

    /// Asks.
    pub fn find(self, request: Option<&Context>) -> Option<(TraceId, SpanId)> {
        (self.0)(request)
    }
}

impl fmt::Debug for SpanLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpanLookup")
    }
}
