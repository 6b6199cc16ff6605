//! What terminals are shown of lines of all kinds, hostile ones among them.

use super::*;

fn shown(line: &str, style: Style) -> String {
    let mut out = Vec::new();
    pretty(&mut out, line.as_bytes(), style);
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check(line: &str, expected: &str) {
    assert_eq!(shown(line, Style::new()), expected, "{line}");
}

const ACCESS: &str = r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"cupola::http","category":"api","message":"request completed","method":"GET","route":"/api/v1/vms/{id}","path":"/api/v1/vms/7","status":200,"duration_ms":1.234,"outcome":"complete","request_bytes":0,"response_bytes":512,"user_agent":"curl/8","request_id":"r-1","trace_id":"4bf92f35","span_id":"00f0","user_id":"u 1","system":{"cpu":1}}"#;

#[test]
fn access_lines_begin_with_the_request() {
    check(
        ACCESS,
        "03:46:02.123 INFO  GET /api/v1/vms/{id} 200 1.2ms  path=/api/v1/vms/7 response_bytes=512 request_id=r-1 user_id=\"u 1\"\n",
    );
    let all = shown(ACCESS, Style::new().all_fields(true));
    for field in [
        "request_bytes=0",
        "outcome=complete",
        "user_agent=curl/8",
        "trace_id=4bf92f35",
        "span_id=00f0",
        "system={\"cpu\":1}",
    ] {
        assert!(all.contains(field), "{field} {all}");
    }
}

#[test]
fn access_lines_say_what_went_wrong() {
    check(
        r#"{"timestamp":"2026-11-21T03:46:02.1Z","level":"ERROR","message":"request failed: panic","method":"PUT","path":"/x","status":500,"duration_ms":0.25,"outcome":"panicked"}"#,
        "03:46:02 ERROR PUT /x 500 250µs request failed: panic  outcome=panicked\n",
    );
    check(
        r#"{"level":"WARN","message":"request closed before a response","method":"PUT","path":"/x","duration_ms":61000,"outcome":"closed_before_head"}"#,
        "WARN  PUT /x --- 1m01s request closed before a response  outcome=closed_before_head\n",
    );
}

#[test]
fn lines_of_calls_say_whom_they_asked() {
    let call = |more: &str| {
        format!(
            r#"{{"level":"INFO","target":"cupola::client","category":"api","message":"call completed","method":"GET","host":"u:80","path":"/users/17","outcome":"complete","duration_ms":3.5{more}}}"#
        )
    };
    let known = r#","dependency":"users","url_template":"/users/{id}","status":200,"attempts":1"#;
    check(&call(known), "INFO  → users GET /users/{id} 200 3.5ms  path=/users/17\n");
    check(&call(r#","status":503,"attempts":3"#), "INFO  → u:80 GET /users/17 503 3.5ms  attempts=3\n");
    check(
        &call(r#","error_type":"dns""#).replace("completed", "failed").replace("complete", "failed"),
        "INFO  → u:80 GET /users/17 --- 3.5ms call failed  outcome=failed error_type=dns\n",
    );
}

#[test]
fn other_lines() {
    check(
        r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"DEBUG","target":"a::b::c::d","category":"operations","message":"done","n":1,"ok":true,"none":null,"list":[1,"x"],"f":1.5}"#,
        "03:46:02.123 DEBUG done  n=1 ok=true none=null list=[1,\"x\"] f=1.5  (operations c::d)\n",
    );
    check(r#"{"level":"info","message":"m","target":"app"}"#, "INFO  m  (app)\n");
    check(r#"{"level":"NOTE","message":"m"}"#, "NOTE  m\n");
    check(r#"{"level":30,"message":{"a":1},"x":""}"#, "level=30 message={\"a\":1} x=\"\"\n");
    check("{}", "\n");
    check(r#"{"timestamp":"yesterday","message":"m"}"#, "yesterday m\n");
    check(r#"{"message":"first","message":"second"}"#, "second  message=first\n");
}

#[test]
fn values_are_quoted_where_needed() {
    check(
        r#"{"message":"m","a":"x y","b":"x=y","c":"say \"hi\"","d":"back\\slash","e":"caf\u00e9","f":"домой"}"#,
        "m  a=\"x y\" b=\"x=y\" c=\"say \\\"hi\\\"\" d=\"back\\\\slash\" e=café f=домой\n",
    );
}

#[test]
fn text_of_several_lines_goes_on_behind_a_bar() {
    check(
        r#"{"level":"ERROR","message":"one\n03:46 INFO forged\n\ttwo","tries":3,"error":"no image\ncaused by: gone\n"}"#,
        "ERROR one\n    │ 03:46 INFO forged\n    │     two  tries=3\n    error │ no image\n          │ caused by: gone\n",
    );
}

#[test]
fn nothing_moves_the_cursor() {
    let hostile = ["\\u001b[2J", "\\u009b31m", "\\u202e", "\\r", "\\u0007", "\\u2028", "\\u200b", "\\u0000"];
    for escape in hostile {
        let raw: String = serde_json::from_str(&format!("\"{escape}\"")).unwrap();
        let escaped_line = format!(
            "{{\"level\":\"{escape}\",\"timestamp\":\"{escape}\",\"target\":\"{escape}\",\"message\":\"a{escape}b\",\"k{escape}\":\"v{escape}\",\"b\":\"1\\n{escape}\",\"o\":{{\"{escape}\":1}}}}"
        );
        // A foreign writer leaves legal but harmful characters as they are; a broken one even control characters.
        let raw_line = escaped_line.replace(escape, &raw);
        for line in [escaped_line, raw_line, format!("not json {raw}"), format!("{{\"torn\":\"{raw}")] {
            let text = shown(&line, Style::new());
            let harmful = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{2028}\u{200b}".contains(c));
            assert!(!text.contains(harmful), "{text:?}");
            assert!(text.lines().skip(1).all(|line| line.starts_with("    ")), "{text:?}");
        }
    }
}

#[test]
fn what_is_not_json_passes_through() {
    check("plain \"text\" \\ here\r\n", "plain \"text\" \\ here\n");
    check("\tat frame", "    at frame\n");
    check("{\"torn\":\"li", "{\"torn\":\"li\n");
    let mut out = Vec::new();
    pretty(&mut out, b"\xff\x1b[31mred", Style::new());
    assert_eq!(out, b"\\ufffd\\u001b[31mred\n");
}

#[test]
fn colors_are_closed_and_change_no_text() {
    let colored = shown(ACCESS, Style::new().color(true));
    assert!(colored.contains("\u{1b}[32m200\u{1b}[0m") && colored.contains("\u{1b}[32mINFO \u{1b}[0m"), "{colored:?}");
    let mut plain = colored;
    for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[32m"] {
        plain = plain.replace(code, "");
    }
    assert_eq!(plain, shown(ACCESS, Style::new()));
}
