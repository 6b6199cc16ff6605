//! Calls of models over sockets, by hyper-util's client: the answer passes unchanged, and the call ends once, as what it was.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use cupola_client::CallLayer;
use cupola_client::llm::{LlmTap, Price, Prices};
use cupola_context::{Amount, Context, Fresh, RequestIdFormat, WithContext};
use cupola_record::{
    Capture, Empty, LlmCall, LlmEnded, LlmErrorKind, LlmLog, LlmOperation, LlmOutcome, Provider, RawLlmAnswer,
    RawLlmCall, Usage,
};
use cupola_redact::KeyPolicy;
use http::{HeaderMap, Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt};

const CHAT: &str = include_str!("answers/chat.sse");
const CHAT_JSON: &str = include_str!("answers/chat.json");
const MESSAGES: &str = include_str!("answers/messages.sse");

const ASKED: &str = r#"{"model":"gpt-4o-mini","temperature":0.5,"max_tokens":300,"stream":true,"messages":[{"role":"user","content":"my password=hunter2 please"}]}"#;

/// A server that says the same to everybody, and what becomes of its connections then.
async fn server(answer: String, hangs: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer.clone(), hangs));
        }
    });
    address
}

async fn serve(mut stream: TcpStream, answer: String, hangs: bool) {
    let mut request = Vec::new();
    while !request.ends_with(ASKED.as_bytes()) {
        request.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    if hangs {
        std::future::pending::<()>().await;
    }
}

fn events(body: &str) -> String {
    chunked("text/event-stream", body) + "0\r\n\r\n"
}

/// A response that goes on.
fn chunked(kind: &str, body: &str) -> String {
    let pieces =
        body.as_bytes().chunks(700).map(|piece| format!("{:x}\r\n{}\r\n", piece.len(), String::from_utf8_lossy(piece)));
    let limits = "x-ratelimit-remaining-requests: 7\r\nx-request-id: req_1";
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{limits}\r\ntransfer-encoding: chunked\r\n\r\n{}",
        pieces.collect::<String>()
    )
}

fn whole(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn prices() -> Prices {
    Prices::new()
        .model("gpt-4o-mini", Price { input: 150_000, output: 600_000, cache_read: Some(75_000), cache_write: None })
}

/// Asks, reads to the end or as long as patience lasts, and gives what was read and recorded.
async fn asked(tap: &LlmTap, address: &str, enough: usize) -> Result<Bytes, String> {
    let uri: Uri = format!("http://ana:hunter2@{address}/v1/chat/completions").parse().unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let client = CallLayer::new().sink(Empty).layer(client);
    let call = tap.request(&uri, ASKED.as_bytes()).selection_reason("the cheapest").begin();
    let request = Request::post(&uri).body(Full::from(ASKED)).unwrap();
    let response = call.watch(client.oneshot(request)).await.map_err(|error| error.to_string())?;
    let (mut body, mut read) = (response.into_body(), Vec::new());
    while read.len() < enough {
        match tokio::time::timeout(Duration::from_millis(300), body.frame()).await {
            Ok(Some(Ok(frame))) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Ok(Some(Err(error))) => return Err(error.to_string()),
            Ok(None) | Err(_) => break,
        }
    }
    Ok(read.into())
}

fn only(capture: &Capture) -> (LlmCall, LlmEnded) {
    let mut calls = capture.llm_calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

async fn recorded(answer: String, hangs: bool, enough: usize) -> (Result<Bytes, String>, LlmCall, LlmEnded) {
    let (address, capture) = (server(answer, hangs).await, Capture::new());
    let tap = LlmTap::new().sink(capture.clone()).prices(prices());
    let read = asked(&tap, &address, enough).await;
    let (call, ended) = only(&capture);
    (read, call, ended)
}

#[tokio::test]
async fn a_stream_passes_unchanged_and_is_recorded() {
    let (read, call, ended) = recorded(events(CHAT), false, usize::MAX).await;
    assert_eq!(read.unwrap(), CHAT);
    assert_eq!(
        (call.provider.as_str(), call.operation, call.model()),
        ("openai", LlmOperation::Chat, Some("gpt-4o-mini"))
    );
    assert_eq!((call.api_version(), call.selection_reason()), (Some("v1"), Some("the cheapest")));
    assert_eq!((call.parameters.temperature, call.parameters.top_p), (Some(0.5), None));
    assert_eq!((call.parameters.max_tokens, call.parameters.stream), (Some(300), Some(true)));
    assert_eq!((ended.outcome, ended.chunks, ended.response_bytes), (LlmOutcome::Complete, 6, CHAT.len() as u64));
    assert_eq!((ended.model(), ended.finish_reasons()), (Some("gpt-4o-mini-2024-07-18"), Some("stop")));
    assert_eq!((ended.usage.output, ended.usage.reasoning), (Some(300), Some(256)));
    assert_eq!(ended.cost.unwrap().micros, 337);
    assert_eq!((ended.rate_limits.requests.remaining, ended.request_id()), (Some(7), Some("req_1")));
    assert!(ended.first_chunk.unwrap() <= ended.total && ended.status.unwrap() == 200);
    assert!(call.prompt.is_none() && ended.completion.is_none(), "contents are nobody's business");
    assert!(!call.host().unwrap().contains("hunter2"));
}

#[tokio::test]
async fn each_end_has_its_outcome() {
    use LlmErrorKind as Kind;
    let failed = LlmOutcome::Failed;
    let error = |kind: &str| format!(r#"{{"error":{{"message":"no","type":"{kind}","code":null}}}}"#);
    let half = &CHAT[..CHAT.len() / 2];
    let before_done = CHAT.find("data: [DONE]").unwrap() + 14;
    let gzip = whole("200 OK", "\u{1f}").replace("content-type", "content-encoding: gzip\r\ncontent-type");
    for (answer, hangs, enough, outcome) in [
        (whole("200 OK", CHAT_JSON), false, usize::MAX, LlmOutcome::Complete),
        (events(MESSAGES), false, usize::MAX, LlmOutcome::Complete),
        (events(half), false, usize::MAX, failed(Kind::Truncated)),
        (
            chunked("text/event-stream", half),
            false,
            usize::MAX,
            failed(Kind::Transport(cupola_record::ErrorKind::Body)),
        ),
        (chunked("text/event-stream", half), true, usize::MAX, LlmOutcome::Abandoned),
        (events(CHAT), false, 900, LlmOutcome::Abandoned),
        // Clients leave when they have read the mark of the end.
        (chunked("text/event-stream", CHAT), true, before_done, LlmOutcome::Complete),
        (whole("429 Too Many Requests", &error("requests")), false, usize::MAX, failed(Kind::RateLimited)),
        (whole("500 Internal Server Error", &error("server_error")), false, usize::MAX, failed(Kind::Server)),
        (whole("400 Bad Request", "garbage"), false, usize::MAX, failed(Kind::InvalidRequest)),
        (whole("200 OK", "garbage"), false, usize::MAX, failed(Kind::Malformed)),
        (whole("200 OK", ""), false, usize::MAX, failed(Kind::Malformed)),
        (gzip, false, usize::MAX, LlmOutcome::Complete),
        (String::new(), false, usize::MAX, failed(Kind::Transport(cupola_record::ErrorKind::Protocol))),
    ] {
        let (_, _, ended) = recorded(answer.clone(), hangs, enough).await;
        assert_eq!(ended.outcome, outcome, "{answer}");
        assert!(outcome == LlmOutcome::Complete || !ended.usage.complete && ended.cost.is_none(), "{ended:?}");
    }
}

#[tokio::test]
async fn an_abandoned_stream_keeps_what_is_known() {
    let begun = MESSAGES.find("event: content_block_stop").unwrap();
    let (_, _, ended) = recorded(chunked("text/event-stream", &MESSAGES[..begun]), true, begun).await;
    assert_eq!((ended.outcome, ended.chunks), (LlmOutcome::Abandoned, 4));
    assert_eq!((ended.usage.input, ended.usage.complete, ended.cost), (Some(1225), false, None));
    assert_eq!(ended.model(), Some("claude-sonnet-4-20250514"));
}

#[tokio::test]
async fn tokens_and_cost_are_the_requests_too() {
    let (address, capture) = (server(events(CHAT), false).await, Capture::new());
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let tap = LlmTap::new().sink(capture.clone()).prices(prices());
    let twice = async {
        for _ in 0..2 {
            asked(&tap, &address, usize::MAX).await.unwrap();
        }
    };
    twice.in_context(context.clone()).await;
    let mut totals = Vec::new();
    context.each_total(|name, amount| totals.push((name.to_string(), amount)));
    let expected = [("llm_calls", 2), ("llm_input_tokens", 4012), ("llm_output_tokens", 600), ("llm_cost_micros", 674)];
    assert_eq!(totals, expected.map(|(name, sum)| (name.to_owned(), Amount::Whole(sum))));
    assert!(capture.llm_calls().iter().all(|(call, _)| call.context.as_ref().is_some_and(|of| of.is(&context))));
}

#[tokio::test]
async fn contents_are_kept_by_choice_masked_and_capped() {
    let answer = CHAT.replace("Hello \\\"usage\\\": {1}, ", "token=s3cr3ts3cr3t and ");
    let (address, capture) = (server(events(&answer), false).await, Capture::new());
    let tap = LlmTap::new().sink(capture.clone()).content(4096);
    asked(&tap, &address, usize::MAX).await.unwrap();
    let (call, ended) = only(&capture);
    let (prompt, completion) = (call.prompt.unwrap(), ended.completion.unwrap());
    assert!(prompt.as_str().contains("my password=[REDACTED] please"), "{prompt}");
    assert!(completion.as_str().starts_with("token=[REDACTED] and café"), "{completion}");

    let capture = Capture::new();
    asked(&tap.sink(capture.clone()).content(40), &address, usize::MAX).await.unwrap();
    let (call, ended) = only(&capture);
    assert!(call.prompt.unwrap().len() < 80 && ended.completion.unwrap().len() < 80);
}

/// What the log says of calls of models, all fields of all lines.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Said {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!("{}={value:?} ", field.name());
            }
        }
        // The client's own lines are none of ours.
        if event.metadata().target() != cupola_record::LLM_TARGET {
            return;
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

#[tokio::test]
async fn lines_have_no_secret_and_no_content_and_say_once_how_models_are_asked() {
    use tracing_subscriber::layer::SubscriberExt;
    let (address, said) = (server(events(CHAT), false).await, Said::default());
    // What is said for the first time while somebody else's test says it too may be taken for what nobody hears.
    asked(&LlmTap::new().prices(prices()), &address, usize::MAX).await.unwrap();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(said.clone()));
    let tap = LlmTap::new().sink(LlmLog::new()).prices(prices());
    for _ in 0..2 {
        asked(&tap, &address, usize::MAX).await.unwrap();
    }
    drop(guard);
    let lines = said.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for part in
        ["LLM client configured", "provider=\"openai\"", "model=\"gpt-4o-mini\"", "temperature=0.5", "stream=true"]
    {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    assert!(lines[1].contains("cost_micros=337 cost_source=\"table\""), "{}", lines[1]);
    for secret in ["hunter2", "please", "Hello", "caf"] {
        assert!(!lines.concat().contains(secret), "{secret}: {lines:?}");
    }
}

#[tokio::test]
async fn what_is_of_another_format_is_recorded_by_hand() {
    let (capture, policy) = (Capture::new(), KeyPolicy::default());
    let tap = LlmTap::new()
        .sink(capture.clone())
        .prices(Prices::new().model("own-1", Price { input: 1_000_000, ..Price::default() }));
    let texts = RawLlmCall { model: "own-1", ..RawLlmCall::default() };
    let call = LlmCall::new(std::time::SystemTime::now(), LlmOperation::Chat, Provider::named("own"), &policy, &texts);
    let mut open = tap.open(call);
    open.chunks(1);
    open.usage(Usage { input: Some(5), output: Some(3), complete: true, ..Usage::default() });
    open.answer(&RawLlmAnswer { finish_reasons: "length", ..RawLlmAnswer::default() });
    open.finish();
    let (_, ended) = only(&capture);
    assert_eq!((ended.cost.unwrap().micros, ended.finish_reasons()), (5, Some("length")));
}

/// A body whose every part passes through the tap as it is: pieces that are not in one piece, trailers, hints, errors.
#[tokio::test]
async fn whatever_a_body_does_passes_unchanged() {
    let capture = Capture::new();
    let tap = LlmTap::new().sink(capture.clone());
    let uri = Uri::from_static("http://x/v1/chat/completions");
    let begin = || tap.request(&uri, b"{}").begin();

    let (one, other) = CHAT.split_at(CHAT.len() / 3);
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "7".parse().unwrap());
    let frames = [Frame::data(Bytes::from(one).chain(Bytes::from(other))), Frame::trailers(trailers.clone())];
    let frames = frames.map(Ok::<_, Infallible>);
    let body = begin().tap(Response::new(StreamBody::new(futures_util::stream::iter(frames)))).into_body();
    let collected = body.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    assert_eq!(collected.to_bytes(), CHAT);
    assert_eq!(only(&capture).1.usage.output, Some(300));

    let body = begin().tap(Response::new(Full::<Bytes>::from(CHAT_JSON))).into_body();
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(CHAT_JSON.len() as u64), false));
    let body = begin().tap(Response::new(Full::<Bytes>::default())).into_body();
    assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));

    let error = begin().tap(Response::new(Fails)).into_body().collect().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    let last = capture.llm_calls().pop().unwrap().1;
    assert_eq!(last.outcome, LlmOutcome::Failed(LlmErrorKind::Transport(cupola_record::ErrorKind::Timeout)));
}

struct Fails;

impl Body for Fails {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::TimedOut.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Frames come when they come: the first piece and the longest gap are timed by tokio's clock.
#[tokio::test(start_paused = true)]
async fn pieces_are_timed() {
    let capture = Capture::new();
    let tap = LlmTap::new().sink(capture.clone());
    let uri = Uri::from_static("http://x/v1/chat/completions");
    let call = tap.request(&uri, b"{}").begin();
    let waits = [500, 20, 90, 10, 10, 10, 0].into_iter().zip(CHAT.split_inclusive("\n\n"));
    let frames = futures_util::StreamExt::then(futures_util::stream::iter(waits), |(wait, event)| async move {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        Ok::<_, Infallible>(Frame::data(Bytes::from(event)))
    });
    let body = call.tap(Response::new(StreamBody::new(Box::pin(frames)))).into_body();
    body.collect().await.unwrap();
    let ended = only(&capture).1;
    assert_eq!(
        (ended.first_chunk, ended.longest_gap),
        (Some(Duration::from_millis(500)), Some(Duration::from_millis(90)))
    );
    assert_eq!(ended.total, Duration::from_millis(640));
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn a_response_of_reqwest_stays_one() {
    let (address, capture) = (server(events(CHAT), false).await, Capture::new());
    let tap = LlmTap::new().sink(capture.clone());
    let client = cupola_client::Client::builder().sink(capture.clone()).build().unwrap();
    let uri: Uri = format!("http://{address}/v1/chat/completions").parse().unwrap();
    let call = tap.request(&uri, ASKED.as_bytes()).begin();
    let response = call.tap_reqwest(client.post(uri.to_string()).body(ASKED).send().await.unwrap());
    assert_eq!(response.url().path(), "/v1/chat/completions");
    assert_eq!(response.bytes().await.unwrap(), CHAT);
    let (_, ended) = only(&capture);
    assert!(ended.usage.complete && ended.outcome == LlmOutcome::Complete, "{ended:?}");
    assert_eq!(capture.calls().len(), 1, "the request itself is a call, too");
}
