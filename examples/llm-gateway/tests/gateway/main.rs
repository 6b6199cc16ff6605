//! The real binary behind a real socket: answers whole and piece by piece, errors of every kind, and what the log says.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod common;
mod crews;

use common::{Gateway, Upstream, stream_of};
use serde_json::Value;

const PROMPT: &str = r#"{"prompt":"tell me of the wishing well"}"#;

fn chat(model: &str, stream: bool) -> String {
    format!(r#"{{"model":"{model}","stream":{stream},"messages":[{{"role":"user","content":"the wishing well"}}]}}"#)
}

#[test]
fn a_question_is_answered_once_and_then_from_the_cache() {
    let gateway = Gateway::start(&[]);
    let first = gateway.post("/api/v1/generate", &[("x-user-id", "ana")], PROMPT);
    let again = gateway.post("/api/v1/generate", &[("x-user-id", "ana")], PROMPT);
    let other = gateway.post("/api/v1/generate", &[("x-user-id", "bob")], PROMPT);
    assert_eq!((first.status, again.status, other.status), (200, 200, 200));
    let [first, again, other] = [first.json(), again.json(), other.json()];
    assert_eq!((&first["cached"], &again["cached"], &other["cached"]), (&false.into(), &true.into(), &false.into()));
    assert_eq!((&first["text"], first["input_tokens"].as_u64()), (&again["text"], Some(6)));
    assert_eq!(gateway.get("/healthz").status, 200);
    let metrics = gateway.get("/metrics").body;
    let said = gateway.stop();

    let access = said.of("cupola::http");
    assert_eq!(access.len(), 3);
    assert_eq!((access[0]["user_id"].as_str(), access[0]["model_name"].as_str()), (Some("ana"), Some("echo-1")));
    let output = first["output_tokens"].as_u64().unwrap();
    let sums = ["llm_calls", "llm_input_tokens", "llm_output_tokens", "llm_cost_micros"];
    assert_eq!(sums.map(|name| access[0][name].as_u64()), [Some(1), Some(6), Some(output), Some(6 + 2 * output)]);
    assert_eq!(sums.map(|name| access[1][name].as_u64()), [None; 4], "nothing was asked");
    let told: Vec<&Value> = said.events("text_generation_success").collect();
    assert_eq!((told.len(), told[0]["model_name"].as_str()), (2, Some("echo-1")));
    assert_eq!(told[0]["response_length"].as_u64(), Some(first["text"].as_str().unwrap().len() as u64));
    assert!(told[0]["generation_time"].as_f64().unwrap() > 0.0);
    assert_eq!(told[0]["request_id"], access[0]["request_id"]);
    assert!(!said.text.contains("wishing"), "what is asked is nobody's business: {}", said.text);
    for name in [
        r#"cache_requests_total{cache_name="answers",cache_result="hit"} 1"#,
        r#"cache_requests_total{cache_name="answers",cache_result="miss"} 2"#,
        r#"gen_ai_client_operation_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="echo-1",gen_ai_response_model="echo-1"} 2"#,
        r#"cupola_llm_rate_limit_remaining{gen_ai_provider_name="openai",gen_ai_request_model="echo-1",cupola_llm_limit="requests"} 999"#,
        "gen_ai_client_token_usage_sum{",
        "gen_ai_client_cost_USD_total{",
    ] {
        assert!(metrics.contains(name), "no {name} in {metrics}");
    }
}

#[test]
fn openais_clients_are_answered_whole_and_piece_by_piece() {
    let gateway = Gateway::start(&[]);
    let whole = gateway.post("/v1/chat/completions", &[], &chat("echo-1", false));
    let stream = gateway.post("/v1/chat/completions", &[], &chat("echo-1", true));
    let models = gateway.get("/api/v1/models");
    let said = gateway.stop();
    assert_eq!((whole.status, stream.status, models.status), (200, 200, 200));
    assert_eq!((whole.header("x-cache"), stream.header("content-type")), (Some("miss"), Some("text/event-stream")));
    let text = whole.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    let (pieces, usage) = stream_of(&stream.body);
    assert_eq!(pieces, text, "the same question has the same answer");
    assert_eq!(usage.unwrap()["completion_tokens"], whole.json()["usage"]["completion_tokens"]);
    assert_eq!(models.json()["data"][0]["id"], "echo-1");

    let calls = said.of("cupola::llm");
    assert_eq!(calls.iter().filter(|line| line["message"] == "LLM client configured").count(), 1);
    let stream = calls.iter().find(|line| line["stream"] == true && line["outcome"] == "complete").unwrap();
    let words = text.split(' ').count() as u64;
    assert_eq!((stream["chunks"].as_u64(), stream["output_tokens"].as_u64()), (Some(words + 2), Some(words)));
    assert!(stream["first_chunk_ms"].as_f64().unwrap() <= stream["duration_ms"].as_f64().unwrap());
    assert_eq!((stream["finish_reasons"].as_str(), stream["usage_complete"].as_bool()), (Some("stop"), Some(true)));
    assert_eq!(said.events("text_generation_success").count(), 2);
}

#[test]
fn a_caller_who_leaves_abandons_the_call() {
    let gateway = Gateway::start(&["--think", "40"]);
    gateway.leave("/v1/chat/completions", &chat("echo-1", true), "data: ");
    let said = gateway.stop_after(|said| said.of("cupola::http").len() == 1);
    let calls = said.of("cupola::llm");
    let call = calls.iter().find(|line| line["message"] == "LLM call abandoned").unwrap();
    assert_eq!((call["outcome"].as_str(), call["level"].as_str()), (Some("abandoned"), Some("INFO")));
    assert_eq!((call["usage_complete"].as_bool(), call["output_tokens"].as_u64()), (Some(false), None));
    assert!(call["chunks"].as_u64().unwrap() >= 1 && call["cost_micros"].is_null());
    let access = &said.of("cupola::http")[0];
    assert_eq!((access["outcome"].as_str(), access["llm_calls"].as_u64()), (Some("closed_mid_body"), Some(1)));
    assert_eq!(said.events("text_generation_success").count(), 0);
}

#[test]
fn errors_of_the_model_have_types() {
    let upstream = Upstream::start();
    let gateway =
        Gateway::start(&["--upstream", &upstream.url(), "--upstream-key", "sk-upstream-hunter2", "--model", "fine"]);
    let fine = gateway.post("/v1/chat/completions", &[], &chat("fine", false));
    assert_eq!(fine.status, 200, "{}", fine.body);
    for (model, stream, status, code) in [
        ("limited", false, 429, "rate_limited"),
        ("limited", true, 429, "rate_limited"),
        ("broken", false, 502, "server"),
        ("broken", true, 502, "server"),
        ("busy", false, 503, "overloaded"),
        ("unknown", false, 404, "model_not_found"),
        ("long", false, 400, "context_length"),
        ("locked", false, 502, "authentication"),
        ("garbage", false, 502, "malformed"),
        ("garbage", true, 502, "malformed"),
        ("halfway", false, 502, "body"),
        ("closed", false, 502, "protocol"),
    ] {
        let answer = gateway.post("/v1/chat/completions", &[], &chat(model, stream));
        assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (status, Some(code)), "{model} {stream}");
        let wait = (model == "limited").then_some("8");
        assert_eq!(answer.header("retry-after"), wait, "{model}");
    }
    // Its status is sent: what is wrong stands in the log.
    let halfway = gateway.post("/v1/chat/completions", &[], &chat("halfway", true));
    assert!(halfway.status == 200 && !halfway.body.contains("[DONE]"));
    let said = gateway.stop();

    for (kind, level) in
        [("rate_limited", "WARN"), ("context_length", "WARN"), ("server", "ERROR"), ("malformed", "ERROR")]
    {
        let calls = said.of("cupola::llm");
        let call = calls.iter().find(|line| line["error_type"] == kind).unwrap_or_else(|| panic!("no call is {kind}"));
        assert_eq!((call["outcome"].as_str(), call["level"].as_str()), (Some("failed"), Some(level)), "{kind}");
        assert!(said.lines.iter().any(|line| line["error_type"] == kind && line["model_name"].is_string()), "{kind}");
    }
    let limited = said.of("cupola::llm").into_iter().find(|line| line["error_type"] == "rate_limited").unwrap();
    assert_eq!(
        (limited["retry_after_ms"].as_f64(), limited["error_code"].as_str()),
        (Some(7000.0), Some("rate_limit_exceeded"))
    );
    let reports = said.lines.iter().filter(|line| line["event"] == "error" && line["operation"] == "text_generation");
    assert!(reports.count() >= 6);
    assert!(!said.text.contains("hunter2") && !said.text.contains("wishing"), "{}", said.text);
    assert!(upstream.keys().iter().all(|key| key == "Bearer sk-upstream-hunter2"));
}

#[test]
fn who_may_ask_and_how_often() {
    let gateway = Gateway::start(&["--keys", "ana=key-of-ana,bob=key-of-bob", "--per-minute", "2"]);
    let (ana, bob) = ([("authorization", "Bearer key-of-ana")], [("authorization", "Bearer key-of-bob")]);
    let ask = |headers: &[(&str, &str)]| gateway.post("/v1/chat/completions", headers, &chat("echo-1", false));
    assert_eq!((ask(&ana).status, ask(&ana).status), (200, 200));
    let refused = ask(&ana);
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (429, Some("rate_limit_exceeded")));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(ask(&bob).status, 200, "another user has a limit of their own");
    assert_eq!((ask(&[]).status, ask(&[("authorization", "Bearer wrong")]).status), (401, 401));
    assert_eq!(gateway.post("/v1/chat/completions", &bob, "no question").status, 400);
    let said = gateway.stop();
    let users: Vec<_> =
        said.of("cupola::http").iter().map(|line| line["user_id"].as_str().map(str::to_owned)).collect();
    let of = |name: &str| users.iter().filter(|user| user.as_deref() == Some(name)).count();
    assert_eq!((of("ana"), of("bob"), users.len()), (3, 2, 7));
    assert!(!said.text.contains("key-of"), "{}", said.text);
}

/// The client that most services use, with nothing changed but the address.
#[test]
#[ignore = "needs openai"]
fn the_official_client_is_content() {
    let gateway = Gateway::start(&["--keys", "ana=key-of-ana"]);
    let script = include_str!("official_client.py");
    let base = format!("http://{}/v1", gateway.address);
    let run = std::process::Command::new("python3").args(["-c", script, &base, "key-of-ana"]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said = gateway.stop();
    assert_eq!(said.events("text_generation_success").count(), 2);
    let outcomes: Vec<_> =
        said.of("cupola::llm").iter().filter_map(|line| line["outcome"].as_str().map(str::to_owned)).collect();
    assert_eq!(outcomes, ["complete", "complete", "failed"]);
}

#[test]
fn an_upstream_that_cannot_be_asked_ends_the_start_and_says_what_can() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_llm-gateway"));
    let output =
        command.args(["--listen", "127.0.0.1:0", "--upstream", "ftp://example.com"]).env_clear().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("http or https"), "{said}");
}
