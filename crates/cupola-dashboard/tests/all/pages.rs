//! The pages over a real store.

use std::sync::Arc;

use axum::body::Body;
use cupola_dashboard::Pages;
use cupola_store::{Batch, MetadataFile, Signal, Value};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::alerts::failing;
use crate::demo::Demo;
use crate::support::{House, now};

/// All pages, with what they need.
const PAGES: &[&str] = &[
    "/cupola",
    "/cupola/service?service=vm-provisioner",
    "/cupola/route?service=vm-provisioner&route=/api/v1/vms",
    "/cupola/logs",
    "/cupola/logs?live=1&columns=route,status",
    "/cupola/traces",
    "/cupola/errors",
    "/cupola/jobs",
    "/cupola/executions",
    "/cupola/llm",
    "/cupola/system",
    "/cupola/alerts",
    "/cupola/rules",
    "/cupola/silences",
    "/cupola/alerts-history",
    "/cupola/settings",
    "/cupola/views",
];

pub(crate) fn demo() -> (House, Demo) {
    let house = House::new();
    let demo = Demo { now: now().cast_signed(), hours: 2, per_minute: 20 };
    demo.fill(house.store());
    (house, demo)
}

pub(crate) fn pages(house: &House) -> Pages {
    Pages::new(Arc::new(house.reader()))
}

pub(crate) async fn get(pages: &Pages, path: &str) -> (u16, HeaderMap, String) {
    let answer = pages.clone().router().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let (head, bytes) = answer.into_parts();
    let text = String::from_utf8(bytes.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (head.status.as_u16(), head.headers, text)
}

pub(crate) async fn shown(pages: &Pages, path: &str) -> String {
    let (status, _, text) = get(pages, path).await;
    assert_eq!(status, 200, "{path}: {text}");
    text
}

/// Asks for a page, which has this status and says this.
pub(crate) async fn answers(pages: &Pages, path: &str, status: u16, says: &str) {
    let (found, _, page) = get(pages, path).await;
    assert_eq!(found, status, "{path}");
    assert!(page.contains(says), "{path}: {page}");
}

#[tokio::test]
async fn the_first_screen_tells_what_is_wrong() {
    let (house, _) = demo();
    let metadata = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let page = shown(&pages(&house).alerting(failing(&house, metadata)), "/cupola").await;
    assert!(page.contains("vm-provisioner fails too often"));
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not on the page"));
    assert!(place("1 open alert") < place(">vm-provisioner</a>"));
    // What fails most often comes first, whatever is asked for most often.
    assert!(place(">vm-provisioner</a>") < place(">gateway</a>"));
    assert!(place("hypervisor hv-&lt;n&gt; did not answer within &lt;n&gt; s") < place("Log entries"));
    assert!(page.contains(">new</span>"), "the spike's errors are new");
    assert!(page.contains("vm-provisioner 2.4.0"), "who was deployed last");
    assert!(!page.contains("request completed"), "the line of a request says nothing of why it failed");
}

#[tokio::test]
async fn rows_are_ordered_as_asked() {
    let (house, _) = demo();
    let pages = pages(&house);
    for (sort, first) in [("rate", "gateway"), ("p50", "assistant")] {
        let page = shown(&pages, &format!("/cupola?sort={sort}")).await;
        let place = |service: &str| page.find(&format!("service={service}\">")).unwrap();
        let services = ["vm-provisioner", "gateway", "billing", "templates", "assistant"];
        let found = services.into_iter().min_by_key(|service| place(service));
        if sort == "rate" {
            assert!(place("gateway") < place("billing") && place("vm-provisioner") < place("assistant"));
        } else {
            assert_eq!(found, Some(first));
        }
    }
    assert_eq!(get(&pages, "/cupola?sort=luck").await.0, 400);
}

#[tokio::test]
async fn a_route_leads_to_the_traces_of_its_slow_requests() {
    let (house, _) = demo();
    let page = shown(&pages(&house), PAGES[2]).await;
    assert!(page.matches("class=\"dot").count() > 2, "examples are dots");
    let trace = page.split("/cupola/traces/").nth(1).and_then(|rest| rest.get(..32)).unwrap();
    assert!(trace.bytes().all(|byte| byte.is_ascii_hexdigit()), "{trace}");
    assert!(page.contains("2.4.0 began to work"), "the deployment is marked");
    assert!(page.contains(">5xx</li>"));
}

#[tokio::test]
async fn nothing_on_a_page_works_by_itself_or_comes_from_elsewhere() {
    let (house, _) = demo();
    let pages = pages(&house);
    for path in PAGES.iter().chain(&["/cupola/nothing", "/cupola?since=soon"]) {
        let (_, heads, page) = get(&pages, path).await;
        let policy = heads["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(
            (&heads["x-content-type-options"], &heads["cache-control"]),
            (&"nosniff".parse().unwrap(), &"no-store".parse().unwrap())
        );
        for never in [" style=\"", "javascript:", "http://", "https://", " onclick", "<script>"] {
            assert!(!page.contains(never), "{path} has {never}");
        }
        // Eighteen charts with their numbers weigh more where nothing is compressed.
        let most = if *path == "/cupola/system" { 135_000 } else { 100_000 };
        assert!(page.len() < most, "{path} weighs {} bytes", page.len());
        for file in page.split("\"/cupola/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let (status, heads, _) = get(&pages, &format!("/cupola/assets/{file}")).await;
            assert_eq!((status, heads["cache-control"].to_str().unwrap().contains("immutable")), (200, true), "{file}");
        }
    }
    assert_eq!(get(&pages, "/cupola/assets/style.css").await.0, 404);
}

/// What a browser that reads gzip is sent for an address.
async fn sent(pages: &Pages, path: &str) -> Vec<u8> {
    let request = Request::get(path).header("accept-encoding", "gzip, deflate, br").body(Body::empty()).unwrap();
    let answer = pages.clone().router().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip", "{path}");
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn a_page_with_all_that_it_needs_is_small_on_its_way() {
    let (house, _) = demo();
    let pages = pages(&house);
    for path in PAGES {
        let page = sent(&pages, path).await;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&page[..]), &mut text).unwrap();
        assert!(text.ends_with("</html>"), "{path}");
        let mut bytes = page.len();
        let files = text.split("\"/cupola/assets/").skip(1).map(|rest| rest.split('"').next().unwrap());
        for file in files.collect::<std::collections::BTreeSet<_>>() {
            bytes += sent(&pages, &format!("/cupola/assets/{file}")).await.len();
        }
        assert!(page.len() < 25_000 && bytes < 50_000, "{path} is {} bytes, {bytes} with its files", page.len());
    }
}

#[tokio::test]
async fn what_was_stored_is_text_and_nothing_else() {
    let house = House::new();
    let evil = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>'`{{7*7}}\u{202e}";
    let start = now().cast_signed() - 120_000_000_000;
    let mut logs = Batch::new(Signal::Logs);
    for level in ["ERROR", evil] {
        let mut row = logs.row(start);
        row.set("level", Value::Text(level)).set(evil, Value::Text(evil)).set("duration_ms", Value::Float(7.0));
        for name in ["message", "service", "route", "error", "error_type", "target", "service_version", "backtrace"] {
            row.set(name, Value::Text(evil));
        }
        row.set("trace_id", Value::Text(evil));
    }
    logs.row(start + 60_000_000_000).set("service", Value::Text(evil)).set("service_version", Value::Text("<b>2</b>"));
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let pages = pages(&house);
    let encoded: String = evil.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for path in [
        "/cupola".to_owned(),
        format!("/cupola/service?service={encoded}"),
        format!("/cupola/route?service={encoded}&route={encoded}"),
        format!("/cupola?query={encoded}&since={encoded}&sort={encoded}&{encoded}={encoded}"),
        format!("/cupola/{encoded}"),
    ] {
        let (_, _, page) = get(&pages, &path).await;
        assert!(!page.contains("<img") && !page.contains("<script>") && !page.contains("<b>2"), "{path}");
        assert_eq!(
            page.matches("<script").count(),
            page.matches("<script type=\"module\" src=\"/cupola/assets/").count()
        );
    }
    let page = shown(&pages, "/cupola").await;
    assert!(page.contains("&lt;img src=x onerror=alert"), "it is shown as it was");
}

#[tokio::test]
async fn what_cannot_be_shown_says_what_can() {
    let house = House::new();
    let pages = pages(&house);
    let check = async |path: &str, status: u16, says: &str| answers(&pages, path, status, says).await;
    check("/cupola", 200, "No requests").await;
    check("/cupola", 200, "OTEL_EXPORTER_OTLP_ENDPOINT").await;
    check("/cupola?since=soon", 400, "Accepted: 15m, 2h").await;
    check("/cupola?since=now&until=1h", 400, "does not lie before").await;
    check("/cupola/nothing", 404, "Nothing is at this address.").await;
    check("/cupola/service?service=none", 200, "No requests of this service").await;
}

#[tokio::test]
async fn colours_are_chosen_without_a_script_and_lead_nowhere_else() {
    let house = House::new();
    let pages = pages(&house);
    let check = async |query: &str, place: &str, kept: &str| {
        let (status, heads, _) = get(&pages, &format!("/cupola/theme?{query}")).await;
        assert_eq!((status, heads["location"].to_str().unwrap()), (303, place), "{query}");
        assert!(
            heads["set-cookie"].to_str().unwrap().starts_with(&format!("cupola_theme={kept}; Path=/cupola;")),
            "{query}"
        );
    };
    check("to=dark&back=/cupola/service%3Fservice%3Dx", "/cupola/service?service=x", "dark").await;
    check("to=blue&back=//elsewhere.example", "/cupola", "auto").await;
    check("to=light&back=https://elsewhere.example/cupola", "/cupola", "light").await;
    check("to=light&back=/cupola%0d%0ax:y", "/cupola", "light").await;
    check("to=light&back=/cupola/%0d%0ax:y", "/cupola", "light").await;
}
