//! A model of the gateway's own: it needs no network, and says the same to the same question.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

/// The model's name.
pub const MODEL: &str = "echo-1";

const WORDS: [&str; 16] = [
    "the",
    "light",
    "comes",
    "through",
    "a",
    "small",
    "dome",
    "above",
    "tower",
    "and",
    "from",
    "it",
    "you",
    "see",
    "everything",
    "around",
];

/// As a provider tells of its limits.
const LIMITS: [(HeaderName, &str); 3] = [
    (HeaderName::from_static("x-ratelimit-limit-requests"), "1000"),
    (HeaderName::from_static("x-ratelimit-remaining-requests"), "999"),
    (HeaderName::from_static("x-ratelimit-reset-requests"), "60ms"),
];

#[derive(Debug, Deserialize)]
struct Question {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: StreamOptions,
    max_tokens: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: String,
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

/// What the model says to a question.
struct Said {
    id: String,
    words: Vec<String>,
    finish: &'static str,
    asked: usize,
}

/// The model as a service, as OpenAI's is; it thinks so long before each word.
pub fn routes(think: Duration) -> Router {
    Router::new().route("/v1/chat/completions", post(answer)).with_state(think)
}

async fn answer(State(think): State<Duration>, body: Bytes) -> Response {
    let Ok(question) = serde_json::from_slice::<Question>(&body) else {
        return error(StatusCode::BAD_REQUEST, "invalid_request_error", None);
    };
    if question.model != MODEL {
        return error(StatusCode::NOT_FOUND, "invalid_request_error", Some("model_not_found"));
    }
    let said = say(&question);
    if question.stream {
        return (LIMITS, [(header::CONTENT_TYPE, "text/event-stream")], events(&question, &said, think))
            .into_response();
    }
    tokio::time::sleep(think * said.words.len() as u32).await;
    let message = json!({ "role": "assistant", "content": said.words.join(" "), "refusal": null });
    let choice = json!({ "index": 0, "message": message, "finish_reason": said.finish });
    let answer = json!({
        "id": said.id, "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [choice], "usage": usage(&said),
    });
    (LIMITS, Json(answer)).into_response()
}

/// Word by word, then why it ends, then what was used where that is asked for.
fn events(question: &Question, said: &Said, think: Duration) -> Body {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": said.id, "object": "chat.completion.chunk", "created": 0, "model": MODEL,
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let word = |(number, word): (usize, &String)| {
        let text = if number == 0 { word.clone() } else { format!(" {word}") };
        chunk(json!([{ "index": 0, "delta": { "content": text }, "finish_reason": null }]), Value::Null)
    };
    let mut events: Vec<String> = said.words.iter().enumerate().map(word).collect();
    events.push(chunk(json!([{ "index": 0, "delta": {}, "finish_reason": said.finish }]), Value::Null));
    if question.stream_options.include_usage {
        events.push(chunk(json!([]), usage(said)));
    }
    events.push("data: [DONE]\n\n".to_owned());
    Body::from_stream(stream::iter(events).then(move |event| async move {
        if !think.is_zero() {
            tokio::time::sleep(think).await;
        }
        Ok::<_, Infallible>(event)
    }))
}

fn say(question: &Question) -> Said {
    let asked: Vec<&str> = question.messages.iter().flat_map(|message| message.content.split_whitespace()).collect();
    let seed = asked
        .join(" ")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let word = |number: usize| WORDS[(seed.rotate_left(5 * number as u32) % WORDS.len() as u64) as usize].to_owned();
    let mut words: Vec<String> = (0..8 + (seed % 24) as usize).map(word).collect();
    if asked.contains(&"JSON") && !mumbles(&asked) {
        words = in_json(&words);
    }
    let most = question.max_tokens.unwrap_or(usize::MAX);
    let finish = if most < words.len() { "length" } else { "stop" };
    words.truncate(most);
    Said { id: format!("chatcmpl-{seed:016x}"), words, finish, asked: asked.len() }
}

/// Of topics with such a word it speaks as people do, as models do now and then: asked again, it may or may not do better.
fn mumbles(asked: &[&str]) -> bool {
    asked.contains(&"mumble") || asked.contains(&"stumble") && !asked.contains(&"none:")
}

/// As models answer who are asked for JSON: with a fence around it.
fn in_json(words: &[String]) -> Vec<String> {
    let (title, rest) = words.split_at(3);
    let points: Vec<_> = rest.chunks(4).map(|point| point.join(" ")).collect();
    let object = json!({ "title": title.join(" "), "summary": words.join(" "), "points": points });
    format!("```json\n{object}\n```").split(' ').map(ToOwned::to_owned).collect()
}

fn usage(said: &Said) -> Value {
    let (asked, answered) = (said.asked, said.words.len());
    json!({ "prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered })
}

fn error(status: StatusCode, kind: &str, code: Option<&str>) -> Response {
    let error = json!({ "error": { "message": "the question is none", "type": kind, "code": code, "param": null } });
    (status, Json(error)).into_response()
}
