//! Items gathered into messages.

use std::time::Duration;

use cupola_telemetry::otlp::{Gather, Resource};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::collector::{Answer, Collector};
use crate::support::{Exports, PATIENCE};

fn gather(exports: &Exports, max_items: usize) -> Gather {
    Gather::new(&exports.exporter, &Resource::new("billing"), max_items, Duration::from_secs(3600))
}

fn span(name: &str) -> Vec<u8> {
    Span { name: name.to_owned(), ..Span::default() }.encode_to_vec()
}

fn next(collector: &Collector) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(&*collector.next().body).unwrap()
}

/// `scope:span,span scope:span`
fn spans(request: &ExportTraceServiceRequest) -> String {
    let [resource] = &request.resource_spans[..] else { panic!("{request:?}") };
    let scope = |scope: &opentelemetry_proto::tonic::trace::v1::ScopeSpans| {
        let names: Vec<&str> = scope.spans.iter().map(|span| span.name.as_str()).collect();
        format!("{}:{}", scope.scope.as_ref().unwrap().name, names.join(","))
    };
    resource.scope_spans.iter().map(scope).collect::<Vec<_>>().join(" ")
}

#[test]
fn messages_go_out_when_they_are_full_and_the_rest_at_the_flush() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    let gather = gather(&exports, 3);
    let (server, user) = (gather.scope("cupola", "1"), gather.scope("app", ""));
    assert_eq!(gather.scope("cupola", "1"), server);
    for (scope, name) in [(server, "a"), (user, "b"), (server, "c"), (user, "d"), (user, "e")] {
        gather.add(scope, &span(name));
    }
    assert_eq!(spans(&next(&collector)), "cupola:a,c app:b");
    assert!(exports.exporter.flush(PATIENCE));
    let last = next(&collector);
    assert_eq!(spans(&last), "app:d,e");
    let resource = last.resource_spans[0].resource.as_ref().unwrap();
    let name = &resource.attributes[0];
    assert_eq!(
        format!("{} {:?}", name.key, name.value.as_ref().unwrap().value),
        "service.name Some(StringValue(\"billing\"))"
    );
    assert_eq!((exports.exporter.counts().accepted, exports.exporter.counts().exported), (5, 5));
}

#[test]
fn no_message_is_larger_than_collectors_take() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    let gather = gather(&exports, 100);
    let scope = gather.scope("cupola", "1");
    (0..3).for_each(|_| gather.add(scope, &span(&"x".repeat(600_000))));
    gather.add(scope, &span(&"x".repeat(2_000_000)));
    assert!(exports.exporter.flush(PATIENCE));
    (0..3).for_each(|_| assert!(collector.next().body.len() < 700_000));
    let counts = exports.exporter.counts();
    assert_eq!((counts.accepted, counts.exported, counts.dropped_queue_full), (4, 3, 1));
}

#[test]
fn what_is_gathered_goes_out_after_a_while() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    let period = Duration::from_millis(10);
    let gather = Gather::new(&exports.exporter, &Resource::new("billing"), 100, period);
    gather.add(gather.scope("cupola", "1"), &span("a"));
    assert_eq!(spans(&next(&collector)), "cupola:a");
}

#[test]
fn a_shutdown_sends_what_is_gathered() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    let gather = gather(&exports, 100);
    gather.add(gather.scope("cupola", "1"), &span("a"));
    exports.end(PATIENCE);
    assert_eq!(spans(&next(&collector)), "cupola:a");
    gather.add(gather.scope("cupola", "1"), &span("too late"));
    gather.seal();
    assert_eq!((exports.exporter.counts().exported, exports.exporter.counts().dropped_shutdown), (1, 1));
}

#[test]
fn what_comes_after_the_end_is_counted_as_dropped_and_not_forgotten() {
    let collector = Collector::start(vec![Answer::ok()]);
    let exports = Exports::to(&collector.url(), &[]);
    let gather = gather(&exports, 100);
    let scope = gather.scope("cupola", "1");
    gather.add(scope, &span("in time"));
    exports.end(PATIENCE);
    gather.add(scope, &span("late"));
    let counts = exports.exporter.counts();
    assert_eq!((counts.accepted, counts.exported, counts.dropped_shutdown), (2, 1, 1));
}
