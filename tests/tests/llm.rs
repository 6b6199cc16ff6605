//! A service that calls a language model: one line for each call, its tokens and cost on the line of the request, metrics.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cupola::client::llm::{Price, Prices};
use cupola_line::schema;
use cupola_tests::{Service, builder, metric};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, ServiceExt};

const ASKED: &str = r#"{"model":"small-1","stream":true,"messages":[{"role":"user","content":"a secret wish"}]}"#;
const ANSWER: &str = concat!(
    r#"data: {"id":"c-1","object":"chat.completion.chunk","model":"small-1","choices":[{"index":0,"delta":{"content":"granted wish"},"finish_reason":null}]}"#,
    "\n\n",
    r#"data: {"id":"c-1","object":"chat.completion.chunk","model":"small-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"id":"c-1","object":"chat.completion.chunk","model":"small-1","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100}}"#,
    "\n\ndata: [DONE]\n\n",
);

/// A model that says the same to everybody.
fn model() -> Router {
    let answer = || async { ([(header::CONTENT_TYPE, "text/event-stream"), (LIMIT, "41")], ANSWER) };
    Router::new().route("/v1/chat/completions", post(answer))
}

const LIMIT: header::HeaderName = header::HeaderName::from_static("x-ratelimit-remaining-requests");

/// A front that asks the model and hands on what it says, piece by piece.
fn front(vars: &[(&str, &str)], back: &Service) -> Service {
    let uri: Uri = format!("http://{}/v1/chat/completions", back.address()).parse().unwrap();
    let memory = cupola::telemetry::Memory::new();
    let builder = builder(vars).output(memory.clone());
    Service::run_with(builder, memory, move |cupola| {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
        let client = cupola.call_layer().dependency("model").layer(client);
        let price = Price { input: 1_000_000, output: 2_000_000, ..Price::default() };
        let llm = cupola.llm().prices(Prices::new().model("small-1", price));
        let ask = move || {
            let (client, uri, llm) = (client.clone(), uri.clone(), llm.clone());
            async move {
                let call = llm.request(&uri, ASKED.as_bytes()).selection_reason("the only one").begin();
                let request = Request::post(&uri).body(Full::from(ASKED)).unwrap();
                let response = call.watch(client.oneshot(request)).await.unwrap();
                Response::new(Body::new(response.into_body())).into_response()
            }
        };
        Router::new().route("/ask", get(ask))
    })
}

#[test]
fn a_call_has_a_line_and_its_sums_are_the_requests() {
    let back = Service::start(&[], model());
    let front = front(&[("OTEL_SEMCONV_STABILITY_OPT_IN", "gen_ai_latest_experimental/dup")], &back);
    assert_eq!(front.get("/ask").text(), ANSWER);
    assert_eq!(front.get("/ask").text(), ANSWER);
    let metrics = front.metrics();
    let (front, _) = (front.stop(), back.stop());

    let (access, lines) = (front.access(), front.lines());
    let said: Vec<_> = lines.iter().filter(|line| line["target"] == schema::LLM_TARGET).collect();
    let messages: Vec<_> = said.iter().map(|line| line.text("message")).collect();
    assert_eq!(messages, ["LLM client configured", "LLM call completed", "LLM call completed"]);
    let call = said[1];
    for id in ["request_id", "trace_id"] {
        assert_eq!(call.text(id), access[0].text(id));
    }
    assert_eq!((call.text("provider"), call.text("model"), call.text("finish_reasons")), ("openai", "small-1", "stop"));
    assert_eq!((call.number("input_tokens"), call.number("output_tokens")), (1000.0, 100.0));
    assert_eq!((call.number("cost_micros"), call.text("cost_source")), (1200.0, "table"));
    assert_eq!((call.number("chunks"), call.text("rate_limits")), (3.0, "requests=41/?"));
    for (name, sum) in
        [("llm_calls", 1.0), ("llm_input_tokens", 1000.0), ("llm_output_tokens", 100.0), ("llm_cost_micros", 1200.0)]
    {
        assert_eq!(access[1].number(name), sum, "{name}");
    }
    assert!(!front.text.contains("wish"), "what is asked and answered is nobody's business: {}", front.text);
    front.text.lines().for_each(|line| assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}"));

    assert_eq!(metric(&metrics, "gen_ai_client_operation_duration_seconds_count{"), 2.0);
    assert_eq!(metric(&metrics, "gen_ai_client_inference_duration_seconds_count{"), 2.0);
    assert_eq!(metric(&metrics, "gen_ai_client_cost_USD_total{"), 0.0024);
    assert_eq!(metric(&metrics, "cupola_llm_rate_limit_remaining{"), 41.0);
}

#[test]
fn contents_are_on_the_line_where_a_variable_says_so() {
    let back = Service::start(&[], model());
    let front = front(&[("CUPOLA_LLM_CONTENT", "1000"), ("LOG_API_CALLS", "yes")], &back);
    assert_eq!(front.get("/ask").status, 200);
    let (front, _) = (front.stop(), back.stop());
    let lines = front.lines();
    let call = lines.iter().find(|line| line["message"] == "LLM call completed").unwrap();
    assert!(call.text("prompt").contains("a secret wish"), "{call:?}");
    assert_eq!(call.text("completion"), "granted wish");
    let error = builder(&[("CUPOLA_LLM_CONTENT", "much")]).build().unwrap_err();
    assert!(error.to_string().contains("CUPOLA_LLM_CONTENT"), "{error}");
}
