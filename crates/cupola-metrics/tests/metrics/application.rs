//! What the application registers itself.

use std::time::Duration;

use cupola_metrics::{DURATION_BUCKETS, Family, Registry};

const EMPTY: &str = "\
# HELP cupola_metrics_refused_total Samples left out of an exposition: an invalid name or label, another type, or a series told twice.
# TYPE cupola_metrics_refused_total counter
cupola_metrics_refused_total 0
";

#[test]
fn families_are_written_in_the_order_of_their_names() {
    let registry = Registry::new();
    let waits = registry.duration_histogram("wait", "How long\nit \\ waits.", &[0.5, 1.0]).unwrap();
    registry.gauge("depth", "Say \"depth\".", "{job}").unwrap().set(-3);
    registry.counter("a.done", "Done.", "{job}").unwrap().add(2);
    waits.observe(Duration::from_millis(700));
    let expected = "\
# HELP a_done_total Done.
# TYPE a_done_total counter
a_done_total 2
EMPTY
# HELP depth Say \"depth\".
# TYPE depth gauge
depth -3
# HELP wait_seconds How long\\nit \\\\ waits.
# TYPE wait_seconds histogram
wait_seconds_bucket{le=\"0.5\"} 0
wait_seconds_bucket{le=\"1\"} 1
wait_seconds_bucket{le=\"+Inf\"} 1
wait_seconds_sum 0.7
wait_seconds_count 1
";
    assert_eq!(registry.render(), expected.replace("EMPTY\n", EMPTY));
    let mut text = "before\n".to_owned();
    Registry::new().render_into(&mut text);
    assert_eq!(text, format!("before\n{EMPTY}"));
}

#[test]
fn sources_are_merged_and_sorted() {
    const LINES: Family = Family::counter("log.lines", "Lines.").unit("{line}");
    const LOAD: Family = Family::gauge("system.load", "Load.").unit("1");
    let registry = Registry::new();
    registry.source(|encoder| {
        encoder.family(&LINES).value(&[("file.name", "b"), ("reason", "")], 2_u64);
        encoder.family(&LOAD).value(&[], 0.25);
    });
    registry.source(|encoder| encoder.family(&LINES).value(&[("file.name", "a\"\n\\")], 1));
    let text = registry.render();
    assert!(
        text.contains("log_lines_total{file_name=\"a\\\"\\n\\\\\"} 1\nlog_lines_total{file_name=\"b\"} 2\n"),
        "{text}"
    );
    assert!(text.contains("system_load_ratio 0.25\n"), "{text}");
    assert_eq!(text.matches("# TYPE log_lines_total").count(), 1);
}

#[test]
fn what_cannot_be_shown_is_refused_and_counted() {
    let registry = Registry::new();
    registry.source(|encoder| {
        let gauge = Family::gauge("taken", "");
        encoder.family(&gauge).value(&[], 1);
        encoder.family(&gauge).value(&[], 2);
        encoder.family(&gauge).value(&[("nan", "")], f64::NAN);
        encoder.family(&gauge).value(&[("a.b", "1"), ("a_b", "2")], 1);
        encoder.family(&gauge).value(&[("le", "1")], 1);
        encoder.family(&Family::gauge("not a name", "")).value(&[], 1);
        encoder.family(&Family::gauge("one_total", "")).value(&[], 1);
        encoder.family(&Family::counter("one_total", "")).value(&[], 1);
    });
    let text = registry.render();
    assert!(text.contains("\ntaken 1\n") && text.contains("\none_total 1\n"), "{text}");
    assert!(text.contains("\ncupola_metrics_refused_total 6\n"), "{text}");
    assert!(registry.render().contains("\ncupola_metrics_refused_total 12\n"), "a counter keeps what it counted");
}

#[test]
fn a_name_is_registered_once() {
    let registry = Registry::new();
    registry.counter("jobs.done", "Done.", "1").unwrap();
    for name in ["jobs.done", "jobs_done", "jobs.done_total", "cupola.http.upgraded"] {
        assert!(registry.counter(name, "Help.", "1").unwrap_err().is_duplicate(), "{name}");
    }
    registry.duration_histogram("wait", "Help.", &DURATION_BUCKETS).unwrap();
    assert!(registry.gauge("wait_seconds_count", "Help.", "{x}").unwrap_err().is_duplicate());
    assert!(registry.duration_histogram("http.server.request.duration", "Help.", &[1.0]).unwrap_err().is_duplicate());
    assert!(registry.gauge("no name", "Help.", "{x}").unwrap_err().is_invalid_name());
    let error = registry.duration_histogram("x", "Help.", &[1.0, 1.0]).unwrap_err();
    assert!(error.is_invalid_buckets());
    assert_eq!(error.to_string(), "buckets of metric \"x\" do not rise, or are not above zero");
}

#[test]
fn an_instrument_says_what_it_is() {
    use crate::everything::State;
    let registry = Registry::new();
    assert!(registry.counter("a", " ", "1").unwrap_err().is_missing_help());
    for unit in ["", "größe", &"x".repeat(64)] {
        let unit: &'static str = unit.to_owned().leak();
        assert!(registry.gauge("a", "Help.", unit).unwrap_err().is_invalid_unit(), "{unit}");
    }
    assert!(registry.gauge_by::<(State, State)>("a", "Help.", "1").unwrap_err().is_invalid_label());
    let error = registry.float_counter("a", "", "1").unwrap_err();
    assert_eq!(error.to_string(), "metric \"a\" has no help");
    registry.histogram("a", "Help.", "1", &[1.0]).unwrap();
    let counter = registry.counter("a", "Help.", "1").unwrap_err();
    assert!(counter.is_duplicate(), "a_total is another name, but OpenMetrics calls both families a");
}

#[test]
fn recording_through_a_handle_allocates_nothing() {
    use crate::everything::State;
    let registry = Registry::new();
    let counter = registry.counter("a", "A.", "1").unwrap();
    let by_state = registry.counter_by::<State>("b", "B.", "1").unwrap().with(&State("running"));
    let cost = registry.float_counter("c", "C.", "1").unwrap();
    let gauge = registry.gauge("d", "D.", "1").unwrap();
    let waits = registry.duration_histogram("e", "E.", &DURATION_BUCKETS).unwrap();
    let sizes = registry.histogram("f", "F.", "1", &[1.0, 10.0]).unwrap();
    let record = |number: u64| {
        counter.increment();
        by_state.add(number);
        cost.add(0.5);
        gauge.set(number as i64);
        waits.observe(Duration::from_micros(number * 37));
        sizes.observe(number as f64);
    };
    assert_eq!(allocation_counter::measure(|| (0..10_000).for_each(record)).count_total, 0);
}

#[test]
fn whoever_asks_stops_nobody_and_sees_whole_histograms() {
    let registry = Registry::new();
    let waits = registry.duration_histogram("wait", "How long.", &[0.001, 0.01]).unwrap();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (0..200_000).for_each(|number| waits.observe(Duration::from_nanos(number * 100)))))
            .collect();
        let mut before = 0;
        while writers.iter().any(|writer| !writer.is_finished()) {
            let text = registry.render();
            let number = |start: &str| -> u64 {
                let line = text.lines().find(|line| line.starts_with(start)).unwrap();
                line.rsplit(' ').next().unwrap().parse().unwrap()
            };
            let count = number("wait_seconds_count ");
            assert!(count >= before && number("wait_seconds_bucket{le=\"+Inf\"}") == count, "{text}");
            before = count;
        }
    });
    assert!(registry.render().contains("wait_seconds_count 400000\n"));
}
