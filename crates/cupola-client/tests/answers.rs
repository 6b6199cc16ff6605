//! Answers of all four formats, as the providers' documentation has them: what is found in each, however the bytes are cut.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use cupola_client::llm::{AnswerParser, Format};
use cupola_record::{LlmErrorKind, Usage};
use http::StatusCode;

/// What a parser has found, so that two can be compared.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    format: Option<Format>,
    model: Option<String>,
    id: Option<String>,
    finish: String,
    usage: Usage,
    cost: Option<u64>,
    chunks: u64,
    is_done: bool,
    is_refused: bool,
    error: Option<LlmErrorKind>,
    code: Option<String>,
    text: Option<(String, bool)>,
}

fn see(parser: &mut AnswerParser, status: u16) -> Seen {
    parser.finish();
    Seen {
        format: parser.format(),
        model: parser.model().map(str::to_owned),
        id: parser.id().map(str::to_owned),
        finish: parser.finish_reasons().join(","),
        usage: parser.usage(),
        cost: parser.cost_micros(),
        chunks: parser.chunks(),
        is_done: parser.is_done(),
        is_refused: parser.is_refused(),
        error: parser.error(StatusCode::from_u16(status).unwrap()),
        code: parser.error_code().map(str::to_owned),
        text: parser.text(),
    }
}

fn read(pieces: &[&[u8]], status: u16, text: Option<usize>) -> Seen {
    let parser = AnswerParser::new();
    let mut parser = text.into_iter().fold(parser, AnswerParser::keeping_text);
    pieces.iter().for_each(|piece| parser.feed(piece));
    see(&mut parser, status)
}

/// The same is found in the whole, in single bytes, and in two pieces cut here and there.
fn seen(answer: &str, status: u16) -> Seen {
    let bytes = answer.as_bytes();
    let whole = read(&[bytes], status, None);
    assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>(), status, None), whole, "byte by byte: {answer}");
    for at in (1..bytes.len()).step_by(61) {
        let (one, other) = bytes.split_at(at);
        assert_eq!(read(&[one, other], status, None), whole, "cut at {at}: {answer}");
    }
    let with_text = read(&[bytes], status, Some(1 << 20));
    assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>(), status, Some(1 << 20)), with_text);
    assert_eq!(Seen { text: None, ..with_text.clone() }, whole, "keeping the text changes nothing else");
    with_text
}

fn usage(counts: [Option<u64>; 5], complete: bool) -> Usage {
    let [input, cache_read, cache_write, output, reasoning] = counts;
    Usage { input, cache_read, cache_write, output, reasoning, complete }
}

const CHAT: &str = include_str!("answers/chat.sse");
const CHAT_JSON: &str = include_str!("answers/chat.json");
const CHAT_TOOLS: &str = include_str!("answers/chat_tools.sse");
const RESPONSES: &str = include_str!("answers/responses.sse");
const RESPONSES_JSON: &str = include_str!("answers/responses.json");
const MESSAGES: &str = include_str!("answers/messages.sse");
const MESSAGES_JSON: &str = include_str!("answers/messages.json");
const GEMINI: &str = include_str!("answers/gemini.sse");
const GEMINI_JSON: &str = include_str!("answers/gemini.json");

const ALL: [&str; 9] =
    [CHAT, CHAT_JSON, CHAT_TOOLS, RESPONSES, RESPONSES_JSON, MESSAGES, MESSAGES_JSON, GEMINI, GEMINI_JSON];

#[test]
fn no_cut_matters() {
    for answer in ALL {
        let whole = read(&[answer.as_bytes()], 200, None);
        for at in 1..answer.len() {
            let (one, other) = answer.as_bytes().split_at(at);
            assert_eq!(read(&[one, other], 200, None), whole, "cut at {at}: {answer}");
        }
    }
}

#[test]
fn chat_completions() {
    let stream = seen(CHAT, 200);
    assert_eq!((stream.format, stream.model.as_deref()), (Some(Format::Chat), Some("gpt-4o-mini-2024-07-18")));
    assert_eq!(
        (stream.id.as_deref(), stream.finish.as_str()),
        (Some("chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG"), "stop")
    );
    assert_eq!(stream.usage, usage([Some(2006), Some(1920), None, Some(300), Some(256)], true));
    assert_eq!((stream.chunks, stream.is_done, stream.error), (6, true, None));
    assert_eq!(stream.text, Some(("Hello \"usage\": {1}, café \u{1f600}!".to_owned(), false)));

    let json = seen(CHAT_JSON, 200);
    assert_eq!((json.model.as_deref(), json.finish.as_str()), (Some("gpt-4.1-2025-04-14"), "stop"));
    assert_eq!(json.usage, usage([Some(19), Some(0), None, Some(10), Some(0)], true));
    assert_eq!((json.chunks, json.is_done, json.error), (0, true, None));
    assert_eq!(json.text.unwrap().0, "Hello! How can I assist you today?");
}

#[test]
fn chat_without_usage_has_none() {
    let mut lines: Vec<&str> = CHAT.lines().collect();
    lines.retain(|line| !line.contains("\"choices\":[],"));
    let stream = seen(&lines.join("\n"), 200);
    assert_eq!(stream.usage, Usage::default());
    assert_eq!((stream.chunks, stream.finish.as_str(), stream.error), (5, "stop", None));
}

#[test]
fn tools_are_called_and_their_arguments_are_nobodys_word() {
    let stream = seen(CHAT_TOOLS, 200);
    assert_eq!((stream.finish.as_str(), stream.model.as_deref()), ("tool_calls", Some("gpt-4o-2024-08-06")));
    assert_eq!((stream.usage, stream.error), (Usage::default(), None));
    // Arguments that are objects themselves.
    assert_eq!(seen(MESSAGES_JSON, 200).usage.output, Some(95));
    assert_eq!(seen(GEMINI_JSON, 200).usage.output, Some(12));
}

#[test]
fn responses() {
    for (answer, chunks) in [(RESPONSES, 9), (RESPONSES_JSON, 0)] {
        let seen = seen(answer, 200);
        assert_eq!((seen.format, seen.model.as_deref()), (Some(Format::Responses), Some("gpt-4.1-2025-04-14")));
        assert_eq!(seen.id.as_deref(), Some("resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"));
        assert_eq!(seen.usage, usage([Some(36), Some(12), None, Some(87), Some(7)], true));
        assert_eq!((seen.finish.as_str(), seen.chunks, seen.is_done, seen.error), ("completed", chunks, true, None));
        assert_eq!(seen.text.unwrap().0, "In a peaceful grove");
    }
}

#[test]
fn messages() {
    let stream = seen(MESSAGES, 200);
    assert_eq!((stream.format, stream.model.as_deref()), (Some(Format::Messages), Some("claude-sonnet-4-20250514")));
    assert_eq!(
        (stream.id.as_deref(), stream.finish.as_str()),
        (Some("msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY"), "end_turn")
    );
    assert_eq!(stream.usage, usage([Some(25 + 1000 + 200), Some(1000), Some(200), Some(15), None], true));
    assert_eq!((stream.chunks, stream.is_done, stream.error), (7, true, None));
    assert_eq!(stream.text.unwrap().0, "Hello!");

    let json = seen(MESSAGES_JSON, 200);
    assert_eq!((json.finish.as_str(), json.usage.input), ("tool_use", Some(2095)));
    assert_eq!((json.is_done, json.error), (true, None));
}

#[test]
fn gemini() {
    let stream = seen(GEMINI, 200);
    assert_eq!((stream.format, stream.model.as_deref()), (Some(Format::Gemini), Some("gemini-2.5-flash")));
    assert_eq!(stream.usage, usage([Some(11), Some(4), None, Some(73 + 20), Some(20)], true));
    assert_eq!((stream.finish.as_str(), stream.chunks, stream.error), ("STOP", 2, None));
    assert_eq!(stream.text.unwrap().0, "AI works by learning.");

    let json = seen(GEMINI_JSON, 200);
    assert_eq!((json.id.as_deref(), json.finish.as_str(), json.error), (Some("mAitaLmkHPPlz7IPvtfUqQ4"), "STOP", None));
    // The same as an array of pieces, as it comes without `alt=sse`.
    let array = seen(&format!("[{GEMINI_JSON},\r\n{GEMINI_JSON}]"), 200);
    assert_eq!((array.usage, array.error, array.is_done), (json.usage, None, true));
}

#[test]
fn embeddings_have_no_reason_to_end() {
    let json = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023,-0.009,1e-5]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let seen = seen(json, 200);
    assert_eq!(seen.usage, usage([Some(8), None, None, None, None], true));
    assert_eq!((seen.model.as_deref(), seen.error), (Some("text-embedding-3-small"), None));
}

#[test]
fn an_answer_that_breaks_off_is_truncated_and_invents_nothing() {
    for answer in ALL {
        for end in 0..answer.len() {
            let Some(beginning) = answer.get(..end) else { continue };
            let part = read(&[beginning.as_bytes()], 200, None);
            let is_over = part.is_done || !part.finish.is_empty();
            assert!(is_over || part.error.is_some(), "{part:?} of {beginning}");
            assert!(!part.usage.complete || is_over, "{part:?} of {beginning}");
        }
    }
    // What has come of the beginning is known.
    let begun = MESSAGES.find("event: content_block_delta").unwrap();
    let part = seen(&MESSAGES[..begun], 200);
    assert_eq!(part.usage, usage([Some(1225), Some(1000), Some(200), Some(1), None], false));
    assert_eq!(part.error, Some(LlmErrorKind::Truncated));
}

#[test]
fn the_mark_of_the_end_may_be_missing() {
    let stream = seen(&CHAT.replace("data: [DONE]\n\n", ""), 200);
    assert_eq!((stream.error, stream.usage.complete, stream.is_done), (None, true, false));
}

#[test]
fn line_ends_comments_and_spaces_change_nothing() {
    for answer in [CHAT, CHAT_TOOLS, RESPONSES, MESSAGES, GEMINI] {
        let plain = seen(answer, 200);
        assert_eq!(seen(&answer.replace('\n', "\r\n"), 200), plain);
        assert_eq!(seen(&answer.replace('\n', "\r"), 200), plain);
        assert_eq!(seen(&answer.replace("\n\n", "\n\n: keep-alive\n\nretry: 3000\nid: 7\n\n"), 200), plain);
        assert_eq!(seen(&answer.replace("data: ", "data:"), 200), plain);
        assert_eq!(seen(&format!("\u{feff}{answer}"), 200), plain);
        assert_eq!(seen(answer.trim_end(), 200), plain);
        // As languages write JSON that put spaces behind commas and colons.
        let spaced = answer.replace("\":", "\": ").replace(",\"", ", \"");
        assert_eq!(Seen { text: None, ..seen(&spaced, 200) }, Seen { text: None, ..plain });
    }
}

#[test]
fn errors_have_their_kinds() {
    let check = |answer: &str, status: u16, kind: LlmErrorKind, code: Option<&str>| {
        let seen = seen(answer, status);
        assert_eq!((seen.error, seen.code.as_deref()), (Some(kind), code), "{answer}");
    };
    let of = |kind: &str, code: &str| {
        format!(r#"{{"error":{{"message":"no","type":"{kind}","param":null,"code":{code}}}}}"#)
    };
    check(&of("requests", "\"rate_limit_exceeded\""), 429, LlmErrorKind::RateLimited, Some("rate_limit_exceeded"));
    check(
        &of("insufficient_quota", "\"insufficient_quota\""),
        429,
        LlmErrorKind::QuotaExhausted,
        Some("insufficient_quota"),
    );
    check(
        &of("invalid_request_error", "\"context_length_exceeded\""),
        400,
        LlmErrorKind::ContextLength,
        Some("context_length_exceeded"),
    );
    check(&of("invalid_request_error", "null"), 400, LlmErrorKind::InvalidRequest, Some("invalid_request_error"));
    check(&of("new_kind", "null"), 503, LlmErrorKind::Overloaded, Some("new_kind"));
    let anthropic =
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
    check(anthropic, 529, LlmErrorKind::Overloaded, Some("overloaded_error"));
    let gemini = r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"type":"x"}]}}"#;
    check(gemini, 429, LlmErrorKind::RateLimited, Some("RESOURCE_EXHAUSTED"));
    check(&format!("[{gemini}]"), 429, LlmErrorKind::RateLimited, Some("RESOURCE_EXHAUSTED"));
    check(r#"{"error":"model not found"}"#, 404, LlmErrorKind::ModelNotFound, None);
    check("<html><body>502 Bad Gateway</body></html>", 502, LlmErrorKind::Server, None);
    for nothing in ["", "garbage", "{}", "[1,2", "{\"hello\":{\"choices\":[]}}", "data: garbage\n\n", "\0\u{1}"] {
        check(nothing, 200, LlmErrorKind::Malformed, None);
    }
}

#[test]
fn errors_may_come_in_the_middle() {
    let half = |answer: &str| answer.split_inclusive("\n\n").take(3).collect::<String>();
    let chat = half(CHAT)
        + "data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\",\"code\":null}}\n\n";
    let messages = half(MESSAGES)
        + "event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": \"Overloaded\"}}\n\n";
    let responses = half(RESPONSES)
        + "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"no\",\"param\":null}\n\n";
    let failed = half(RESPONSES)
        + "data: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"no\"},\"usage\":null}}\n\n";
    for (answer, kind) in [
        (chat, LlmErrorKind::Server),
        (messages, LlmErrorKind::Overloaded),
        (responses, LlmErrorKind::RateLimited),
        (failed, LlmErrorKind::Server),
    ] {
        let seen = seen(&answer, 200);
        assert_eq!((seen.error, seen.is_done, seen.usage.complete), (Some(kind), true, false), "{answer}");
    }
}

#[test]
fn refusals_are_told() {
    for answer in [
        CHAT_JSON.replace("\"refusal\": null", "\"refusal\": \"I'm sorry\""),
        CHAT.replace("\"refusal\":null", "\"refusal\":\"I\""),
        CHAT.replace("\"finish_reason\":\"stop\"", "\"finish_reason\":\"content_filter\""),
        MESSAGES.replace("end_turn", "refusal"),
        RESPONSES.replace("response.output_text.done", "response.refusal.done"),
        GEMINI.replace("STOP", "SAFETY"),
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7},"modelVersion":"m"}"#
            .to_owned(),
    ] {
        let seen = seen(&answer, 200);
        assert_eq!((seen.is_refused, seen.error), (true, None), "{answer}");
    }
    assert!(!seen(CHAT, 200).is_refused && !seen(CHAT_JSON, 200).is_refused);
}

#[test]
fn a_kept_text_ends_at_its_cap() {
    for cap in 0..40 {
        let (text, is_cut) = read(&[CHAT.as_bytes()], 200, Some(cap)).text.unwrap();
        assert!(
            "Hello \"usage\": {1}, café \u{1f600}!".starts_with(text.trim_end_matches('\u{fffd}')),
            "{cap}: {text}"
        );
        assert!(is_cut && text.len() <= cap, "{cap}: {text}");
    }
}

/// A line of many megabytes is read to its end in the memory that there is.
#[test]
fn a_line_may_be_of_any_length() {
    let huge = "x\\n".repeat(3 << 20);
    let line = |text: &str| RESPONSES.replace("\"In a peaceful grove\"", &format!("\"{text}\""));
    let long = line(&huge);
    let pieces: Vec<_> = long.as_bytes().chunks(16 << 10).collect();
    let seen = read(&pieces, 200, None);
    assert_eq!(seen, read(&[line("short").as_bytes()], 200, None));
    assert_eq!(seen.usage.output, Some(87));
}

/// Bytes changed, left out, doubled and cut: whatever comes of it does not depend on how it is cut.
#[test]
fn no_damage_makes_the_cut_matter() {
    let mut seed = 1_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for round in 0..4000 {
        let mut bytes = ALL[round % ALL.len()].as_bytes().to_vec();
        for _ in 0..random(4) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = b"\"\\{}[]:,\n\r nd0\xff"[random(15)],
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"\"\\{}[]:,\n\r nd0\xff"[random(15)]),
                _ => {
                    let other = ALL[random(ALL.len())].as_bytes();
                    let from = random(other.len());
                    let piece = other[from..(from + random(200)).min(other.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        let whole = read(&[&bytes], 200, None);
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(1 + random(rest.len().min(300)));
            pieces.push(piece);
            rest = tail;
        }
        assert_eq!(read(&pieces, 200, None), whole, "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>(), 200, None), whole, "{}", String::from_utf8_lossy(&bytes));
    }
}

/// Pieces of Gemini's, and what a peer could make of them: each may be said again with other texts and numbers.
const PIECES: [&str; 18] = [
    r##"{"candidates":[{"content":{"parts":[{"text":"§"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":#,"candidatesTokenCount":#,"totalTokenCount":#},"modelVersion":"m","responseId":"r"}"##,
    r##"{"candidates":[{"content":{"parts":[{"text":"§"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":#,"candidatesTokenCount":#},"modelVersion":"m","responseId":"r"}"##,
    r##"{"candidates":[{"content":{"parts":[{"text":"§"}]},"finishReason":"STOP"},{"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":#}}"##,
    r##"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"usageMetadata":{"promptTokenCount":#},"text":"§"}}}]}}]}"##,
    r##"{"candidates":[{"content":{"parts":[{"text":"\"§\\"}]}}],"usageMetadata":{"promptTokenCount":#,"cachedContentTokenCount":#,"thoughtsTokenCount":#}}"##,
    r##"{"candidates":[{"content":{"parts":[{"text":"§"}]}}],"usageMetadata":{"promptTokenCount":#.5,"candidatesTokenCount":#e2}}"##,
    r##"{"candidates":[{"content":{"parts":[{"text":"§"}]}}],"usageMetadata":{"promptTokenCount":"#","candidatesTokenCount":-#,"cost":#.25}}"##,
    r##"{"candidates":[],"usageMetadata":{"promptTokenCount":#,"promptTokenCount":#,"cost":#}}"##,
    r##"{"candidates":[],"usageMetadata":{"promptTokenCount":######################}}"##,
    r##"{"candidates":[{"safetyRatings":[{"category":"§","blocked":true,"score":0.#}],"citationMetadata":{"a":[#,"§"]}}],"usageMetadata":{"candidatesTokenCount":#}}"##,
    r##"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":#}}"##,
    r##"{"error":{"code":#,"message":"§","status":"UNAVAILABLE"}}"##,
    r##"{"candidates":[{"content":{"parts":[{"text":"§"}]}}],"usageMetadata":{"promptTokenCount":#}"##,
    r##"{"candidates":[{"content":{"parts":[{"text":"§]}}],"usageMetadata":{"promptTokenCount":#}}"##,
    r##"{"type":"ping","candidates":[],"usageMetadata":{"promptTokenCount":#}}"##,
    r##"{"candidates":[]}{"usageMetadata":{"promptTokenCount":#}}"##,
    "[DONE]",
    r##""§""##,
];

#[test]
fn what_is_said_again_is_read_as_what_is_said_first() {
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let texts = ["", "Der Turm", "\\\"", "\\\\", "§}]", "\\u00e4", "usageMetadata"];
    for _ in 0..400 {
        let mut stream = String::from("data: {\"candidates\":[]}\n\n");
        while random(8) > 0 {
            let piece = PIECES[random(PIECES.len())];
            for _ in 0..=random(3) {
                let filled = piece.chars().map(|char| match char {
                    '§' => texts[random(texts.len())].to_owned(),
                    '#' => (random(10) * [1, 1, 9_999][random(3)]).to_string(),
                    other => other.to_string(),
                });
                stream += &format!("data: {}\r\n\r\n", filled.collect::<String>());
            }
        }
        let whole = read(&[stream.as_bytes()], 200, None);
        assert_eq!(read(&stream.as_bytes().chunks(1).collect::<Vec<_>>(), 200, None), whole, "{stream}");
        // Some lines are there whole, and some are not.
        let (mut rest, mut pieces) = (stream.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at((1 + random(400)).min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        assert_eq!(read(&pieces, 200, None), whole, "{stream}");
    }
}
