//! What Cupola tells of itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cupola_metrics::{Family, Registry};
use cupola_redact::{KeyPolicy, Rule};
use cupola_telemetry::Lines;

/// What Cupola serves is not recorded: it never observes itself.
pub(crate) const PATHS: [&str; 3] = ["/metrics", "/healthz", "/readyz"];

const LINES: Family = Family::counter("cupola.log.lines", "Log lines that were accepted, by what became of them.");

/// Shows the account of the log's lines: accepted = written + dropped + collapsed + waiting.
pub(crate) fn count_lines(registry: &Registry, lines: Arc<Lines>) {
    registry.source(move |encoder| {
        let counts = lines.counts();
        let mut samples = encoder.family(&LINES);
        samples.value(&[("outcome", "written")], counts.written);
        samples.value(&[("outcome", "collapsed")], counts.collapsed);
        samples.value(&[("outcome", "dropped"), ("reason", "queue_full")], counts.dropped_queue_full);
        samples.value(&[("outcome", "dropped"), ("reason", "output")], counts.dropped_output);
        samples.value(&[("outcome", "dropped"), ("reason", "shutdown")], counts.dropped_shutdown);
    });
}

const OUTPUTS: Family =
    Family::counter("cupola.log.output.lines", "Log lines that an output was to take, by what became of them there.");

/// Shows each output's own account: a line goes to several.
pub(crate) fn count_outputs(registry: &Registry, lines: Arc<Lines>) {
    registry.source(move |encoder| {
        let mut samples = encoder.family(&OUTPUTS);
        for counts in lines.outputs() {
            samples.value(&[("output", &counts.output), ("outcome", "written")], counts.written);
            samples.value(&[("output", &counts.output), ("outcome", "dropped")], counts.dropped);
        }
    });
}

const REDACTIONS: Family =
    Family::counter("cupola.redactions", "Values that were masked, and bodies read in a stricter way, by rule.");

/// Shows how often each rule of the policy was used: all of them from the first scrape on.
pub(crate) fn count_redactions(registry: &Registry, policy: KeyPolicy) {
    registry.source(move |encoder| {
        let mut samples = encoder.family(&REDACTIONS);
        for rule in Rule::ALL {
            samples.value(&[("rule", rule.as_str())], policy.total(rule));
        }
    });
}

const PANICS: Family = Family::counter("cupola.sink.panics", "Panics of sinks that the application has added.");

/// A counter of panics that the registry shows.
pub(crate) fn count_panics(registry: &Registry) -> Arc<AtomicU64> {
    let panics = Arc::new(AtomicU64::new(0));
    let shown = panics.clone();
    registry.source(move |encoder| encoder.family(&PANICS).value(&[], shown.load(Ordering::Relaxed)));
    panics
}

/// Metrics that are made when somebody first asks for what they count; where their names are taken, that is said, and they are done without.
#[cfg(any(feature = "client", feature = "jobs"))]
pub(crate) fn counted<M>(what: &str, metrics: Result<M, cupola_metrics::RegisterError>) -> Option<M> {
    if let Err(error) = &metrics {
        tracing::warn!(target: "cupola", %error, "{what} are not counted");
    }
    metrics.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_masked_is_a_metric_by_rule() {
        let (registry, policy) = (Registry::new(), KeyPolicy::default());
        count_redactions(&registry, policy.clone());
        _ = policy.query("token=abc&password=x");
        let text = registry.render();
        assert!(text.contains("cupola_redactions_total{rule=\"name\"} 2\n"), "{text}");
        assert!(text.contains("cupola_redactions_total{rule=\"lost-sync\"} 0\n"), "{text}");
        assert_eq!(text.matches("cupola_redactions_total{").count(), Rule::ALL.len());
    }
}
