//! Typed clients: one short function for each operation, and lines that say what it found.

use cupola_client::{CallError, Client, RetryPolicy};
use cupola_record::{CallOutcome, ErrorKind};
use serde::Deserialize;

use super::server::{Server, Then, answer, attempts, client, only};

const JSON: &str = "content-type: application/json\r\n";

#[derive(Debug, Deserialize)]
struct Offers {
    offers: Vec<Offer>,
}

#[derive(Debug, Deserialize)]
struct Offer {
    id: u64,
}

struct Market(Client);

impl Market {
    async fn query_offers(&self, gpu: &str) -> Result<Offers, CallError> {
        let call = self.0.operation("query_offers").with("filters", 1).get("/offers").query(&[("gpu", gpu)]);
        call.receive_counted(|found: &Offers| vec![("offers", found.offers.len().into())]).await
    }

    async fn destroy(&self, id: u64) -> Result<(), CallError> {
        let call = self.0.operation("destroy_instance").with("instance_id", id);
        call.delete_template("/instances/{id}", &[("id", &id)]).receive().await
    }
}

#[tokio::test]
async fn a_call_says_its_operation_and_what_it_found() {
    let server = Server::start([answer(200, JSON, r#"{"offers": [{"id": 1}, {"id": 2}]}"#)]).await;
    let (client, capture) = client(|builder| builder.base_url(server.url("")).user_agent("market/2.1"));
    let found = Market(client).query_offers("H100").await.unwrap();
    assert_eq!(found.offers.iter().map(|offer| offer.id).sum::<u64>(), 3);
    assert!(server.asked()[0].contains("user-agent: market/2.1 (query_offers)\r\n"), "{:?}", server.asked());
    let (call, ended) = only(&capture);
    let scope = call.scope.unwrap();
    let field = |key: &str| scope.field(key).map(ToString::to_string);
    assert_eq!((field("operation").as_deref(), field("filters").as_deref()), (Some("query_offers"), Some("1")));
    assert_eq!(field("offers").as_deref(), Some("2"));
    assert!(field("operation_id").unwrap().starts_with("query_offers_"));
    assert!(field("session_id").unwrap().starts_with("session_"));
    assert_eq!((ended.outcome, ended.response_bytes), (CallOutcome::Complete, 34));
}

#[tokio::test]
async fn nothing_is_a_response_too() {
    let server = Server::start([Then::Say("HTTP/1.1 204 X\r\n\r\n".into())]).await;
    let (client, capture) = client(|builder| builder.base_url(server.url("/api/v0/")));
    Market(client).destroy(17).await.unwrap();
    assert!(server.asked()[0].starts_with("delete /api/v0/instances/17 "));
    assert_eq!(only(&capture).0.template.as_deref(), Some("/instances/{id}"));
}

#[tokio::test]
async fn what_is_not_as_it_should_be_has_its_kind() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"offers\":";
    let secret = r#"{"error": "bad key", "api_key": "s3cr3t"}"#;
    for (then, kind, outcome) in [
        (answer(200, JSON, "<html>s3cr3t"), ErrorKind::Decode, CallOutcome::Failed(ErrorKind::Decode)),
        (answer(200, JSON, r#"{"offers": "s3cr3t"}"#), ErrorKind::Decode, CallOutcome::Failed(ErrorKind::Decode)),
        (answer(401, JSON, secret), ErrorKind::Status, CallOutcome::Complete),
        (Then::Close(half.into()), ErrorKind::Body, CallOutcome::Failed(ErrorKind::Body)),
    ] {
        let server = Server::start([then.clone()]).await;
        let (client, capture) = client(|builder| builder.base_url(server.url("")).retry(RetryPolicy::never()));
        let error = Market(client).query_offers("s3cr3t").await.unwrap_err();
        let (call, ended) = only(&capture);
        assert_eq!((error.kind(), ended.outcome), (kind, outcome), "{then:?}");
        let said = format!("{error} {error:?} {:?} {:?}", error.said(), std::error::Error::source(&error));
        assert!(!said.contains("s3cr3t"), "{said}");
        if kind == ErrorKind::Status {
            assert_eq!(error.to_string(), "the response's status is no success: 401");
            assert!(error.said().unwrap().contains("bad key"), "{said}");
            assert_eq!(ended.error_type(&call), Some("401"));
        }
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_is_asked_for_again() {
    let half = Then::Close("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"offers\":".into());
    let server = Server::start([half.clone(), answer(200, JSON, r#"{"offers": []}"#)]).await;
    let (client, capture) = client(|builder| builder.base_url(server.url("")));
    assert!(Market(client).query_offers("H100").await.unwrap().offers.is_empty());
    let (_, ended) = only(&capture);
    assert_eq!(attempts(&ended), ["first body", "retry 200"]);
    assert_eq!((ended.outcome, ended.response_bytes), (CallOutcome::Complete, 14));

    let server = Server::start([half]).await;
    let (client, capture) = super::server::client(|builder| builder.base_url(server.url("")));
    let error = client.post("/offers").receive::<Offers>().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), server.asked().len()), (ErrorKind::Body, 1, 1));
    assert_eq!(only(&capture).1.stopped, Some(cupola_record::StopReason::NotIdempotent));
}
