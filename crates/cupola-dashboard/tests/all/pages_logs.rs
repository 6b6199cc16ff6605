//! The pages of log entries over a real store.

use std::time::Duration;

use cupola_store::{Batch, Signal, Tails, Value};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::pages::{answers, demo, get, pages, shown};
use crate::support::{House, now};

const SECOND: i64 = 1_000_000_000;

/// What stands in an address as it is, encoded.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The addresses that follow a text on a page.
pub(crate) fn addresses(page: &str, begin: &str) -> Vec<String> {
    let start = format!("href=\"{begin}");
    let rest = page.split(&start).skip(1);
    rest.map(|rest| format!("{begin}{}", rest.split('"').next().unwrap()).replace("&amp;", "&")).collect()
}

/// So many lines of one service, a second apart, the last one a second ago.
fn lines(house: &House, count: i64) -> i64 {
    let last = now().cast_signed() - SECOND;
    let mut logs = Batch::new(Signal::Logs);
    for number in 0..count {
        let mut row = logs.row(last - (count - 1 - number) * SECOND);
        row.set("level", Value::Text(if number % 10 == 0 { "ERROR" } else { "INFO" }));
        row.set("service", Value::Text(if number % 2 == 0 { "even" } else { "odd" }));
        row.set("message", Value::Text(&format!("line {number} ends")));
    }
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    last
}

#[tokio::test]
async fn entries_are_searched_counted_and_sorted_by_their_values() {
    let (house, _) = demo();
    let pages = pages(&house);
    let page = shown(&pages, "/cupola/logs").await;
    assert_eq!(page.matches("<details data-lazy>").count(), 80);
    assert!(page.contains("Log entries over time; together") && page.contains("rel=\"next\""));
    // A value of a facet is a search for it, and so is its absence.
    let links = addresses(&page, "/cupola/logs?query=");
    for search in ["service%3Dvm-provisioner", "service%21%3Dgateway", "status%3D404", "level%3Derror"] {
        assert!(links.iter().any(|link| link.ends_with(search)), "{search} {links:?}");
    }
    let page = shown(&pages, "/cupola/logs?query=service%3Dvm-provisioner%20level%3Derror").await;
    assert!(!page.contains("<span class=\"cut\">gateway</span>"));
    assert!(page.matches("<span class=\"badge badge-error\">ERROR</span>").count() > 5);
    let links = addresses(&page, "/cupola/logs?query=");
    assert!(links.contains(&"/cupola/logs?query=level%3Derror".to_owned()), "the search without the service");
    assert!(links.contains(&"/cupola/logs?query=service%3Dvm-provisioner%20level%3E%3Dwarn".to_owned()));
    let page = shown(&pages, "/cupola/logs?columns=route,status&facet=user_id").await;
    assert!(page.contains("rows more-2") && page.contains("<span class=\"cut\">/api/v1/vms/{id}</span>"));
    assert!(page.find("<h2>user_id").unwrap() < page.find("<h2>service").unwrap());
}

#[tokio::test]
async fn from_page_to_page_each_entry_is_shown_once() {
    let house = House::new();
    lines(&house, 25);
    let pages = pages(&house);
    let (mut link, mut seen) = ("/cupola/logs?limit=10".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = shown(&pages, &link).await;
        seen.extend(page.split("class=\"said\">line ").skip(1).map(|rest| rest.split(' ').next().unwrap().to_owned()));
        let older = page.split("\" rel=\"next\"").next().filter(|_| page.contains("rel=\"next\""));
        let older = older.map(|begin| begin.rsplit('"').next().unwrap().replace("&amp;", "&"));
        link = older.unwrap_or_default();
    }
    let expected: Vec<String> = (0..25).rev().map(|number| number.to_string()).collect();
    assert_eq!((seen, link), (expected, String::new()));
}

#[tokio::test]
async fn an_entry_is_read_in_full_between_its_neighbours() {
    let house = House::new();
    let last = lines(&house, 40);
    let pages = pages(&house);
    let list = shown(&pages, "/cupola/logs?query=20").await;
    let entry = addresses(&list, "/cupola/logs/entry?").remove(0);
    let page = shown(&pages, &format!("{entry}&lines=3")).await;
    let said: Vec<&str> =
        page.split("class=\"said\">line ").skip(1).map(|rest| rest.split(' ').next().unwrap()).collect();
    assert_eq!(said, ["26", "24", "22", "20", "18", "16", "14"], "of the same service");
    assert!(page.contains("<li class=\"row of-error chosen\">"));
    assert!(
        page.contains("/cupola/logs?query=20%20service%3Deven")
            && page.contains("/cupola/logs?query=20%20service%21%3Deven")
    );
    assert!(page.contains("/cupola/errors/1%2D") && page.contains("&quot;message&quot;:&quot;line 20 ends&quot;"));
    let page = shown(&pages, &format!("{entry}&lines=2&all=1")).await;
    assert!(page.contains("line 21 ends") && page.contains("line 19 ends") && !page.contains("line 23 ends"));
    assert!(!shown(&pages, &format!("{entry}&lines=0")).await.contains("Lines around it</h2>"));
    let (status, _, page) = get(&pages, &format!("/cupola/logs/entry?at={last}&id=none")).await;
    assert!(status == 404 && page.contains("This entry is not here"));
}

#[tokio::test]
async fn what_was_found_is_taken_away_as_lines() {
    let house = House::new();
    lines(&house, 12);
    let pages = pages(&house);
    let (status, heads, text) = get(&pages, "/cupola/logs/download?query=service%3Dodd").await;
    assert_eq!((status, &heads["content-type"]), (200, &"application/jsonl; charset=utf-8".parse().unwrap()));
    assert!(heads["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"logs-"));
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["message"]), (6, &"line 11 ends".into()));
    let (status, _, page) = get(&pages, "/cupola/logs/download?query=%28").await;
    assert!(status == 400 && page.contains("The search cannot be read"), "{page}");
}

#[tokio::test]
async fn what_cannot_be_searched_is_shown_where_it_is_wrong() {
    let house = House::new();
    let pages = pages(&house);
    let check = async |path: &str, status: u16, says: &str| answers(&pages, path, status, says).await;
    check("/cupola/logs?query=level%3Dwran%20x", 400, "<pre>level=<mark>w</mark>ran x</pre>").await;
    check("/cupola/logs?query=level%3Dwran%20x", 400, "at character 7: a level is trace, debug, info, warn or error.")
        .await;
    check("/cupola/logs?query=%C3%A4%C3%B6%20%28a", 400, "<pre>äö <mark>(</mark>a</pre>").await;
    check("/cupola/logs?query=a%20and", 400, "<mark>␣</mark>").await;
    check("/cupola/logs?cursor=x", 400, "`cursor` is none. Accepted: ").await;
    check("/cupola/logs?limit=0", 400, "Accepted: a whole number from 1 to 500.").await;
    check("/cupola/logs/entry?at=soon", 400, "`at` is no time. Accepted: ").await;
    check("/cupola/logs", 200, "OTEL_EXPORTER_OTLP_ENDPOINT").await;
    check("/cupola/logs?query=x", 200, "Search for all").await;
}

#[tokio::test]
async fn every_text_of_an_entry_is_text_and_nothing_else() {
    let house = House::new();
    let evil = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>'`\r\n\ndata: x";
    let mut logs = Batch::new(Signal::Logs);
    let mut row = logs.row(now().cast_signed() - SECOND);
    for name in ["level", "message", "service", "route", "status", "error", "target", "trace_id", "job_id", evil] {
        row.set(name, Value::Text(evil));
    }
    row.set("json", Value::Json("{\"a\":\"<script>alert(1)</script>\"}"));
    let tails = Tails::new(1);
    let pages = pages(&house).tails(tails.clone());
    let app = pages.clone().router();
    let asked = http::Request::get("/cupola/logs/tail").body(axum::body::Body::empty()).unwrap();
    let mut live = app.oneshot(asked).await.unwrap().into_body();
    tails.offer(&logs);
    let come = tokio::time::timeout(Duration::from_secs(30), live.frame()).await.unwrap().unwrap().unwrap();
    let come = String::from_utf8(come.into_data().unwrap().to_vec()).unwrap();
    assert!(come.starts_with("event: row\ndata: <li") && come.ends_with("</li>\n\n"), "{come}");
    assert!(!come.contains("<img") && !come.contains("<script") && come.matches("data:").count() > 1);
    assert_eq!(come.trim_end().lines().count(), 2, "one row is one line");

    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let list = shown(&pages, &format!("/cupola/logs?columns=route,{}", encoded("a,<b>"))).await;
    let entry = addresses(&list, "/cupola/logs/entry?").remove(0);
    let searched = format!("/cupola/logs?query=%22{}%22", encoded("<img src=x>"));
    for path in ["/cupola/logs", &entry, &searched, &format!("/cupola/logs?query={}", encoded(evil))] {
        let (_, _, page) = get(&pages, path).await;
        assert!(!page.contains("<img") && !page.contains("<script>") && !page.contains("alert(1)</script"), "{path}");
    }
    assert!(!list.contains("<b>"));
}

#[tokio::test]
async fn who_watches_too_much_is_told() {
    let house = House::new();
    let tails = Tails::new(1);
    let watched = pages(&house).tails(tails.clone());
    let page = shown(&watched, "/cupola/logs?live=1&query=level%3E%3Dwarn").await;
    assert!(page.contains("data-live=\"/cupola/logs/tail?query=level%3E%3Dwarn\""));
    let _other = tails.open(Signal::Logs, None).unwrap();
    let (status, heads, text) = get(&watched, "/cupola/logs/tail").await;
    assert_eq!((status, &heads["content-type"]), (200, &"text/event-stream".parse().unwrap()));
    assert!(text.starts_with("event: refused\ndata: There are too many watch") || text.contains("at most 1"), "{text}");
    let (_, _, text) = get(&pages(&house), "/cupola/logs/tail").await;
    assert!(text.contains("Nothing comes in here that could be watched."), "{text}");
    let (_, _, text) = get(&watched, "/cupola/logs/tail?query=%28").await;
    assert!(text.starts_with("event: refused\ndata: The search cannot be read: "), "{text}");
}
