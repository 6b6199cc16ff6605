//! Spans, where this build has them: from the variables to the sink.

#[cfg(feature = "otel")]
pub(crate) use with::{configure, count_exports, sink};
#[cfg(not(feature = "otel"))]
pub(crate) use without::{configure, count_exports, sink};

#[cfg(feature = "otel")]
mod with {
    use std::sync::Arc;

    use cupola_context::Sampler;
    use cupola_metrics::Family;
    use cupola_record::VarError;
    use cupola_telemetry::otel_0_33::{HttpSpans, TracesConfig};
    use cupola_telemetry::{Builder, Telemetry};

    use crate::cupola::Parts;
    use crate::keeping::Keeping;
    use crate::who::Who;

    pub(crate) fn configure(
        telemetry: Builder,
        who: Who<'_>,
        vars: &dyn Fn(&str) -> Option<String>,
        sampler: Sampler,
        keeping: &Keeping,
    ) -> Result<Builder, VarError> {
        let config = match keeping.spans() {
            Some(taker) => TracesConfig::here(taker, who.service, vars)?,
            None => TracesConfig::from_vars(who.service, vars)?,
        };
        Ok(match config {
            Some(mut config) => {
                who.complete(&mut config.resource);
                telemetry.traces(config, sampler)
            }
            None => telemetry,
        })
    }

    pub(crate) fn sink(telemetry: &Telemetry) -> Option<HttpSpans> {
        telemetry.traces().map(|traces| traces.http_spans().clone())
    }

    const ITEMS: Family = Family::counter(
        "cupola.otlp.items",
        "Spans, data points and log records to be exported, by what became of them.",
    );
    const RETRIES: Family = Family::counter("cupola.otlp.retries", "Messages that had to be sent again.");

    /// Shows the account of what is exported: accepted = exported + dropped + waiting.
    pub(crate) fn count_exports(parts: &Arc<Parts>) {
        let weak = Arc::downgrade(parts);
        parts.registry.source(move |encoder| {
            let exporters = weak.upgrade().map(|parts| parts.telemetry.exporters()).unwrap_or_default();
            // What goes to a store within the process is in the store's own account.
            let exporters = exporters.iter().filter(|exporter| !exporter.is_here());
            let counts = exporters.map(|exporter| (("signal", exporter.signal().as_str()), exporter.counts()));
            let counts: Vec<_> = counts.collect();
            if counts.is_empty() {
                return;
            }
            let mut items = encoder.family(&ITEMS);
            for (signal, counts) in &counts {
                items.value(&[*signal, ("outcome", "exported")], counts.exported);
                let mut dropped =
                    |reason, number| items.value(&[*signal, ("outcome", "dropped"), ("reason", reason)], number);
                dropped("queue_full", counts.dropped_queue_full);
                dropped("rejected", counts.dropped_rejected);
                dropped("expired", counts.dropped_expired);
                dropped("shutdown", counts.dropped_shutdown);
            }
            let mut retries = encoder.family(&RETRIES);
            counts.iter().for_each(|(signal, counts)| retries.value(&[*signal], counts.retries));
        });
    }
}

#[cfg(not(feature = "otel"))]
mod without {
    use std::sync::Arc;

    use cupola_context::Sampler;
    use cupola_record::{Empty, VarError, Vars};
    use cupola_telemetry::{Builder, Telemetry};

    use crate::cupola::Parts;
    use crate::keeping::Keeping;
    use crate::who::Who;

    /// Somebody who wants spans is not to wait for them in vain.
    pub(crate) fn configure(
        telemetry: Builder,
        _: Who<'_>,
        vars: &dyn Fn(&str) -> Option<String>,
        _: Sampler,
        _: &Keeping,
    ) -> Result<Builder, VarError> {
        let accepted = "none, since this build is without the feature `otel`";
        Vars::new(vars).read("OTEL_TRACES_EXPORTER", accepted, |name| (name == "none").then_some(()))?;
        Ok(telemetry)
    }

    pub(crate) const fn sink(_: &Telemetry) -> Option<Empty> {
        None
    }

    pub(crate) const fn count_exports(_: &Arc<Parts>) {}
}
