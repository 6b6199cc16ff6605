//! The pages of errors over a real store.

use cupola_store::{Batch, Signal, Value};

use crate::pages::{answers, demo, get, pages, shown};
use crate::pages_logs::{addresses, encoded};
use crate::support::{House, now};

const SECOND: i64 = 1_000_000_000;

/// An error of one service, so long ago.
fn error(logs: &mut Batch, seconds_ago: i64, version: &str, message: &str, fields: &[(&str, &str)]) {
    let mut row = logs.row(now().cast_signed() - seconds_ago * SECOND);
    row.set("level", Value::Text("ERROR"))
        .set("service", Value::Text("shop"))
        .set("target", Value::Text("shop::orders"));
    row.set("service_version", Value::Text(version)).set("message", Value::Text(message));
    row.set("trace_id", Value::Id(&[7; 16])).set("span_id", Value::Id(&[8; 8]));
    fields.iter().for_each(|(name, value)| _ = row.set(name, Value::Text(value)));
}

fn given(logs: Batch) -> House {
    let house = House::new();
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    house
}

#[tokio::test]
async fn errors_that_are_alike_are_one_row() {
    let (house, _) = demo();
    let pages = pages(&house);
    let page = shown(&pages, "/cupola/errors").await;
    for text in ["hypervisor hv-&lt;n&gt; did not answer within &lt;n&gt; s", "machine could not be placed"] {
        assert!(page.contains(text), "{text} is not on the page");
    }
    let counts = page.split("</svg></td><td class=\"num\">").skip(1);
    let counts: Vec<u64> =
        counts.map(|rest| rest.split('<').next().unwrap().replace(',', "").parse().unwrap()).collect();
    assert!(counts.len() > 3 && counts.is_sorted_by(|one, other| one >= other), "the most frequent first: {counts:?}");
    assert!(page.contains(">new</span>") && page.contains("class=\"spark\"") && page.contains("in 2.4.0</span>"));
    assert!(!page.contains("request completed"), "lines of requests say nothing of why");
    assert!(shown(&pages, "/cupola/errors?requests=1").await.contains("request completed"));
    let page = shown(&pages, "/cupola/errors?query=service%3Dbilling").await;
    assert!(!page.contains("hypervisor hv-"));
    assert!(shown(&pages, "/cupola/errors?sort=last&new=1").await.contains("aria-sort=\"descending\""));
}

#[tokio::test]
async fn a_group_tells_when_where_and_why() {
    let mut logs = Batch::new(Signal::Logs);
    error(&mut logs, 7_500, "1.0", "no room for 3 machines", &[]);
    error(&mut logs, 300, "1.1", "no room for 4 machines", &[]);
    error(&mut logs, 200, "1.1", "no room for 5 machines", &[("route", "/orders/{id}")]);
    let trace =
        "   0: std::backtrace::Backtrace::create\n   1: shop::orders::place\n             at ./src/orders.rs:7:5";
    error(&mut logs, 240, "1.2", "no room for 9 machines", &[("error", "full\ncaused by: disk"), ("backtrace", trace)]);
    let house = given(logs);
    let pages = pages(&house);
    let list = shown(&pages, "/cupola/errors").await;
    assert!(list.contains("2 kinds") && list.contains("in 1.0</span>"));
    let groups: Vec<String> =
        addresses(&list, "/cupola/errors/").into_iter().filter(|link| link.contains("/1%2D")).collect();
    let page = shown(&pages, &groups[0]).await;
    for text in [
        "no room for &lt;n&gt; machines</h1>",
        "<dt>In this time</dt><dd class=\"\">2</dd>",
        "<dt>In the day before</dt><dd class=\"\">1</dd>",
        "in 1.0",
        "<dt>Versions</dt><dd>1.1 <span class=\"dim\">1</span> 1.2",
        "<pre>full\ncaused by: disk</pre>",
        "<span class=\"dim\">   0: std::backtrace::Backtrace::create</span>\n   1: shop::orders::place",
        "/cupola/traces/07070707070707070707070707070707?span=0808080808080808",
        "query=level%3Derror%20target%3D%22shop::orders%22",
        "Errors like these over time; together errors 2",
    ] {
        assert!(page.contains(text), "{text} is not on the page {page}");
    }
    assert!(!page.contains(">new</span>") && !page.contains("no room for 5 machines"), "of another route");
    let of_route = shown(&pages, &groups[1]).await;
    assert!(
        of_route.contains("/cupola/route?service=shop&amp;route=/orders/%7Bid%7D") && of_route.contains(">new</span>")
    );
    let once = shown(&pages, &format!("{}?since=1m", groups[0])).await;
    assert!(once.contains("The last one came") && once.contains("Look at that time"));
}

#[tokio::test]
async fn every_text_of_an_error_is_text_and_nothing_else() {
    let evil = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>'`";
    let mut logs = Batch::new(Signal::Logs);
    let fields = ["target", "route", "error", "error_type", "backtrace", "error_chain", "host", "user_id", evil];
    error(&mut logs, 60, evil, evil, &fields.map(|name| (name, evil)));
    error(&mut logs, 50, "1", "two", &[("service", evil)]);
    let house = given(logs);
    let pages = pages(&house);
    let list = shown(&pages, "/cupola/errors").await;
    let groups: Vec<String> =
        addresses(&list, "/cupola/errors/").into_iter().filter(|link| link.contains("/1%2D")).collect();
    assert_eq!(groups.len(), 2);
    let evil = encoded(evil);
    let others = [
        format!("/cupola/errors?query={evil}"),
        format!("/cupola/errors?service={evil}"),
        format!("/cupola/errors/{evil}"),
    ];
    for path in ["/cupola/errors".to_owned()].iter().chain(&groups).chain(&others) {
        let (_, _, page) = get(&pages, path).await;
        assert!(!page.contains("<img") && !page.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn where_there_are_no_errors_it_is_said_why() {
    let house = House::new();
    let pages = pages(&house);
    let check = async |path: &str, status: u16, says: &str| answers(&pages, path, status, says).await;
    check("/cupola/errors", 200, "Lines of requests that failed are left out").await;
    check("/cupola/errors?query=x", 200, "No error is what the search asks for.").await;
    check("/cupola/errors?query=%28", 400, "search-fault").await;
    check("/cupola/errors?sort=luck", 400, "Accepted: count, last, first.").await;
    check("/cupola/errors/7", 400, "Accepted: one like 1-0123456789abcdef").await;
    check("/cupola/errors/1-0123456789abcdef", 200, "No error of the last 30 days has this fingerprint").await;
}
