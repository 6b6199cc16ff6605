//! The pages of alerts, rules and silences, over an engine that evaluates.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use cupola_alert::{Alerts, Receivers, RuleSource, Rules};
use cupola_dashboard::{Access, Api, Pages, Role};
use cupola_store::{Batch, Change, Metadata, MetadataFile, Signal, Value};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;

use crate::security::Browser;
use crate::support::{House, now};

const EVIL: &str = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>'`{{7*7}}";

const RULES: &str = "[[rule]]\nname = 'errors / all'\nkind = 'logs'\nfilter = 'level>=error'\nthreshold = 0\nby = 'service'\n\
                     annotations = { summary = 'it fails: {{ labels.service }}' }\n";

/// A store with an error, and an engine that has seen it.
fn house() -> (House, Arc<Alerts>, Router) {
    let house = House::new();
    let mut logs = Batch::new(Signal::Logs);
    let time = now().cast_signed();
    let mut row = logs.row(time - 20_000_000_000);
    row.set("level", Value::Text("ERROR")).set("message", Value::Text("no answer")).set("service", Value::Text(EVIL));
    logs.row(time - 720_000_000_000).set("level", Value::Text("INFO")).set("message", Value::Text("long ago"));
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let rules = Rules::from_toml(&RULES.replace(" / ", " of ")).unwrap();
    let reader = Arc::new(house.reader());
    let alerts = Arc::new(Alerts::new(reader.clone(), Arc::clone(&metadata), rules, Receivers::default()));
    alerts.evaluate(time).unwrap();
    let access = Access::default()
        .users(Arc::clone(&metadata))
        .token("view-token", Role::Viewer)
        .token("operator-token", Role::Operator)
        .token("admin-token", Role::Admin);
    let pages = Pages::new(reader).metadata(metadata).access(access).alerting(Arc::clone(&alerts));
    (house, alerts, pages.router())
}

/// An engine that has found that more than nothing fails.
pub(crate) fn failing(house: &House, metadata: Arc<dyn Metadata>) -> Arc<Alerts> {
    let mut rules = Rules::none();
    let rule = json!({
        "name": "too many fail", "kind": "logs", "filter": "level>=error", "threshold": 0, "window": "1h",
        "severity": "critical", "annotations": { "summary": "vm-provisioner fails too often" },
    });
    rules.add(&rule, RuleSource::File).unwrap();
    let alerts = Alerts::new(Arc::new(house.reader()), metadata, rules, Receivers::default());
    alerts.evaluate(now().cast_signed()).unwrap();
    Arc::new(alerts)
}

async fn browser(app: &Router, role: &str) -> Browser {
    let mut browser = Browser::new(app);
    assert_eq!(browser.log_in(&format!("secret={role}-token")).await.status, 303);
    browser
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn an_alert_is_acknowledged_in_place_and_the_history_tells() {
    let (_house, alerts, app) = house();
    let id = alerts.alerts().unwrap().into_iter().find(|alert| alert.rule == "errors of all").unwrap().id();
    let mut viewer = browser(&app, "view").await;
    let list = viewer.get("/cupola/alerts").await.text;
    assert!(list.contains("errors of all") && list.contains("it fails:") && !list.contains(">Acknowledge<"));
    assert!(viewer.get("/cupola").await.text.contains(" open alert"), "the first screen knows of it");
    let act = |what: &str| format!("alert={}&what={what}&note=at+it&back=list", encoded(&id.to_string()));
    assert_eq!(viewer.post("/cupola/alerts", "/cupola/alerts/act", &act("acknowledge")).await.status, 403);
    let mut operator = browser(&app, "operator").await;
    let done = operator.post("/cupola/alerts", "/cupola/alerts/act", &act("acknowledge")).await;
    assert_eq!((done.status, done.heads["location"].to_str().unwrap()), (303, "/cupola/alerts"), "{}", done.text);
    let seen = alerts.alert(&id).unwrap().unwrap().acknowledged.unwrap();
    assert_eq!(seen.note, "at it");
    let list = operator.get("/cupola/alerts").await.text;
    assert!(list.contains("Acknowledged") && list.contains("Nothing is open that nobody looks after"));
    let page = format!("/cupola/alerts/{}/{}", encoded(&id.rule), id.fingerprint);
    for what in ["comment", "assign&to=ada", "silence&hours=4", "unacknowledge", "resolve"] {
        let done = operator.post(&page, "/cupola/alerts/act", &act(what)).await;
        assert_eq!(done.status, 303, "{what}: {}", done.text);
    }
    // Evaluation takes notice at its next turn.
    alerts.evaluate(now().cast_signed() + 1_000_000_000).unwrap();
    let one = operator.get(&page).await.text;
    for says in ["comment", "assigned to ada", "acknowledged", "acknowledgement taken back", "closed", "silenced by"] {
        assert!(one.contains(says), "{says} is not on the page: {one}");
    }
    let history = operator.get("/cupola/alerts-history").await.text;
    assert!(history.contains("it was too much for long enough") || history.contains("it is too much"), "{history}");
    for (fields, says) in [
        (act("dance"), "Accepted: acknowledge"),
        (act("silence"), "Accepted: a whole number from 1 to 8760"),
        ("alert=none&what=comment&note=x".to_owned(), "one is RULE/FINGERPRINT"),
        ("alert=none/none&what=comment&note=x".to_owned(), "there is no alert"),
    ] {
        let refused = operator.post(&page, "/cupola/alerts/act", &fields).await;
        assert!(refused.status == 400 && refused.text.contains(says), "{says}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_silence_begins_and_ends() {
    let (_house, alerts, app) = house();
    let mut operator = browser(&app, "operator").await;
    let bad = operator.post("/cupola/silences", "/cupola/silences/add", "matchers=shop&hours=1").await;
    assert!(bad.status == 400 && bad.text.contains("LABEL=VALUE"), "{}", bad.text);
    let fields = format!("matchers=service%3Dshop*%0Arule!%3D{}&hours=1&note=moving", encoded(EVIL));
    assert_eq!(operator.post("/cupola/silences", "/cupola/silences/add", &fields).await.status, 303);
    let silences = alerts.silences().unwrap();
    assert_eq!((silences.len(), silences[0].matchers.len(), &*silences[0].note), (1, 2, "moving"));
    let page = operator.get("/cupola/silences").await.text;
    assert!(page.contains("service=shop*") && page.contains("&lt;img") && !page.contains("<img"));
    let end = format!("id={}", silences[0].id);
    assert_eq!(operator.post("/cupola/silences", "/cupola/silences/end", &end).await.status, 303);
    assert!(operator.get("/cupola/silences").await.text.contains("Of every alert somebody is told"));
}

#[tokio::test]
async fn a_rule_is_checked_tried_set_turned_off_and_taken_away() {
    let (_house, alerts, app) = house();
    let mut admin = browser(&app, "admin").await;
    let list = admin.get("/cupola/rules").await.text;
    for says in ["errors of all", "api errors", "the start", "Turn off", "error_ratio &gt; 10 %"] {
        assert!(list.contains(says), "{says} is not on the page: {list}");
    }
    let wrong = encoded("name = 'slow'\nkind = 'latency'\ntreshold = 5\n");
    let page = admin.get(&format!("/cupola/rule?text={wrong}")).await.text;
    assert!(page.contains("is threshold meant?") && !page.contains("Set this rule"), "{page}");
    assert!(admin.get("/cupola/rule?text=%3D").await.text.contains("This is no TOML"));
    let good = encoded("name = 'mine'\nkind = 'logs'\nfilter = 'message=\"long ago\"'\nthreshold = 0\n");
    let page = admin.get(&format!("/cupola/rule?text={good}")).await.text;
    assert!(page.contains("It would have fired <b>once</b>") && page.contains("Set this rule"), "{page}");
    let done = admin.post(&format!("/cupola/rule?text={good}"), "/cupola/rule/set", &format!("text={good}")).await;
    assert_eq!((done.status, done.heads["location"].to_str().unwrap()), (303, "/cupola/rules/mine"));
    let one = admin.get("/cupola/rules/mine?preview=yes").await.text;
    assert!(one.contains("It would have fired <b>once</b>") && one.contains("Take it away"), "{one}");
    assert_eq!(admin.post("/cupola/rules", "/cupola/rule/enable", "name=mine&enabled=false").await.status, 303);
    assert!(!alerts.all_rules().unwrap().get("mine").unwrap().is_enabled());
    assert_eq!(admin.post("/cupola/rules", "/cupola/rule/enable", "name=mine&enabled=so").await.status, 400);
    assert_eq!(admin.post("/cupola/rules", "/cupola/rule/enable", "name=none&enabled=true").await.status, 404);
    assert_eq!(admin.post("/cupola/rules", "/cupola/rule/delete", "name=mine").await.status, 303);
    assert!(alerts.all_rules().unwrap().get("mine").is_none());
    let kept = admin.post("/cupola/rules", "/cupola/rule/delete", "name=cpu").await;
    assert!(kept.status == 400 && kept.text.contains("enabled = false"), "{}", kept.text);
    let mut operator = browser(&app, "operator").await;
    assert!(!operator.get("/cupola/rules").await.text.contains("Turn off"));
    assert_eq!(operator.post("/cupola/silences", "/cupola/rule/set", &format!("text={good}")).await.status, 403);
}

#[tokio::test]
async fn a_search_becomes_a_rule_that_can_be_tried() {
    let (_house, _alerts, app) = house();
    let mut admin = browser(&app, "admin").await;
    for (search, name) in [("message=\"long ago\" a/b", "many of message="), ("", "many log entries")] {
        let logs = admin.get(&format!("/cupola/logs?query={}", encoded(search))).await.text;
        let link = logs.split("href=\"/cupola/rule?").nth(1).expect("no link to a rule").split('"').next().unwrap();
        let page = admin.get(&format!("/cupola/rule?{}", link.replace("&amp;", "&"))).await.text;
        assert!(page.contains("It would have fired") && page.contains("Set this rule"), "{search}: {page}");
        assert!(page.contains(name) && page.contains("window = &quot;5m&quot;"), "{search}: {page}");
    }
    let silent = crate::pages::pages(&House::new());
    assert!(!crate::pages::shown(&silent, "/cupola/logs").await.contains("/cupola/rule?"), "nobody would judge it");
}

#[tokio::test]
async fn what_alerts_say_is_text_and_nothing_else() {
    let (_house, alerts, app) = house();
    let id = alerts.alerts().unwrap().into_iter().find(|alert| alert.rule == "errors of all").unwrap().id();
    let mut admin = browser(&app, "admin").await;
    let evil = encoded(EVIL);
    for path in [
        "/cupola".to_owned(),
        "/cupola/alerts".to_owned(),
        format!("/cupola/alerts/{}/{}", encoded(&id.rule), id.fingerprint),
        "/cupola/alerts-history".to_owned(),
        format!("/cupola/rule?text={evil}"),
        format!("/cupola/rules/{evil}"),
        format!("/cupola/alerts/{evil}/{evil}"),
    ] {
        let page = admin.get(&path).await.text;
        assert!(!page.contains("<img") && !page.contains("<script>"), "{path}");
    }
    assert!(admin.get("/cupola/alerts").await.text.contains("&lt;img src=x onerror=alert"), "it is shown as it was");
    assert_eq!(admin.get("/cupola/alerts/none/none").await.status, 404);
    assert_eq!(admin.get("/cupola/rules/none").await.status, 404);
    assert_eq!(admin.get("/cupola/alerts-history?before=soon").await.status, 400);
}

#[tokio::test]
async fn the_api_tells_of_alerts_and_lets_those_decide_who_may() {
    let (house, alerts, _) = house();
    let access = Access::default().token("view-token", Role::Viewer).token("admin-token", Role::Admin);
    let app = Api::new(Arc::new(house.reader())).access(access).alerting(Arc::clone(&alerts)).router();
    let ask = async |method: &str, path: &str, token: &str, body: Json| {
        let request = Request::builder().method(method).uri(format!("/cupola/api/v1{path}"));
        let request = request.header("authorization", format!("Bearer {token}-token"));
        let sent = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = app.clone().oneshot(request.body(sent).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Json>(&bytes).unwrap())
    };
    let (status, told) = ask("GET", "/alerts", "view", Json::Null).await;
    let alert =
        told["alerts"].as_array().unwrap().iter().find(|alert| alert["rule"] == "errors of all").unwrap().clone();
    assert_eq!((status, &alert["phase"], &alert["value"]), (200, &json!("firing"), &json!(1.0)));
    let body = json!({ "alert": alert["id"], "note": "at it", "until": "2200-01-01T00:00:00Z" });
    let (status, told) = ask("POST", "/alerts/acknowledge", "view", body.clone()).await;
    assert_eq!((status, &told["status"]), (403, &json!(403)), "{told}");
    let (status, told) = ask("POST", "/alerts/acknowledge", "admin", body.clone()).await;
    assert_eq!((status, &told["acknowledged"]["note"]), (200, &json!("at it")), "{told}");
    let (_, told) = ask("GET", "/alerts/history?limit=1", "view", Json::Null).await;
    assert_eq!(told["events"][0]["event"]["what"], "acknowledged", "{told}");
    assert_eq!(ask("POST", "/alerts/dance", "admin", body.clone()).await.0, 404);
    let (status, told) = ask("POST", "/alerts/silence", "admin", json!({ "alert": alert["id"] })).await;
    assert_eq!((status, &told["parameter"]), (400, &json!("until")), "{told}");
    let (status, told) = ask("POST", "/alerts/silence", "admin", body).await;
    assert_eq!((status, &told["parameter"]), (400, &json!("note")), "{told}");
    let body = json!({ "alert": alert["id"], "until": "2200-01-01T00:00:00Z" });
    assert_eq!(ask("POST", "/alerts/silence", "admin", body).await.0, 200);
    let (_, told) = ask("GET", "/silences", "view", Json::Null).await;
    let id = told["silences"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ask("DELETE", &format!("/silences/{id}"), "admin", Json::Null).await.0, 200);
    assert_eq!(ask("DELETE", "/silences/none", "admin", Json::Null).await.0, 404);
    for (method, path, body, named, accepted) in [
        ("GET", "/alerts?phase=firing", Json::Null, "phase", "none"),
        ("GET", "/alerts/history?lmit=5", Json::Null, "lmit", "alert, before, limit"),
        ("DELETE", "/silences/none?now=1", Json::Null, "now", "none"),
        ("GET", "/rules/%ff/preview", Json::Null, "path", "UTF-8"),
        ("POST", "/alerts/acknowledge", json!({ "alert": 5 }), "alert", "RULE/FINGERPRINT"),
        ("POST", "/alerts/acknowledge", json!({ "alert": "none" }), "alert", "RULE/FINGERPRINT"),
        ("POST", "/alerts/acknowledge", json!({ "alert": alert["id"], "note": ["x"] }), "note", "a text"),
        ("POST", "/alerts/acknowledge", json!({ "alert": alert["id"], "until": "soon" }), "until", "RFC 3339"),
        ("POST", "/alerts/assign", json!({ "alert": alert["id"], "to": 7 }), "to", "a name"),
        ("POST", "/alerts/assign", json!({ "alert": alert["id"], "for": "ada" }), "for", "a name"),
        ("POST", "/alerts/comment", json!([]), "body", "an object"),
        ("POST", "/alerts/comment", Json::Null, "body", "an object"),
        ("POST", "/alerts/send-again", json!({}), "message", "its id"),
        (
            "POST",
            "/silences",
            json!({ "matchers": "service=shop", "until": "2200-01-01T00:00:00Z" }),
            "matchers",
            "a list",
        ),
        ("POST", "/silences", json!({ "matchers": [5], "until": "2200-01-01T00:00:00Z" }), "matchers[0]", "a list"),
    ] {
        let (status, told) = ask(method, path, "admin", body).await;
        assert_eq!((status, &told["parameter"]), (400, &json!(named)), "{method} {path}: {told}");
        assert!(told["accepted"].as_str().unwrap().contains(accepted), "{method} {path}: {told}");
    }
    let rule = json!({ "kind": "logs", "filter": "message=\"long ago\"", "threshold": 0 });
    let (status, told) = ask("PUT", "/rules/mine", "admin", rule).await;
    assert_eq!((status, &told["rule"]["name"]), (200, &json!("mine")), "{told}");
    let (_, told) = ask("GET", "/rules/mine/preview", "view", Json::Null).await;
    assert_eq!(told["fired"], 1, "{told}");
    let (status, told) = ask("PUT", "/rules/mine", "admin", json!({ "kind": "logs", "treshold": 1 })).await;
    assert!(status == 400 && told["detail"].as_str().unwrap().contains("is threshold meant?"), "{told}");
    assert_eq!(ask("DELETE", "/rules/mine", "view", Json::Null).await.0, 403);
    assert_eq!(ask("DELETE", "/rules/mine", "admin", Json::Null).await.0, 200);
    let (_, told) = ask("GET", "/rules", "view", Json::Null).await;
    assert!(told["rules"].as_array().unwrap().iter().any(|rule| rule["name"] == "cpu" && rule["source"] == "default"));
}

#[tokio::test]
async fn a_message_that_was_given_up_is_shown_and_sent_again() {
    let (house, alerts, app) = house();
    let metadata = MetadataFile::open(house.dir()).unwrap();
    let notice = json!({ "rule": "errors of all", "fingerprint": "f1", "episode": "e1", "severity": "warning", "labels": {}, "annotations": {},
        "unit": "", "starts_at": 1 });
    let failed = |id: &str| {
        let message = json!({ "id": id, "kind": "firing", "receiver": EVIL, "time": 1, "sent": 1, "group": {}, "alerts": [notice], "more": 0,
            "suppressed": 0, "open": 0 });
        let body = json!({ "message": message, "attempts": 3, "error": EVIL, "time": now() }).to_string();
        let change = Change::Put {
            kind: cupola_alert::Failed::KIND,
            key: id.to_owned(),
            body,
            expect: cupola_store::Expect::Absent,
        };
        metadata.apply(&[change]).unwrap();
    };
    failed("m1");
    failed("m2");
    assert_eq!(alerts.failed().unwrap().len(), 2);
    let seen = browser(&app, "view").await.get("/cupola/alerts").await.text;
    assert!(seen.contains("nobody was told") && !seen.contains("Send again") && !seen.contains("<img src=x"), "{seen}");
    let mut operator = browser(&app, "operator").await;
    assert!(operator.get("/cupola/alerts").await.text.contains("Send again"));
    let sent = operator.post("/cupola/alerts", "/cupola/alerts/send-again", "message=m1").await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    assert_eq!(operator.post("/cupola/alerts", "/cupola/alerts/send-again", "message=m1").await.status, 400, "once");
    assert!(operator.get("/cupola/alerts-history").await.text.contains("to be sent again"));

    let access = Access::default().token("view-token", Role::Viewer).token("operator-token", Role::Operator);
    let api = Api::new(Arc::new(house.reader())).access(access).alerting(Arc::clone(&alerts)).router();
    let ask = async |method: &str, path: &str, token: &str, body: &str| {
        let request = Request::builder().method(method).uri(format!("/cupola/api/v1/alerts/{path}"));
        let request =
            request.header("authorization", format!("Bearer {token}-token")).body(Body::from(body.to_owned()));
        let answer = api.clone().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice::<Json>(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap())
    };
    let (_, told) = ask("GET", "failed", "view", "").await;
    assert_eq!((told["failed"].as_array().unwrap().len(), &told["failed"][0]["message"]), (1, &json!("m2")), "{told}");
    let (status, health) = ask("GET", "health", "view", "").await;
    assert_eq!(
        (status, &health["healthy"], &health["evaluation"][0]["healthy"]),
        (200, &json!(false), &json!(true)),
        "{health}"
    );
    assert_eq!(ask("POST", "send-again", "view", r#"{"message":"m2"}"#).await.0, 403);
    assert_eq!(ask("POST", "send-again", "operator", r#"{"message":"m2"}"#).await.0, 200);
    assert_eq!(ask("POST", "send-again", "operator", r#"{"message":"m2"}"#).await.0, 404);
}
