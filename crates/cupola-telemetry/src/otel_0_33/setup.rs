//! From a configuration to a running span pipeline.

use std::sync::Arc;

use cupola_context::Sampler;
use cupola_redact::KeyPolicy;
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanProcessor;

use super::config::TracesConfig;
use super::console::ConsoleSpans;
use super::processor::OtlpSpans;
use super::traces::Traces;
use crate::exports::Exports;
use crate::otlp::{self, ExportError, Gather, Signal};
use crate::queue::Lines;

/// What [`crate::Builder`] was told of spans.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) config: TracesConfig,
    pub(crate) sampler: Sampler,
}

impl Setup {
    pub(crate) fn start(
        self,
        exports: &Exports,
        lines: &Arc<Lines>,
        policy: &KeyPolicy,
    ) -> Result<Traces, ExportError> {
        let Self { config, sampler } = self;
        let mut processors: Vec<Box<dyn SpanProcessor>> = Vec::new();
        if config.console {
            processors.push(Box::new(ConsoleSpans::new(lines.clone(), policy.clone())));
        }
        let here = config.here.map(otlp::Config::here);
        for otlp in config.otlp.iter().chain(&here) {
            let exporter = exports.start(Signal::Traces, otlp, lines)?;
            let gather = Gather::new(&exporter, &config.resource, config.batch_spans, config.schedule_delay);
            processors.push(Box::new(OtlpSpans::new(gather, policy.clone())));
        }
        Ok(Traces::new(&resource(&config.resource), processors, sampler, policy.clone()))
    }
}

fn resource(resource: &otlp::Resource) -> Resource {
    let pairs = resource.iter().map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    // The builder that is not empty reads the environment, which is not this crate's to read.
    Resource::builder_empty().with_attributes(pairs).build()
}
