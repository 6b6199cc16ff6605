//! What is sent again, when, and why not.

use std::time::Duration;

use cupola_client::{Breaker, CallReport, RateLimit, RetryPolicy};
use cupola_record::{CallOutcome, ErrorKind, StopReason};
use http::Method;
use reqwest::Body;
use tokio::time::Instant;

use super::server::{Server, Then, answer, attempts, client, only, quick};

#[tokio::test]
async fn what_fails_for_a_while_succeeds() {
    let refused = Then::Close(String::new());
    let server = Server::start([answer(503, "", "busy"), refused, answer(200, "", "ok")]).await;
    let (client, capture) = client(|builder| builder);
    let response = client.get(server.url("/a")).send().await.unwrap();
    assert_eq!(response.extensions().get::<CallReport>().unwrap().attempts, 3);
    assert_eq!(response.text().await.unwrap(), "ok");
    let (_, ended) = only(&capture);
    assert_eq!(attempts(&ended), ["first 503", "retry protocol", "retry 200"]);
    assert_eq!((ended.outcome, ended.stopped, ended.response_bytes), (CallOutcome::Complete, None, 2));
}

#[tokio::test]
async fn a_drained_connection_serves_the_next_attempt() {
    let server = Server::start([answer(503, "", "busy"), answer(200, "", "ok")]).await;
    let (client, capture) = client(|builder| builder);
    client.get(server.url("/a")).send().await.unwrap().bytes().await.unwrap();
    let (_, ended) = only(&capture);
    assert_eq!(ended.attempts[1].connection, cupola_record::ConnectionUse::Reused, "{ended:?}");
}

#[tokio::test]
async fn each_reason_to_stop_is_said() {
    let one = |status, headers: &str| vec![answer(status, headers, "no")];
    let stream = || Body::wrap(http_body_util::Full::<bytes::Bytes>::from("streamed"));
    for (answers, method, body, stopped, sent) in [
        (one(500, ""), Method::GET, None, Some(StopReason::Attempts), 3),
        (one(500, ""), Method::POST, None, Some(StopReason::NotIdempotent), 1),
        (one(500, ""), Method::PATCH, None, Some(StopReason::NotIdempotent), 1),
        (one(500, ""), Method::PUT, Some(stream()), Some(StopReason::BodyNotReplayable), 1),
        (one(429, "retry-after: 3600\r\n"), Method::GET, None, Some(StopReason::Deadline), 1),
        (one(404, ""), Method::GET, None, None, 1),
        (one(501, ""), Method::GET, None, None, 1),
    ] {
        let server = Server::start(answers).await;
        let (client, capture) = client(|builder| builder);
        let request = client.request(method.clone(), server.url("/a"));
        let request = body.into_iter().fold(request, |request, body| request.body(body));
        let response = request.send().await.unwrap();
        let report = *response.extensions().get::<CallReport>().unwrap();
        assert_eq!((report.stopped, report.attempts), (stopped, sent), "{method}");
        drop(response.bytes().await.unwrap());
        let (_, ended) = only(&capture);
        assert_eq!((ended.stopped, ended.attempt_count), (stopped, sent), "{method}");
        assert_eq!(server.asked().len(), sent as usize);
    }
}

#[tokio::test]
async fn a_post_is_sent_again_with_the_same_key_only() {
    let server = Server::start([answer(503, "", ""), answer(200, "", "")]).await;
    let (client, _) = client(|builder| builder);
    client.post(server.url("/a")).idempotency_key().json(&[1]).send().await.unwrap();
    let asked = server.asked();
    let keys: Vec<&str> = asked.iter().map(|head| head.split("idempotency-key: ").nth(1).unwrap()).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0][..32], keys[1][..32]);
    assert!(asked.iter().all(|request| request.ends_with("[1]")), "{asked:?}");
}

#[tokio::test]
async fn a_body_that_is_made_anew_is_sent_again() {
    let server = Server::start([answer(503, "", ""), answer(200, "", "")]).await;
    let (client, _) = client(|builder| builder);
    let make = || Body::wrap(http_body_util::Full::<bytes::Bytes>::from("streamed"));
    let status = client.put(server.url("/a")).body_factory(make).send().await.unwrap().status();
    assert_eq!(status, 200);
    assert!(server.asked().iter().all(|request| request.ends_with("streamed")), "{:?}", server.asked());
}

#[tokio::test]
async fn an_expected_status_is_no_failure() {
    let server = Server::start([answer(503, "", "")]).await;
    let (client, capture) = client(|builder| builder);
    client.get(server.url("/a")).expect_status(503).send().await.unwrap().bytes().await.unwrap();
    let (call, ended) = only(&capture);
    assert_eq!((ended.attempt_count, ended.stopped, ended.error_type(&call)), (1, None, None));
}

#[tokio::test]
async fn a_host_is_left_alone_for_as_long_as_it_says() {
    let server = Server::start([answer(429, "retry-after: 1\r\n", "slow down"), answer(200, "", "")]).await;
    let (client, capture) = client(|builder| builder);
    let began = Instant::now();
    client.get(server.url("/a")).send().await.unwrap().bytes().await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    let (_, ended) = only(&capture);
    assert_eq!(attempts(&ended), ["first 429", "retry_after 200"]);
    assert!(ended.attempts[1].delay >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_storm_is_held_by_the_budget() {
    let server = Server::start([answer(429, "", "")]).await;
    let (client, capture) = client(|builder| builder.retry(quick().budget(10, 20)));
    let calls = (0..100).map(|_| async { client.get(server.url("/a")).send().await.unwrap().bytes().await });
    futures_util::future::join_all(calls).await;
    // A fifth of a hundred, and the ten to begin with; without a budget it were 300.
    assert!((110..=130).contains(&server.asked().len()), "{}", server.asked().len());
    let calls = capture.calls();
    assert_eq!(calls.len(), 100);
    assert_eq!(calls.iter().map(|(_, ended)| ended.attempt_count as usize).sum::<usize>(), server.asked().len());
    assert!(calls.iter().filter(|(_, ended)| ended.stopped == Some(StopReason::Budget)).count() > 60);
}

#[tokio::test]
async fn who_fails_too_often_is_not_asked() {
    let server = Server::start([answer(500, "", ""), answer(500, "", ""), answer(200, "", "")]).await;
    let rest = Duration::from_millis(600);
    let (client, capture) = client(|builder| builder.retry(RetryPolicy::never()).breaker(Breaker::new(2, rest)));
    let ask = || async { client.get(server.url("/a")).send().await.map(|response| response.status().as_u16()) };
    assert_eq!((ask().await.unwrap(), ask().await.unwrap()), (500, 500));
    let error = ask().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::CircuitOpen, 0));
    let (_, ended) = capture.calls().pop().unwrap();
    assert_eq!(
        (ended.outcome, ended.stopped),
        (CallOutcome::Failed(ErrorKind::CircuitOpen), Some(StopReason::CircuitOpen))
    );
    assert_eq!(server.asked().len(), 2);
    tokio::time::sleep(rest).await;
    assert_eq!(ask().await.unwrap(), 200);
    assert_eq!(ask().await.unwrap(), 200);
}

#[tokio::test]
async fn a_host_that_always_breaks_off_fails_too() {
    let half = Then::Close("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n[".into());
    let server = Server::start([half]).await;
    let breaker = Breaker::new(2, Duration::from_secs(60));
    let (client, _) = client(|builder| builder.retry(RetryPolicy::never()).breaker(breaker));
    let ask = || async { client.get(server.url("/a")).receive::<Vec<u8>>().await.unwrap_err().kind() };
    assert_eq!([ask().await, ask().await, ask().await], [ErrorKind::Body, ErrorKind::Body, ErrorKind::CircuitOpen]);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn who_is_asked_too_often_is_waited_for() {
    let server = Server::start([answer(200, "", "")]).await;
    let (client, capture) = client(|builder| builder.rate_limit(RateLimit::per_second(4).burst(1)));
    for _ in 0..3 {
        client.get(server.url("/a")).send().await.unwrap().bytes().await.unwrap();
    }
    let delays: Vec<Duration> = capture.calls().iter().map(|(_, ended)| ended.attempts[0].delay).collect();
    assert!(delays[0] < Duration::from_millis(100) && delays[2] > Duration::from_millis(100), "{delays:?}");
    let error = client.get(server.url("/a")).deadline(Duration::from_millis(5)).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), server.asked().len()), (ErrorKind::Deadline, 0, 3));
}
