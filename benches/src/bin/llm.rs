//! What reading a model's answer costs while it passes.
//!
//! `llm` prints a table: for each format and each way in which a stream comes in pieces, gigabytes a second (the median of
//! some runs); `llm --quick` the same on small input. `llm FORMAT CUT ROUNDS` reads a stream so often, to be counted:
//! `valgrind --tool=callgrind llm chat packets 60`, less the same with 10, by 50 and the bytes that it prints.
//!
//! Formats: `chat`, `responses`, `messages`, `gemini`. Cuts: `packets` of 16 KiB, `events` (each event by itself), `bytes` of 7.
//! Beside them: `lines`, which finds the ends of lines and nothing else, and `serde`, which reads each event of `chat` into a
//! struct, as a client does.

use std::hint::black_box;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use cupola::client::llm::AnswerParser;
use serde::Deserialize;

const FORMATS: [&str; 4] = ["chat", "responses", "messages", "gemini"];
const CUTS: [&str; 3] = ["packets", "events", "bytes"];

/// Of an odd number of runs the one in the middle counts.
const RUNS: usize = 9;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let said = match args[..] {
        [] => table(2000, 20),
        ["--quick"] => table(20, 2),
        [format, cut, rounds] => match (rounds.parse(), FORMATS.contains(&format), CUTS.contains(&cut)) {
            (Ok(rounds), true, true) => Some(count(format, cut, rounds)),
            _ => None,
        },
        _ => None,
    };
    let Some(said) = said else {
        let _ = writeln!(std::io::stderr(), "llm [--quick | FORMAT packets|events|bytes ROUNDS]");
        return ExitCode::FAILURE;
    };
    let _ = write!(std::io::stdout(), "{said}");
    ExitCode::SUCCESS
}

fn table(words: usize, rounds: u32) -> Option<String> {
    let mut said = String::from("format     cut       GB/s\n");
    for format in FORMATS {
        let stream = stream(format, words);
        for cut in CUTS {
            let pieces = cut_up(&stream, cut);
            let speed = speed(stream.len(), rounds, || read(&pieces, words));
            said += &format!("{format:<10} {cut:<9} {speed:.2}\n");
        }
    }
    let chat = stream("chat", words);
    let ends = speed(chat.len(), rounds, || {
        black_box(chat.bytes().filter(|byte| *byte == b'\n').count());
    });
    let serde = speed(chat.len(), rounds, || by_serde(&chat, words));
    said += &format!("chat       lines     {ends:.2}\nchat       serde     {serde:.2}\n");
    Some(said)
}

fn count(format: &str, cut: &str, rounds: u32) -> String {
    let stream = stream(format, 2000);
    let pieces = cut_up(&stream, cut);
    for _ in 0..rounds {
        read(&pieces, 2000);
    }
    format!("{format} {cut}: {} bytes, {rounds} times\n", stream.len())
}

#[allow(clippy::disallowed_methods, reason = "a bench has no other clock")]
fn speed(bytes: usize, rounds: u32, mut work: impl FnMut()) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            (0..rounds).for_each(|_| work());
            bytes as f64 * f64::from(rounds) / began.elapsed().as_nanos() as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

/// Reads an answer, and looks whether what was found is right.
fn read(pieces: &[&[u8]], words: usize) {
    let mut parser = AnswerParser::new();
    pieces.iter().for_each(|piece| parser.feed(black_box(piece)));
    parser.finish();
    let usage = parser.usage();
    assert_eq!((usage.input, usage.output, usage.complete), (Some(1200), Some(words as u64), true), "{parser:?}");
}

fn cut_up<'s>(stream: &'s str, cut: &str) -> Vec<&'s [u8]> {
    match cut {
        "packets" => stream.as_bytes().chunks(16 << 10).collect(),
        "events" => stream.split_inclusive("\n\n").map(str::as_bytes).collect(),
        _ => stream.as_bytes().chunks(7).collect(),
    }
}

/// A stream as a provider sends it, of so many words.
fn stream(format: &str, words: usize) -> String {
    let texts = (0..words).map(|number| ["Der", " Turm", " und", " \\\"Licht\\\"", ",", " oben"][number % 6]);
    let id =
        "\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\",\"created\":1741570283";
    let chat = |choices: &str, usage: &str| {
        let model = "\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_44709d6fcb\"";
        format!("data: {{{id},{model},\"choices\":[{choices}],\"usage\":{usage},\"obfuscation\":\"q9ZPvkXc\"}}\n\n")
    };
    let chat_delta = |delta: &str, reason: &str| {
        format!("{{\"index\":0,\"delta\":{{{delta}}},\"logprobs\":null,\"finish_reason\":{reason}}}")
    };
    let event = |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    match format {
        "chat" => {
            let deltas = texts.map(|text| chat(&chat_delta(&format!("\"content\":\"{text}\""), "null"), "null"));
            let usage =
                format!("{{\"prompt_tokens\":1200,\"completion_tokens\":{words},\"total_tokens\":{}}}", 1200 + words);
            let end = chat(&chat_delta("", "\"stop\""), "null") + &chat("", &usage) + "data: [DONE]\n\n";
            deltas.collect::<String>() + &end
        }
        "responses" => {
            let item = ",\"item_id\":\"msg_67ccd2bf17f0819081ff3bb2cf6508e6\",\"output_index\":0,\"content_index\":0";
            let delta =
                |text| event("response.output_text.delta", &format!("{item},\"delta\":\"{text}\",\"logprobs\":[]"));
            let head = "\"id\":\"resp_67ccd2bed1ec\",\"object\":\"response\",\"model\":\"gpt-4.1-2025-04-14\"";
            let begin = event(
                "response.created",
                &format!(",\"response\":{{{head},\"status\":\"in_progress\",\"usage\":null}}"),
            );
            let usage = format!("{{\"input_tokens\":1200,\"output_tokens\":{words}}}");
            let end = format!(",\"response\":{{{head},\"status\":\"completed\",\"usage\":{usage}}}");
            begin + &texts.map(delta).collect::<String>() + &event("response.completed", &end)
        }
        "messages" => {
            let usage = "{\"input_tokens\":1200,\"output_tokens\":1}";
            let head = format!(
                "\"id\":\"msg_1nZdL29xx5MU\",\"type\":\"message\",\"model\":\"claude-sonnet-4-20250514\",\"usage\":{usage}"
            );
            let delta = |text| {
                let delta = format!(",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}");
                event("content_block_delta", &delta)
            };
            let end = format!(",\"delta\":{{\"stop_reason\":\"end_turn\"}},\"usage\":{{\"output_tokens\":{words}}}");
            let begin = event("message_start", &format!(",\"message\":{{{head}}}"));
            begin + &texts.map(delta).collect::<String>() + &event("message_delta", &end) + &event("message_stop", "")
        }
        _ => {
            let chunk = |number: usize, text: &str| {
                let reason = if number + 1 == words { ",\"finishReason\": \"STOP\"" } else { "" };
                let content = format!(
                    "{{\"content\": {{\"parts\": [{{\"text\": \"{text}\"}}],\"role\": \"model\"}}{reason},\"index\": 0}}"
                );
                let usage = format!("{{\"promptTokenCount\": 1200,\"candidatesTokenCount\": {}}}", number + 1);
                format!(
                    "data: {{\"candidates\": [{content}],\"usageMetadata\": {usage},\"modelVersion\": \"gemini-2.5-flash\",\"responseId\": \"mAitaLmkHPPlz7IP\"}}\r\n\r\n"
                )
            };
            texts.enumerate().map(|(number, text)| chunk(number, text)).collect()
        }
    }
}

#[derive(Deserialize)]
struct Chunk {
    id: String,
    model: String,
    choices: Vec<Choice>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// As a client reads a stream: each event into a struct.
fn by_serde(stream: &str, words: usize) {
    let mut found = None;
    for data in stream.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]") {
        let chunk: Chunk = serde_json::from_str(black_box(data)).expect("it is one");
        black_box((&chunk.id, &chunk.model));
        for choice in &chunk.choices {
            black_box((&choice.delta.content, &choice.finish_reason));
        }
        found = chunk.usage.or(found);
    }
    let usage = found.expect("the stream has it");
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (1200, words as u64));
}
