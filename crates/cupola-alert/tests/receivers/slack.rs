//! A Slack held to what it documents.

use std::time::Duration;

use cupola_alert::{Message, MessageKind, Notifier as _, SendError, Slack};
use serde_json::{Value, json};

use super::server::{Asked, Says, Server, says};
use super::{SECRET, message};

/// The limits of Block Kit: what is over them is refused.
fn is_valid(payload: &Value) -> bool {
    let is_text = |text: &Value, most: usize| {
        let content = text["text"].as_str().unwrap_or_default();
        text["type"] == "mrkdwn" && !content.is_empty() && content.chars().count() <= most
    };
    let is_block = |block: &Value| match block["type"].as_str() {
        Some("divider") => true,
        Some("section") => {
            let fields = block["fields"].as_array();
            let has_text = block.get("text").is_none_or(|text| is_text(text, 3_000));
            let has_fields =
                fields.is_none_or(|all| (1..=10).contains(&all.len()) && all.iter().all(|field| is_text(field, 2_000)));
            has_text && has_fields && (block.get("text").is_some() || fields.is_some())
        }
        Some("context") => {
            let elements = block["elements"].as_array().unwrap();
            (1..=10).contains(&elements.len()) && elements.iter().all(|text| is_text(text, 2_000))
        }
        _ => false,
    };
    let is_attachment = |attachment: &Value| {
        let blocks = attachment["blocks"].as_array().unwrap();
        blocks.len() <= 50 && blocks.iter().all(is_block) && attachment["color"].as_str().unwrap().starts_with('#')
    };
    let text = payload["text"].as_str().unwrap_or_default();
    let has_heading = payload["blocks"].as_array().unwrap().iter().all(is_block);
    has_heading
        && !text.is_empty()
        && text.len() <= 4_000
        && payload["attachments"].as_array().unwrap().iter().all(is_attachment)
}

fn hook(_: &[Asked], asked: &Asked) -> Says {
    match serde_json::from_slice::<Value>(&asked.text) {
        Ok(payload) if is_valid(&payload) => says(200, "ok"),
        _ => says(400, "invalid_payload"),
    }
}

fn api(before: &[Asked], asked: &Asked) -> Says {
    let error = |error: &str| says(200, &json!({ "ok": false, "error": error }).to_string());
    if asked.header("authorization") != format!("Bearer xoxb-{SECRET}") {
        return error("invalid_auth");
    }
    let payload = asked.json();
    if !matches!(payload["channel"].as_str(), Some("#alerts" | "C1")) {
        return error("channel_not_found");
    }
    if !is_valid(&payload) {
        return error("invalid_blocks");
    }
    let is_known = |ts: &Value| ts == "1.0";
    match asked.path.as_str() {
        "/api/chat.update" if !is_known(&payload["ts"]) => error("message_not_found"),
        "/api/chat.update" => says(200, r#"{"ok":true,"channel":"C1","ts":"1.0"}"#),
        "/api/chat.postMessage" if payload.get("thread_ts").is_some_and(|ts| !is_known(ts)) => {
            error("thread_not_found")
        }
        "/api/chat.postMessage" => {
            says(200, &json!({ "ok": true, "channel": "C1", "ts": format!("{}.0", before.len() + 1) }).to_string())
        }
        _ => error("unknown_method"),
    }
}

fn assert_silent(error: &SendError) {
    let text = format!("{error} {error:?}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn a_webhook_takes_every_message() {
    let server = Server::start(hook).await;
    let slack = Slack::webhook(&format!("{}/services/{SECRET}", server.address)).unwrap();
    assert!(!format!("{slack:?}").contains(SECRET));
    let mut long = message(MessageKind::Firing, 3);
    for notice in &mut long.alerts {
        notice.rule = "<".repeat(5_000);
        notice.annotations.insert("description".into(), "&".repeat(50_000));
        notice.labels.extend((0..200).map(|index| (format!("label-{index}"), "<&>".repeat(1_000))));
    }
    let kinds =
        [MessageKind::Firing, MessageKind::Escalated, MessageKind::Repeat, MessageKind::Resolved, MessageKind::Test];
    let messages = kinds.into_iter().flat_map(|kind| [message(kind, 1), message(kind, 100)]).chain([long]);
    for message in messages {
        assert_eq!(slack.send(&message).await.unwrap().thread, None);
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 11);
    let text = String::from_utf8(asked[0].text.to_vec()).unwrap();
    assert!(text.contains("/users/{id}&lt;!channel&gt;&amp;") && !text.contains("<!channel>"), "{text}");
}

#[tokio::test]
async fn a_webhook_fails_as_documented() {
    let server = Server::start(hook).await;
    let slack = Slack::webhook(&format!("{}/services/{SECRET}", server.address)).unwrap();
    let check = async |answer: Says, is_lasting: bool, wait: Option<u64>, expected: &str| {
        server.tell(answer);
        let error = slack.send(&message(MessageKind::Firing, 1)).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_lasting()), (expected, is_lasting));
        assert_eq!(error.wait(), wait.map(Duration::from_secs));
        assert_silent(&error);
    };
    check(says(400, "invalid_payload"), true, None, "the answer was 400 Bad Request: invalid_payload").await;
    check(says(403, "action_prohibited"), true, None, "the answer was 403 Forbidden: action_prohibited").await;
    check(says(404, "no_service"), true, None, "the answer was 404 Not Found: no_service").await;
    check(says(410, "channel_is_archived"), true, None, "the answer was 410 Gone: channel_is_archived").await;
    let limited = says(429, "").with("retry-after", "30");
    check(limited, false, Some(30), "the answer was 429 Too Many Requests").await;
    check(says(500, "rollup_error"), false, None, "the answer was 500 Internal Server Error: rollup_error").await;
    let said = says(404, &format!("no_service {}/services/{SECRET}\n", server.address));
    check(said, true, None, "the answer was 404 Not Found: no_service [REDACTED]").await;
}

#[tokio::test]
async fn a_bot_answers_in_threads_and_marks_what_is_over() {
    let server = Server::start(api).await;
    let slack = Slack::bot_at(&format!("{}/api/", server.address), &format!("xoxb-{SECRET}"), "#alerts").unwrap();
    assert!(!format!("{slack:?}").contains(SECRET));
    let first = slack.send(&message(MessageKind::Firing, 1)).await.unwrap();
    assert_eq!(first.thread.as_deref(), Some("C1/1.0"));
    let asked = server.asked();
    assert_eq!((asked[0].path.as_str(), &asked[0].json()["channel"]), ("/api/chat.postMessage", &json!("#alerts")));
    assert_eq!(asked[0].json()["metadata"]["event_payload"]["id"], "0123456789abcdeffiring");

    let send = async |kind, open, expected: &[(&str, Value, Value)]| {
        let message = Message { thread: first.thread.clone(), open, ..message(kind, 1) };
        assert_eq!(slack.send(&message).await.unwrap().thread, first.thread, "the thread stays the first one's");
        let asked = server.asked();
        let asked: Vec<_> = asked.iter().map(|asked| (asked.path.as_str(), asked.json())).collect();
        let asked: Vec<_> =
            asked.iter().map(|(path, it)| (*path, it["thread_ts"].clone(), it["reply_broadcast"].clone())).collect();
        assert_eq!(asked, expected, "{kind}");
    };
    let (post, update) = ("/api/chat.postMessage", "/api/chat.update");
    send(MessageKind::Escalated, 0, &[(post, json!("1.0"), json!(true))]).await;
    send(MessageKind::Resolved, 1, &[(post, json!("1.0"), json!(false))]).await;
    send(MessageKind::Resolved, 0, &[(update, Value::Null, Value::Null), (post, json!("1.0"), json!(false))]).await;

    // It cannot be changed any more: the answer says the same.
    server.tell(says(200, r#"{"ok":false,"error":"edit_window_closed"}"#));
    send(MessageKind::Resolved, 0, &[(update, Value::Null, Value::Null), (post, json!("1.0"), json!(false))]).await;
    // It can be changed later: until then nothing is answered, so that nothing is answered twice.
    server.tell(says(429, "").with("retry-after", "7"));
    let over = Message { thread: first.thread.clone(), ..message(MessageKind::Resolved, 1) };
    assert_eq!(slack.send(&over).await.unwrap_err().wait(), Some(Duration::from_secs(7)));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_bot_fails_as_documented() {
    let server = Server::start(api).await;
    let api = format!("{}/api", server.address);
    let good = Slack::bot_at(&api, &format!("xoxb-{SECRET}"), "C1").unwrap();
    let check = async |slack: &Slack, is_lasting: bool, wait: Option<u64>, expected: &str| {
        let error = slack.send(&message(MessageKind::Firing, 1)).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_lasting()), (expected, is_lasting));
        assert_eq!(error.wait(), wait.map(Duration::from_secs));
        assert_silent(&error);
    };
    let stranger = Slack::bot_at(&api, &format!("xoxb-other-{SECRET}"), "C1").unwrap();
    check(&stranger, true, None, "chat.postMessage said invalid_auth").await;
    let elsewhere = Slack::bot_at(&api, &format!("xoxb-{SECRET}"), "#elsewhere").unwrap();
    check(&elsewhere, true, None, "chat.postMessage said channel_not_found").await;
    let error = |error: &str| says(200, &json!({ "ok": false, "error": error }).to_string());
    server.tell(error("ratelimited").with("retry-after", "3"));
    check(&good, false, Some(3), "chat.postMessage said ratelimited").await;
    for (word, is_lasting) in [
        ("internal_error", false),
        ("service_unavailable", false),
        ("is_archived", true),
        ("not_in_channel", true),
        ("token_revoked", true),
        ("msg_too_long", true),
        ("no_text", true),
    ] {
        server.tell(error(word));
        check(&good, is_lasting, None, &format!("chat.postMessage said {word}")).await;
    }
    server.tell(error(&format!("xoxb-{SECRET}\n")));
    check(&good, true, None, "chat.postMessage said [REDACTED]").await;
    server.tell(says(200, "<html>"));
    check(&good, false, None, "chat.postMessage answered something that is not JSON").await;
    server.tell(says(503, "down"));
    check(&good, false, None, "the answer was 503 Service Unavailable: down").await;
}
