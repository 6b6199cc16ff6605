//! Metrics.

use opentelemetry_proto::tonic::metrics::v1::{Gauge, NumberDataPoint, metric::Data, number_data_point::Value};
use prost::Message as _;

use super::samples::{TIME, all_metrics, metric, metrics};
use super::*;

#[test]
fn a_point_of_each_kind_has_its_place() {
    let found = read_both(Signal::Metrics, &metrics(all_metrics()));
    assert!(found.iter().all(|(time, _)| time.unsigned_abs() == TIME));
    let home = || {
        fields([
            ("scope", "text app::vms"),
            ("lib", "text axum"),
            ("service", "text billing"),
            ("host.name", "text web-1"),
        ])
    };
    let exemplars = concat!(
        r#"json [{"time_unix_nano":"1795232762123456789","value":0.25,"trace_id":"0af7651916cd43dd8448eb211c80319c","#,
        r#""span_id":"b7ad6b7169203331","attributes":{"user":"u1"}}]"#
    );
    let start = "int 1795232762123456780";
    let expected = [
        fields([
            ("metric", "text load"),
            ("unit", "text 1"),
            ("type", "text gauge"),
            ("value", "float 0.5"),
            ("state", "text idle"),
            ("fields.type", "text heap"),
        ]),
        fields([
            ("metric", "text jobs"),
            ("unit", "text {job}"),
            ("type", "text sum"),
            ("temporality", "text cumulative"),
            ("monotonic", "bool 1"),
            ("value", "int -7"),
            ("start_time_unix_nano", start),
            ("state", "text idle"),
            ("fields.type", "text heap"),
        ]),
        fields([
            ("metric", "text latency"),
            ("unit", "text s"),
            ("type", "text histogram"),
            ("temporality", "text delta"),
            ("start_time_unix_nano", start),
            ("count", "int 3"),
            ("sum", "float 0.75"),
            ("min", "float 0.05"),
            ("max", "float 0.5"),
            ("buckets", r#"json {"bounds":[0.1,0.5],"counts":[1,2,0]}"#),
            ("exemplars", exemplars),
            ("route", "text /vms"),
        ]),
        fields([
            ("metric", "text size"),
            ("unit", "text By"),
            ("type", "text exponential_histogram"),
            ("temporality", "text delta"),
            ("count", "int 6"),
            (
                "buckets",
                r#"json {"scale":-2,"zero_count":1,"zero_threshold":1e-9,"positive":{"offset":-3,"counts":[1,300,4]}}"#,
            ),
        ]),
        fields([
            ("metric", "text old"),
            ("type", "text summary"),
            ("count", "int 2"),
            ("sum", "float 3.0"),
            ("quantiles", r#"json [{"quantile":0.5,"value":1.5}]"#),
        ]),
    ];
    for ((_, found), expected) in found.into_iter().zip(expected) {
        assert_eq!(found, expected.into_iter().chain(home()).collect());
    }
}

#[test]
fn a_series_that_has_ended_has_no_value_and_a_metric_without_name_is_none() {
    let point = NumberDataPoint { value: Some(Value::AsInt(1)), ..NumberDataPoint::default() };
    let ended = NumberDataPoint { flags: 1, ..NumberDataPoint::default() };
    let gauge = |data_points| Data::Gauge(Gauge { data_points });
    let message = metrics(vec![metric("", "", gauge(vec![point.clone()])), metric("a", "", gauge(vec![ended, point]))]);
    let json = serde_json::to_vec(&message).unwrap();
    for (encoding, bytes) in [(Encoding::Protobuf, message.encode_to_vec()), (Encoding::Json, json)] {
        let decoded = decode(Signal::Metrics, encoding, &bytes, NOW).unwrap();
        assert_eq!((decoded.batch.rows(), decoded.rejected), (1, 1));
        assert_eq!(decoded.reason, Some("a metric has no name"));
        assert_eq!(decoded.batch.times, [NOW]);
    }
}
