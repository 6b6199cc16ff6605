//! Time and size.

use std::time::Duration;

use cupola_client::{Config, HostPolicy, RetryPolicy, classify};
use cupola_record::{CallOutcome, ErrorKind, StopReason};
use tokio::time::Instant;

use super::server::{Server, Then, answer, attempts, client, only};

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_tried_again() {
    let server = Server::start([Then::Hang(String::new()), answer(200, "", "ok")]).await;
    let (client, capture) = client(|builder| builder.attempt_timeout(Duration::from_millis(300)));
    assert_eq!(client.get(server.url("/a")).send().await.unwrap().text().await.unwrap(), "ok");
    assert_eq!(attempts(&only(&capture).1), ["first timeout", "retry 200"]);
}

#[tokio::test]
async fn the_deadline_holds_all_attempts() {
    let server = Server::start([Then::Hang(String::new())]).await;
    let (client, capture) = client(|builder| builder.attempt_timeout(Duration::from_millis(300)));
    let began = Instant::now();
    let error = client.get(server.url("/a")).deadline(Duration::from_millis(500)).send().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_millis(5_000));
    assert_eq!((error.kind(), error.attempts(), error.is_timeout()), (ErrorKind::Deadline, 2, true));
    let (_, ended) = only(&capture);
    assert_eq!((ended.outcome, ended.stopped), (CallOutcome::Failed(ErrorKind::Deadline), Some(StopReason::Deadline)));
}

#[tokio::test]
async fn the_whole_time_holds_the_body_too() {
    let server = Server::start([Then::Hang("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello".into())]).await;
    let (client, capture) = client(|builder| builder);
    let response = client.get(server.url("/a")).timeout(Duration::from_millis(400)).send().await.unwrap();
    let error = response.bytes().await.unwrap_err();
    assert_eq!(classify(&error), ErrorKind::Deadline);
    assert_eq!(only(&capture).1.outcome, CallOutcome::Failed(ErrorKind::Deadline));
}

#[tokio::test]
async fn a_host_has_its_own_way() {
    let server = Server::start([Then::Hang(String::new())]).await;
    let quick = HostPolicy::new().attempt_timeout(Duration::from_millis(20)).dependency("slow");
    let (client, capture) = client(|builder| builder.host("127.0.0.1", quick).unwrap());
    let error = client.get(server.url("/a")).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 3));
    assert_eq!(only(&capture).0.dependency.as_deref(), Some("slow"));
    assert!(cupola_client::Client::builder().host("https://x", HostPolicy::new()).is_err());
}

#[tokio::test]
async fn variables_win_over_the_builder_and_not_over_one_call() {
    let source = |name: &str| match name {
        "CUPOLA_CALL_DEADLINE_MS" => Some("400".to_owned()),
        "CUPOLA_CALL_ATTEMPTS" => Some("2".to_owned()),
        _ => None,
    };
    let config = Config::from_vars(&source).unwrap();
    let quick = |builder: cupola_client::ClientBuilder| builder.attempt_timeout(Duration::from_millis(20));
    let server = Server::start([Then::Hang(String::new())]).await;
    let (often, capture) = client(|builder| quick(builder).config(&config).deadline(Duration::from_secs(60)));
    let error = often.get(server.url("/a")).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 2));
    let once = often.get(server.url("/a")).retry(RetryPolicy::never()).send().await.unwrap_err();
    assert_eq!((once.attempts(), capture.calls().len()), (1, 2));
    let (long, _) = client(|builder| builder.config(&config).deadline(Duration::from_secs(60)));
    let error = long.get(server.url("/a")).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
}
