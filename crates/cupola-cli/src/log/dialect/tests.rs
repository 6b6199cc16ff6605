//! One line of each logger, and what it is here.

use super::*;

#[track_caller]
fn check(line: &str, expected: &str) {
    let mut out = Vec::new();
    rewrite(line.as_bytes(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn tracing_subscriber() {
    check(
        r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","fields":{"message":"up","port":80},"target":"app","span":{"request_id":"r-1","name":"request"},"spans":[{"request_id":"r-1","user_id":7,"name":"outer"},{"name":"request"}]}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"app","message":"up","request_id":"r-1","user_id":"7","port":80,"span":"request"}"#,
    );
}

#[test]
fn pino() {
    check(
        r#"{"level":30,"time":1795232762123,"pid":1,"req":{"id":7,"method":"GET","url":"/vms","headers":{"host":"h"}},"res":{"statusCode":200},"responseTime":12,"msg":"request completed"}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.123000Z","level":"INFO","message":"request completed","method":"GET","path":"/vms","status":200,"duration_ms":12,"request_id":"7","pid":1,"req.headers":{"host":"h"}}"#,
    );
}

#[test]
fn bunyan() {
    check(
        r#"{"name":"api","hostname":"h","pid":1,"level":50,"req_id":"r-1","msg":"boom","time":"2026-11-21T03:46:02.123Z","v":0}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.123000Z","level":"ERROR","target":"api","message":"boom","request_id":"r-1","hostname":"h","pid":1,"v":0}"#,
    );
}

#[test]
fn zap_and_slog() {
    check(
        r#"{"level":"warn","ts":1795232762.25,"caller":"a.go:1","logger":"api","msg":"slow","latency":0.0425}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.250000Z","level":"WARN","target":"api","message":"slow","duration_ms":42.5,"caller":"a.go:1"}"#,
    );
    check(
        r#"{"time":"2026-11-21T04:46:02.5+01:00","level":"ERROR+2","msg":"boom","took":42500000}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.500000Z","level":"ERROR","message":"boom","duration_ms":42.5}"#,
    );
}

#[test]
fn structlog() {
    check(
        r#"{"event": "user logged in", "level": "info", "timestamp": "2026-11-21T03:46:02Z", "user": "caf\u00e9"}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.000000Z","level":"INFO","message":"user logged in","user":"caf\u00e9"}"#,
    );
}

#[test]
fn ecs() {
    check(
        r#"{"@timestamp":"2026-11-21T03:46:02.1Z","log.level":"ERROR","message":"m","trace":{"id":"t"},"http":{"request":{"method":"PUT"},"response":{"status_code":503}},"url":{"path":"/x"},"event":{"duration":1500000},"error":{"type":"E","message":"gone"}}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.100000Z","level":"ERROR","message":"m","method":"PUT","path":"/x","status":503,"duration_ms":1.5,"error_type":"E","trace_id":"t","error.message":"gone"}"#,
    );
}

#[test]
fn opentelemetry() {
    check(
        r#"{"timeUnixNano":"1795232762123456789","severityNumber":17,"body":{"stringValue":"up"},"attributes":[{"key":"http.route","value":{"stringValue":"/x"}},{"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"n","value":{"doubleValue":1.5}}],"traceId":"t","spanId":"s"}"#,
        r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"ERROR","message":"up","route":"/x","status":200,"trace_id":"t","span_id":"s","n":1.5}"#,
    );
}

#[test]
fn what_has_another_meaning_stays_a_field() {
    check(
        r#"{"time":"soon","level":"loud","status":"success","message":{"a":1},"duration":"a while","request_id":null}"#,
        r#"{"time":"soon","level":"loud","status":"success","message":{"a":1},"duration":"a while","request_id":null}"#,
    );
    check("{}", "{}");
    check(r#"{"attributes":[1,2],"spans":[1],"body":{"x":1}}"#, r#"{"attributes":[1,2],"spans":[1],"body":{"x":1}}"#);
}

#[test]
fn the_last_of_two_counts_and_the_first_is_kept() {
    check(r#"{"level":"INFO","level":"ERROR","msg":"m"}"#, r#"{"level":"ERROR","message":"m","fields.level":"INFO"}"#);
    check(
        r#"{"name":"svc","logger":"db","event":"e","msg":"m"}"#,
        r#"{"target":"db","message":"m","name":"svc","event":"e"}"#,
    );
}

#[test]
fn what_is_no_object_is_an_error() {
    for line in ["[1]", "{\"a\":", "text", "{\"attributes\":[{\"key\":}]}"] {
        let mut out = Vec::new();
        let result = rewrite(line.as_bytes(), &mut out);
        assert!(result.is_err() || line.contains("attributes"), "{line}");
    }
}
