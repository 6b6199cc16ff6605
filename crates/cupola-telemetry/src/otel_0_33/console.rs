//! Spans as lines of the log, for development.

use std::sync::Arc;
use std::time::Duration;

use cupola_line::{Envelope, Key, LineWriter};
use cupola_redact::KeyPolicy;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use tracing_core::Level;

use super::mask::{Mask, Shown};
use super::processor::{mask, next_owner};
use crate::queue::Lines;
use crate::thread_state::{self, ThreadState};

/// Writes each span as a line with target `cupola::spans`; its name is the message.
#[derive(Debug)]
pub(super) struct ConsoleSpans {
    lines: Arc<Lines>,
    policy: KeyPolicy,
    owner: usize,
}

impl ConsoleSpans {
    pub(super) fn new(lines: Arc<Lines>, policy: KeyPolicy) -> Self {
        Self { lines, policy, owner: next_owner() }
    }
}

impl SpanProcessor for ConsoleSpans {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, data: SpanData) {
        if !data.span_context.is_sampled() {
            return;
        }
        let mask = mask(&data.instrumentation_scope, &self.policy, self.owner);
        // No names of context fields are written, so that whose they are does not matter.
        thread_state::with(usize::MAX, |state| {
            let ThreadState { buffer, scratch, time, .. } = state;
            let envelope = Envelope { level: "INFO", target: "cupola::spans", category: "general" };
            let mut line = LineWriter::begin(buffer, scratch, time.system_time(data.end_time), &envelope);
            write(&mut line, &data, mask);
            let _ = line.end();
            self.lines.offer(Level::INFO, buffer);
        });
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn write(line: &mut LineWriter<'_>, data: &SpanData, mask: Mask<'_>) {
    line.message(&mask.text(&data.name));
    line.str(Key::new("kind"), &format!("{:?}", data.span_kind).to_lowercase());
    let lasted = data.end_time.duration_since(data.start_time).unwrap_or_default();
    line.f64(Key::new("duration_ms"), lasted.as_micros() as f64 / 1000.0);
    if let Status::Error { description } = &data.status {
        line.str(Key::new("status"), "error");
        line.str(Key::new("error"), &mask.text(description));
    }
    data.attributes.iter().for_each(|attribute| write_attribute(line, attribute, mask));
    line.str(Key::new("trace_id"), &data.span_context.trace_id().to_string());
    line.str(Key::new("span_id"), &data.span_context.span_id().to_string());
    if data.parent_span_id != SpanId::INVALID {
        line.str(Key::new("parent_span_id"), &data.parent_span_id.to_string());
    }
    data.events.iter().for_each(|event| line.str(Key::new("event"), &mask.text(&event.name)));
}

fn write_attribute(line: &mut LineWriter<'_>, KeyValue { key, value, .. }: &KeyValue, mask: Mask<'_>) {
    let name = Key::new(key.as_str());
    match (mask.judge(key, value), value) {
        (Shown::Masked, _) => line.redacted(name),
        (Shown::As, Value::Bool(flag)) => line.bool(name, *flag),
        (Shown::As, Value::I64(number)) => line.i64(name, *number),
        (Shown::As, Value::F64(number)) => line.f64(name, *number),
        (Shown::As, text) => line.str(name, &mask.text(&text.to_string())),
    }
}
