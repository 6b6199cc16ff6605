//! Libraries that know the `metrics` facade, or OpenTelemetry's meters.

use cupola_metrics::otel_0_33::MeterProvider;
use cupola_metrics::{Registry, metrics_0_24};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;

use crate::support::{lines, sum};

#[test]
fn the_facades_counters_gauges_and_histograms_land_in_the_registry() {
    let registry = Registry::new();
    metrics::with_local_recorder(&metrics_0_24::Recorder::new(&registry), || {
        metrics::describe_counter!("http.calls", metrics::Unit::Count, "Calls made.");
        metrics::describe_histogram!("http.size", metrics::Unit::Bytes, "Bytes.");
        for (peer, calls) in [("a", 2), ("b", 3), ("a", 5)] {
            metrics::counter!("http.calls", "peer" => peer, "zone" => "x").increment(calls);
        }
        metrics::counter!("http.calls", "zone" => "x", "peer" => "a").absolute(9);
        metrics::gauge!("pool.size").set(3.0);
        metrics::gauge!("pool.size").decrement(0.5);
        metrics::histogram!("http.size").record(300.0);
    });
    let calls = lines(&registry, "http_calls_total");
    assert_eq!(calls, ["http_calls_total{peer=\"a\",zone=\"x\"} 9", "http_calls_total{peer=\"b\",zone=\"x\"} 3"]);
    assert_eq!(lines(&registry, "pool_size"), ["pool_size 2.5"]);
    assert_eq!(sum(&registry, "http_size_bytes_bucket{le=\"1024\"}"), 1.0);
    assert!(registry.render().contains("# HELP http_calls_total Calls made.\n"));
}

#[test]
fn opentelemetrys_instruments_land_in_the_registry() {
    let registry = Registry::new();
    let provider = MeterProvider::new(&registry);
    let meter = provider.meter("some.library");
    let (up_down, float) =
        (meter.i64_up_down_counter("open").build(), meter.f64_counter("cost").with_unit("USD").build());
    up_down.add(5, &[]);
    up_down.add(-7, &[]);
    float.add(0.25, &[KeyValue::new("model", "x")]);
    meter.u64_gauge("level").build().record(4, &[KeyValue::new("n", 1)]);
    let histogram = meter.f64_histogram("wait").with_unit("s").with_boundaries(vec![0.0, 0.5, 1.0]).build();
    histogram.record(0.7, &[]);
    // A second meter, as another part of the library has it, and the same instrument again.
    provider.meter("some.library").i64_up_down_counter("open").build().add(10, &[]);
    let text = registry.render();
    for line in [
        "open 8\n",
        "cost_USD_total{model=\"x\"} 0.25\n",
        "level{n=\"1\"} 4\n",
        "wait_seconds_bucket{le=\"0.5\"} 0\n",
        "wait_seconds_bucket{le=\"1\"} 1\n",
    ] {
        assert!(text.contains(line), "no {line} in {text}");
    }
    assert_eq!(sum(&registry, "cupola_metrics_refused_total"), 0.0, "{text}");
}

#[test]
fn what_is_observed_is_asked_for_at_each_exposition() {
    let registry = Registry::new();
    let meter = MeterProvider::new(&registry).meter("some.library");
    let asked = std::sync::atomic::AtomicU64::new(0);
    let _counter = meter
        .u64_observable_counter("asked")
        .with_callback(move |counter| {
            let asked = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            counter.observe(asked, &[KeyValue::new("b", "2"), KeyValue::new("a", "1")]);
            counter.observe(asked * 10, &[KeyValue::new("a", "1"), KeyValue::new("b", "2")]);
        })
        .build();
    assert_eq!(lines(&registry, "asked"), ["asked_total{a=\"1\",b=\"2\"} 10"]);
    assert_eq!(lines(&registry, "asked"), ["asked_total{a=\"1\",b=\"2\"} 20"]);
}

#[test]
fn foreign_series_and_names_are_bounded_too() {
    let registry = Registry::with_series_limit(10);
    registry.counter("mine", "Mine.", "1").unwrap().increment();
    let meter = MeterProvider::new(&registry).meter("some.library");
    let counter = meter.u64_counter("calls").build();
    (0..100_i64).for_each(|number| counter.add(1, &[KeyValue::new("user", number)]));
    assert_eq!((lines(&registry, "calls_total").len(), sum(&registry, "calls_total")), (11, 100.0));
    assert_eq!(
        lines(&registry, "calls_total{otel_metric_overflow=\"true\"}"),
        ["calls_total{otel_metric_overflow=\"true\"} 90"]
    );
    assert_eq!(sum(&registry, "cupola_metrics_overflow_total{instrument=\"calls\"}"), 90.0);
    meter.u64_counter("mine").build().add(7, &[]);
    meter.u64_counter("no name").build().add(7, &[]);
    assert_eq!(sum(&registry, "mine_total"), 1.0, "a library does not count in the application's instrument");
    assert_eq!(sum(&registry, "cupola_metrics_refused_total"), 2.0);
}

#[test]
fn a_meter_that_nobody_has_installed_is_told_apart() {
    assert!(!MeterProvider::new(&Registry::new()).is_global());
}
