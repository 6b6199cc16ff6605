//! Each way in which a call can end has its outcome, its kind, and one record.

use std::time::Duration;

use cupola_client::{CallReport, classify};
use cupola_record::{BodyRules, CallOutcome, ConnectionUse, ErrorKind};

use super::server::{Server, Then, answer, client, only};

const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello";

#[tokio::test]
async fn each_end_has_its_outcome() {
    let quiet = Duration::from_millis(300);
    let failed = CallOutcome::Failed;
    for (then, outcome, bytes) in [
        (answer(200, "", "hello"), CallOutcome::Complete, 5),
        (answer(404, "", "no"), CallOutcome::Complete, 2),
        (Then::Say("HTTP/1.1 204 X\r\n\r\n".into()), CallOutcome::Complete, 0),
        (Then::Close(HALF.into()), failed(ErrorKind::Body), 5),
        (Then::Hang(HALF.into()), failed(ErrorKind::Timeout), 5),
        (Then::Hang(String::new()), failed(ErrorKind::Timeout), 0),
        (Then::Close(String::new()), failed(ErrorKind::Protocol), 0),
        (Then::Close("HTTP/1.1 2".into()), failed(ErrorKind::Protocol), 0),
        (Then::Close("\u{0}\u{1}garbage\r\n\r\n".into()), failed(ErrorKind::Protocol), 0),
        (Then::Reset, failed(ErrorKind::Protocol), 0),
        (answer(200, "", &"x".repeat(5_000)), failed(ErrorKind::TooLarge), 0),
    ] {
        let server = Server::start([then.clone()]).await;
        let (client, capture) =
            client(|builder| builder.attempt_timeout(quiet).read_timeout(quiet).response_limit(4_000));
        let error = match client.post(server.url("/a")).send().await {
            Ok(response) => response.bytes().await.err().map(|error| classify(&error)),
            Err(error) => Some(error.kind()),
        };
        let (_, ended) = only(&capture);
        assert_eq!((ended.outcome, ended.attempt_count), (outcome, 1), "{then:?} {ended:?}");
        assert_eq!(ended.response_bytes, bytes, "{then:?}");
        match outcome {
            CallOutcome::Failed(kind) => assert_eq!(error, Some(kind), "{then:?}"),
            _ => assert_eq!(error, None, "{then:?}"),
        }
    }
}

#[tokio::test]
async fn who_cannot_be_reached_says_why() {
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, kind) in [
        (format!("http://{unused}/a"), ErrorKind::Connect),
        ("http://no-such-host.invalid/a".to_owned(), ErrorKind::Dns),
    ] {
        let (client, capture) = client(|builder| builder);
        let error = client.get(&url).send().await.unwrap_err();
        let (_, ended) = only(&capture);
        assert_eq!(
            (error.kind(), ended.outcome, error.is_connect()),
            (kind, CallOutcome::Failed(kind), true),
            "{error:?}"
        );
        assert_eq!((error.attempts(), ended.attempt_count), (3, 3), "nothing was sent, so it may be tried again");
    }
}

#[tokio::test]
async fn a_caller_that_leaves_is_told_apart() {
    for (then, outcome) in [
        (Then::Hang(String::new()), CallOutcome::DroppedBeforeHead),
        (Then::Hang(HALF.into()), CallOutcome::DroppedMidBody),
    ] {
        let server = Server::start([then]).await;
        let (client, capture) = client(|builder| builder);
        let call = async { client.get(server.url("/a")).send().await.unwrap().bytes().await };
        assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
        assert_eq!(only(&capture).1.outcome, outcome);
    }
}

#[tokio::test]
async fn a_response_is_reqwests_own() {
    let server = Server::start([answer(200, "x-served-by: a\r\n", r#"{"name": "ana"}"#)]).await;
    let (client, capture) = client(|builder| builder.dependency("users"));
    let url = server.url("");
    let template = format!("{url}/users/{{id}}");
    let request = client.get_template(&template, &[("id", &"a/b")]).query(&[("page", "2"), ("api_key", "s3cr3t")]);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-served-by"], "a");
    assert_eq!(response.url().as_str(), format!("{url}/users/a%2Fb"));
    assert_eq!(response.content_length(), Some(15));
    assert_eq!(response.extensions().get::<CallReport>().unwrap().attempts, 1);
    assert!(response.remote_addr().is_some());
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["name"], "ana");

    assert!(server.asked()[0].starts_with("get /users/a%2fb?page=2&api_key=s3cr3t http/1.1\r\n"));
    let (call, ended) = only(&capture);
    assert_eq!((call.template.as_deref(), call.dependency.as_deref()), (Some("/users/{id}"), Some("users")));
    assert_eq!(call.query(), Some("page=2&api_key=[REDACTED]"));
    assert_eq!((ended.outcome, ended.response_bytes), (CallOutcome::Complete, 15));
}

#[tokio::test]
async fn connections_are_fresh_or_reused() {
    let server = Server::start([answer(200, "", "hello")]).await;
    let (client, capture) = client(|builder| builder);
    let url = format!("http://localhost:{}/a", server.address.rsplit(':').next().unwrap());
    for _ in 0..2 {
        client.get(&url).send().await.unwrap().bytes().await.unwrap();
    }
    let calls = capture.calls();
    let (first, second) = (&calls[0].1.attempts[0], &calls[1].1.attempts[0]);
    assert_eq!((first.connection, second.connection), (ConnectionUse::Fresh, ConnectionUse::Reused));
    assert!(first.dns > Some(Duration::ZERO) && first.connect >= first.dns, "{first:?}");
    assert_eq!((second.dns, second.connect), (None, None));
}

#[tokio::test]
async fn bodies_and_headers_are_shown_by_choice() {
    let server =
        Server::start([answer(200, "content-type: application/json\r\n", r#"{"token": "s3cr3t", "ok": true}"#)]).await;
    let (client, capture) = client(|builder| builder.bodies(BodyRules::default()).show_headers());
    let body = serde_json::json!({"name": "ana", "password": "hunter2"});
    let request = client.post(server.url("/a")).header("x-api-key", "s3cr3t").json(&body);
    request.send().await.unwrap().bytes().await.unwrap();
    assert!(server.asked()[0].ends_with(r#"{"name":"ana","password":"hunter2"}"#), "it is sent as it is");
    assert!(server.asked()[0].contains("content-length: 35\r\n"), "{:?}", server.asked());
    let (_, ended) = only(&capture);
    assert_eq!((ended.request_bytes, ended.response_bytes), (Some(35), 31));
    let shown = format!("{:?}", capture.calls());
    for part in [r#"{\"name\":\"ana\",\"password\":\"[REDACTED]\"}"#, r#"{\"token\": \"[REDACTED]\", \"ok\": true}"#] {
        assert!(shown.contains(part), "{part} {shown}");
    }
    assert!(!shown.contains("s3cr3t") && !shown.contains("hunter2"), "{shown}");
}
