//! The pages of traces over a real store.

use cupola_store::{Batch, Signal, Value};

use crate::pages::{answers, demo, get, pages, shown};
use crate::pages_logs::{addresses, encoded};
use crate::support::{House, now};

const SECOND: i64 = 1_000_000_000;
const MS: i64 = 1_000_000;
const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

fn trace_id() -> [u8; 16] {
    std::array::from_fn(|place| u8::try_from(place + 1).unwrap())
}

/// So many spans, all below the first one, which takes a second and has failed.
fn spans(count: u32) -> Batch {
    let start = now().cast_signed() - 10 * SECOND;
    let mut spans = Batch::new(Signal::Spans);
    for number in 0..count {
        let mut row = spans.row(start + i64::from(number) * MS / 10);
        row.set("name", Value::Text(&format!("span {number}"))).set("service", Value::Text("one"));
        row.set("trace_id", Value::Id(&trace_id())).set("span_id", Value::Id(&u64::from(number + 1).to_be_bytes()));
        row.set("duration_ms", Value::Float(if number == 0 { 1_000.0 } else { f64::from(number % 100) }));
        if number > 0 {
            row.set("parent_span_id", Value::Id(&1_u64.to_be_bytes()));
        } else {
            row.set("otel.status_code", Value::Text("ERROR"));
        }
    }
    spans
}

fn given(batches: impl IntoIterator<Item = Batch>) -> House {
    let house = House::new();
    batches.into_iter().for_each(|batch| house.store().writer().offer(batch));
    assert!(house.store().flush());
    house
}

fn traces(page: &str) -> Vec<String> {
    let is_trace = |link: &String| link.len() > "/cupola/traces/".len() + 31;
    addresses(page, "/cupola/traces/").into_iter().filter(is_trace).collect()
}

#[tokio::test]
async fn traces_are_found_by_what_they_did() {
    let (house, _) = demo();
    let pages = pages(&house);
    let page = shown(&pages, "/cupola/traces").await;
    assert!(page.contains("POST /api/v1/vms</a>") && page.contains("Duration of requests over time"));
    assert!(page.contains("<option value=\"gateway\">") && page.contains("Slower than"));
    assert!(traces(&page).len() > 50);
    let page = shown(&pages, "/cupola/traces?service=vm-provisioner&min=900ms&failed=1").await;
    let rows: Vec<&str> = page.split("<tr><td><time").skip(1).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.contains(">503</span>") || row.contains(">500</span>")));
    assert!(page.contains("<option value=\"vm-provisioner\" selected>") && page.contains("value=\"1\" checked"));
    let page = shown(&pages, "/cupola/traces?query=route%3D/chat").await;
    assert!(page.contains("Duration of traces over time"));
    assert!(page.contains("POST /chat") && !page.contains("GET /search</a>"));
    let older = shown(&pages, "/cupola/traces").await;
    let older = older.split("\" rel=\"next\"").next().unwrap().rsplit('"').next().unwrap().replace("&amp;", "&");
    assert!(shown(&pages, &older).await.contains("Back to the newest"));
}

#[tokio::test]
async fn a_trace_has_its_spans_and_its_lines_in_their_order() {
    let (house, _) = demo();
    let pages = pages(&house);
    let list = shown(&pages, "/cupola/traces?service=vm-provisioner&failed=1&query=method%3DPOST").await;
    let page = shown(&pages, &traces(&list)[0]).await;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not on the page {page}"));
    assert!(place(">POST /api/v1/vms</span>") < place(">SELECT vms</span>"));
    assert!(place(">SELECT vms</span>") < place(">attempt 1<") && place(">attempt 1<") < place(">attempt 3<"));
    assert!(place(">attempt 3<") < place("hypervisor hv-"), "what was said at the end");
    assert!(page.contains("class=\"row fall-row s1 failed\"") && page.contains("class=\"row fall-row fall-line\""));
    let span = addresses(&page, "/cupola/traces/").into_iter().find(|link| link.contains("span=")).unwrap();
    let span = shown(&pages, &span).await;
    assert!(span.contains("panel entry") && span.contains("<dt>error_type</dt>") && span.contains("Its log lines"));
    assert!(span.contains("fall-row s1 failed chosen"));
    let quiet = shown(&pages, &format!("{}?logs=none", traces(&list)[0])).await;
    assert!(!quiet.contains("fall-line\""));
}

#[tokio::test]
async fn a_trace_of_lines_alone_is_one_too() {
    let end = now().cast_signed() - 10 * SECOND;
    let mut logs = Batch::new(Signal::Logs);
    let mut line = |time: i64, target: &str, span: u8, fields: &[(&str, Value<'_>)]| {
        let mut row = logs.row(time);
        row.set("trace_id", Value::Id(&trace_id())).set("span_id", Value::Id(&[span; 8]));
        row.set("target", Value::Text(target)).set("service", Value::Text("shop")).set("level", Value::Text("INFO"));
        fields.iter().for_each(|(name, value)| _ = row.set(name, *value));
    };
    line(end - 800 * MS, "shop", 1, &[("message", Value::Text("looks for it"))]);
    line(
        end - 200 * MS,
        "cupola::client",
        1,
        &[
            ("message", Value::Text("call completed")),
            ("dependency", Value::Text("stock")),
            ("method", Value::Text("GET")),
            ("duration_ms", Value::Float(500.0)),
        ],
    );
    line(
        end,
        "cupola::http",
        1,
        &[
            ("message", Value::Text("request completed")),
            ("method", Value::Text("POST")),
            ("route", Value::Text("/orders")),
            ("status", Value::Int(201)),
            ("duration_ms", Value::Float(1_000.0)),
        ],
    );
    // A job that the request has asked for has a trace of its own.
    let mut row = logs.row(end + SECOND);
    row.set("trace_id", Value::Id(&[9; 16]))
        .set("span_id", Value::Id(&[9; 8]))
        .set("target", Value::Text("cupola::job"));
    row.set("job_kind", Value::Text("send_mail")).set("job_id", Value::Text("job-7")).set("attempt", Value::Int(2));
    row.set("origin_trace_id", Value::Text(TRACE))
        .set("outcome", Value::Text("retried"))
        .set("duration_ms", Value::Float(40.0));
    let house = given([logs]);
    let pages = pages(&house);
    let list = shown(&pages, "/cupola/traces").await;
    assert!(list.contains("No service has sent spans of these") && list.contains(">POST /orders</a>"));
    let page = shown(&pages, &format!("/cupola/traces/{TRACE}")).await;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not on the page {page}"));
    assert!(
        place("title=\"POST /orders\"") < place("looks for it") && place("looks for it") < place("title=\"stock GET\"")
    );
    assert!(page.contains("by its line") && page.contains("<dt>Duration</dt><dd class=\"\">1\u{202f}s"));
    assert!(page.contains("send_mail job-7") && page.contains(">retried</span>"));
    assert_eq!(traces(&page).iter().filter(|link| link.contains(&"09".repeat(16))).count(), 1);
    let job = shown(&pages, &format!("/cupola/traces/{}", "09".repeat(16))).await;
    assert!(job.contains("was asked for by") && job.contains(&format!("/cupola/traces/{TRACE}")));
}

#[tokio::test]
async fn of_many_spans_those_that_matter_are_drawn_and_the_others_counted() {
    let house = given([spans(5_000)]);
    let pages = pages(&house);
    let page = shown(&pages, &format!("/cupola/traces/{TRACE}")).await;
    assert!(page.contains("250 of 5,000 spans are shown: those that failed first, then the longest."));
    assert_eq!(page.matches("class=\"row fall-row").count(), 250);
    assert!(
        page.contains("title=\"span 0\"") && page.contains("title=\"span 99\"") && !page.contains("title=\"span 100\"")
    );
    assert!(page.contains(">+4750 inside<"), "how many are not drawn");
    assert!(page.len() < 500_000, "{}", page.len());
    let last = shown(&pages, &format!("/cupola/traces/{TRACE}?part=20")).await;
    assert_eq!(last.matches("class=\"row fall-row").count(), 250);
    assert!(last.contains("Those before") && !last.contains("The next ones"));
}

#[tokio::test]
async fn every_text_of_a_span_is_text_and_nothing_else() {
    let evil = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>'`";
    let json = serde_json::json!([{ "name": evil, "time_unix_nano": "x", "attributes": { evil: evil }, "trace_id": TRACE, "span_id": evil }]).to_string();
    let mut batch = spans(1);
    let mut row = batch.row(now().cast_signed() - 9 * SECOND);
    row.set("trace_id", Value::Id(&trace_id()))
        .set("span_id", Value::Id(&[7; 8]))
        .set("events", Value::Json(&json))
        .set("links", Value::Json(&json));
    for name in ["name", "service", "status", "attempt", "error", "kind", "otel.status_code", evil] {
        row.set(name, Value::Text(evil));
    }
    let mut logs = Batch::new(Signal::Logs);
    let mut row = logs.row(now().cast_signed() - 9 * SECOND);
    row.set("trace_id", Value::Id(&trace_id())).set("span_id", Value::Id(&[7; 8]));
    for name in ["level", "message", "service", "status", "origin_trace_id"] {
        row.set(name, Value::Text(evil));
    }
    let house = given([batch, logs]);
    let pages = pages(&house);
    let evil = encoded(evil);
    for path in [
        "/cupola/traces".to_owned(),
        format!("/cupola/traces?service={evil}&of=spans"),
        format!("/cupola/traces/{TRACE}"),
        format!("/cupola/traces/{TRACE}?span=0707070707070707"),
        format!("/cupola/traces/{TRACE}?span={evil}"),
        format!("/cupola/traces/{evil}"),
        format!("/cupola/traces?min={evil}"),
    ] {
        let (_, _, page) = get(&pages, &path).await;
        assert!(!page.contains("<img") && !page.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_trace_says_what_is() {
    let house = House::new();
    let pages = pages(&house);
    let check = async |path: &str, status: u16, says: &str| answers(&pages, path, status, says).await;
    check("/cupola/traces/12", 400, "Accepted: 32 hexadecimal digits.").await;
    check(&format!("/cupola/traces/{TRACE}"), 200, "Nothing is known of this trace").await;
    check("/cupola/traces", 200, "OTEL_EXPORTER_OTLP_ENDPOINT").await;
    check("/cupola/traces?min=long", 400, "Accepted: a number of milliseconds").await;
    check("/cupola/traces?min=-1", 400, "`min` is no duration").await;
    check("/cupola/traces?of=dreams", 400, "Accepted: spans, lines.").await;
    check("/cupola/traces?query=%28", 400, "search-fault").await;
    check("/cupola/traces?failed=1", 200, "Without them").await;
}
