//! The process's own meter: a process of its own, since it can only be installed for a whole one.

use cupola_metrics::Registry;
use cupola_metrics::otel_0_33::MeterProvider;

#[test]
fn what_the_global_meter_is_told_lands_here_once_it_is_installed() {
    let (registry, other) = (Registry::new(), MeterProvider::new(&Registry::new()));
    let provider = MeterProvider::new(&registry);
    opentelemetry::global::set_meter_provider(provider.clone());
    assert!(provider.is_global() && !other.is_global());
    opentelemetry::global::meter("some.library").u64_counter("sent").build().add(3, &[]);
    assert!(registry.render().contains("sent_total 3\n"));
    opentelemetry::global::set_meter_provider(other.clone());
    assert!(other.is_global() && !provider.is_global(), "somebody else has taken it");
}
