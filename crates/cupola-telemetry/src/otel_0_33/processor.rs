//! Where finished spans go: to a collector, to the log, to several.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cupola_redact::KeyPolicy;
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::encode;
use super::http_spans::SCOPE;
use super::mask::Mask;
use crate::otlp::{Gather, ScopeId};

/// Encodes spans where they end, masked, so that what waits is bounded in bytes and nothing of it is a raw text.
#[derive(Debug)]
pub(super) struct OtlpSpans {
    gather: Gather,
    policy: KeyPolicy,
    /// A number that no other has.
    owner: usize,
    /// The scope of the spans of requests and calls, asked for once.
    own: ScopeId,
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A giant span's memory is given back.
const KEPT_BYTES: usize = 64 * 1024;

impl OtlpSpans {
    pub(super) fn new(gather: Gather, policy: KeyPolicy) -> Self {
        let own = gather.scope(SCOPE, env!("CARGO_PKG_VERSION"));
        Self { gather, policy, owner: next_owner(), own }
    }

    fn scope(&self, scope: &InstrumentationScope) -> ScopeId {
        if is_own(scope) { self.own } else { self.gather.scope(scope.name(), scope.version().unwrap_or_default()) }
    }
}

pub(super) fn next_owner() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The spans of requests and calls are made of masked texts; what the application says is masked here.
pub(super) fn mask<'p>(scope: &InstrumentationScope, policy: &'p KeyPolicy, owner: usize) -> Mask<'p> {
    if is_own(scope) { Mask::none() } else { Mask::of(policy, owner) }
}

/// Whether the spans of a scope are our own. A service may have our name too; its tracers have no version.
fn is_own(scope: &InstrumentationScope) -> bool {
    scope.name() == SCOPE && scope.version() == Some(env!("CARGO_PKG_VERSION"))
}

impl SpanProcessor for OtlpSpans {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, data: SpanData) {
        if !data.span_context.is_sampled() {
            return;
        }
        let scope = &data.instrumentation_scope;
        let mask = mask(scope, &self.policy, self.owner);
        let scope = self.scope(scope);
        let encode = |buffer: &mut Vec<u8>| {
            buffer.clear();
            encode::span(&data, &mask, buffer);
            self.gather.add(scope, buffer);
            if buffer.capacity() > KEPT_BYTES {
                *buffer = Vec::new();
            }
        };
        // A thread that is being torn down has no buffer any more.
        if BUFFER.try_with(|buffer| encode(&mut buffer.borrow_mut())).is_err() {
            encode(&mut Vec::new());
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.shutdown_with_timeout(Duration::from_secs(30))
    }

    /// The queue ends with its [`crate::Telemetry`].
    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let flushed = self.gather.exporter().flush(timeout);
        if flushed { Ok(()) } else { Err(opentelemetry_sdk::error::OTelSdkError::Timeout(timeout)) }
    }
}

/// One list of processors for two askers: the sink of requests and calls, and the SDK's provider.
#[derive(Clone)]
pub(super) struct Shared(pub(super) Arc<[Box<dyn SpanProcessor>]>);

impl SpanProcessor for Shared {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, data: SpanData) {
        if let Some((last, others)) = self.0.split_last() {
            others.iter().for_each(|processor| processor.on_end(data.clone()));
            last.on_end(data);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.iter().try_for_each(|processor| processor.force_flush())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.iter().try_for_each(|processor| processor.shutdown_with_timeout(timeout))
    }

    fn set_resource(&mut self, _: &Resource) {}
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_of_our_name_is_not_taken_for_us() {
        let scope = |version: Option<&'static str>| {
            let builder = InstrumentationScope::builder(SCOPE);
            match version {
                Some(version) => builder.with_version(version).build(),
                None => builder.build(),
            }
        };
        assert!(is_own(&scope(Some(env!("CARGO_PKG_VERSION")))));
        assert!(!is_own(&scope(None)) && !is_own(&scope(Some("of the service"))));
    }
}
