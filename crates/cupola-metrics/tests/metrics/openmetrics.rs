//! OpenMetrics: what is in it beside the text, and what its reference parser makes of it.

use std::process::Command;
use std::time::{Duration, SystemTime};

use cupola_metrics::{Format, Registry, RouteMetrics};
use cupola_record::{Outcome, Record, Sink};

use crate::everything::everything;
use crate::serving::tell;
use crate::support::{ended, exchange, unsampled};

fn openmetrics(registry: &Registry) -> String {
    String::from_utf8(registry.encode(Format::OpenMetrics)).unwrap()
}

#[test]
fn counters_units_and_beginnings_are_written_as_openmetrics_wants() {
    let began = || SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
    let registry = Registry::builder().clock(began).build();
    registry.counter("disk.io", "Bytes \"moved\".", "By").unwrap().add(2);
    registry.gauge("depth", "Jobs.", "{job}").unwrap().set(-3);
    let expected = "\
# HELP cupola_metrics_refused Samples left out of an exposition: an invalid name or label, another type, or a series told twice.
# TYPE cupola_metrics_refused counter
cupola_metrics_refused_total 0
# HELP depth Jobs.
# TYPE depth gauge
depth -3
# HELP disk_io_bytes Bytes \\\"moved\\\".
# TYPE disk_io_bytes counter
# UNIT disk_io_bytes bytes
disk_io_bytes_total 2
disk_io_bytes_created 1700000000.25
# EOF
";
    assert_eq!(openmetrics(&registry), expected);
}

#[test]
fn what_is_known_of_the_service_is_an_info_and_no_data_point() {
    let registry = Registry::new();
    registry.target_info([("service.name", "billing"), ("service.version", "1.2.3")]);
    let (text, series) =
        (openmetrics(&registry), "target_info{service_name=\"billing\",service_version=\"1.2.3\"} 1\n");
    assert!(text.contains("# TYPE target info\n") && text.contains(series), "{text}");
    let text = registry.render();
    assert!(text.contains("# TYPE target_info gauge\n") && text.contains(series), "{text}");
    #[cfg(feature = "otlp")]
    {
        let bytes = cupola_metrics::otlp::Otlp::new(&registry, [("service.name", "billing")]).collect().bytes;
        assert!(!String::from_utf8_lossy(&bytes).contains("target"));
    }
}

#[test]
fn a_bucket_has_the_trace_of_a_sampled_request() {
    let registry = Registry::new();
    let metrics = RouteMetrics::new(&registry);
    let exchange = exchange("GET", Some("/vms/{id}"));
    for millis in [3, 60, 7_000] {
        let ended = ended(&exchange, Some(200), Outcome::Complete, Duration::from_millis(millis));
        metrics.record(Record::Exchange(&exchange, &ended));
    }
    let text = openmetrics(&registry);
    let trace = exchange.context.trace();
    let ids = format!("trace_id=\"{}\",span_id=\"{}\"", trace.trace_id, trace.span_id);
    for (bound, value) in [("0.005", "0.003"), ("0.075", "0.06"), ("7.5", "7")] {
        let line = text.lines().find(|line| line.contains(&format!("le=\"{bound}\""))).unwrap();
        assert!(line.contains(&format!(" # {{{ids}}} {value} ")), "{line}");
    }
    assert_eq!(text.matches(" # {").count(), 3, "{text}");
}

#[test]
fn a_request_that_is_not_sampled_is_no_exemplar() {
    let registry = Registry::new();
    let metrics = RouteMetrics::new(&registry);
    let unsampled = unsampled("GET", Some("/a"));
    let ended = ended(&unsampled, Some(200), Outcome::Complete, Duration::from_millis(3));
    metrics.record(Record::Exchange(&unsampled, &ended));
    assert!(!openmetrics(&registry).contains(" # {"));
}

#[test]
#[ignore = "needs prometheus-client (PyPI)"]
fn the_reference_parser_reads_everything() {
    const READ: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
samples = [sample for family in families for sample in family.samples]
print(len(families), sum(1 for sample in samples if sample.exemplar))
";
    let text = openmetrics(&everything());
    let (content, said) = tell(Command::new("python3").args(["-c", READ]), text.as_bytes());
    let expected = format!("{} {}\n", text.matches("# TYPE ").count(), text.matches(" # {").count());
    assert!(content && said == expected, "{said}\n{text}");
    assert!(text.contains(" # {"), "{text}");
}
