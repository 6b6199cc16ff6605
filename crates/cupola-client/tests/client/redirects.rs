//! Redirects: where they lead, and what goes along.

use cupola_client::{Client, ClientBuilder, Propagation, Redirects, reqwest_builder};
use cupola_context::{Context, Fresh, RequestIdFormat, WithContext};
use cupola_record::{CallOutcome, ErrorKind, StopReason};

use super::server::{Server, answer, attempts, client, only};

fn to(location: &str) -> super::server::Then {
    answer(302, &format!("location: {location}\r\n"), "")
}

/// Another host, as an origin goes, with the same server behind it.
fn elsewhere(server: &Server, path: &str) -> String {
    format!("http://localhost:{}{path}", server.address.rsplit(':').next().unwrap())
}

#[tokio::test]
async fn nothing_leaks_to_another_host() {
    let there = Server::start([answer(200, "", "there")]).await;
    let here = Server::start([to(&elsewhere(&there, "/b?ticket=1"))]).await;
    let list = "127.0.0.1".parse::<Propagation>().unwrap();
    let (client, capture) = client(|builder| builder.propagation(list).default_header("x-api-key", "s3cr3t"));
    let request = client.get(here.url("/a?token=s3cr3t")).bearer_auth("s3cr3t").header("cookie", "sid=s3cr3t");
    let request = request.header("referer", "http://x/?q=s3cr3t").header("accept", "text/plain");
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let response = request.send().in_context(context).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "there");

    let (first, second) = (&here.asked()[0], &there.asked()[0]);
    for header in
        ["x-api-key: s3cr3t", "authorization: bearer s3cr3t", "cookie: sid", "traceparent: 00-", "x-request-id: "]
    {
        assert!(first.contains(header) && !second.contains(header), "{header}: {first} {second}");
    }
    assert!(
        second.contains("accept: text/plain") && !second.contains("s3cr3t") && !second.contains("referer"),
        "{second}"
    );
    let (_, ended) = only(&capture);
    assert_eq!(
        (attempts(&ended), ended.outcome),
        (vec!["first 302".to_owned(), "redirect 200".into()], CallOutcome::Complete)
    );
}

#[tokio::test]
async fn within_an_origin_all_goes_along() {
    let server = Server::start([to("/b"), answer(200, "", "ok")]).await;
    let (client, _) = client(|builder| builder);
    client.get(server.url("/a")).bearer_auth("s3cr3t").send().await.unwrap();
    assert!(server.asked()[1].starts_with("get /b ") && server.asked()[1].contains("authorization: bearer s3cr3t"));
}

#[tokio::test]
async fn a_loop_ends() {
    let server = Server::start([to("/a")]).await;
    let (client, capture) = client(|builder| builder);
    let error = client.get(server.url("/a")).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), server.asked().len()), (ErrorKind::Redirect, 11, 11));
    let (_, ended) = only(&capture);
    assert_eq!((ended.outcome, ended.stopped), (CallOutcome::Failed(ErrorKind::Redirect), Some(StopReason::Redirect)));
}

#[tokio::test]
async fn default_headers_of_reqwests_builder_go_nowhere_else() {
    let there = Server::start([answer(200, "", "there")]).await;
    let here = Server::start([to(&elsewhere(&there, "/b"))]).await;
    let capture = cupola_record::Capture::new();
    let headers = http::HeaderMap::from_iter([(http::header::AUTHORIZATION, "s3cr3t".parse().unwrap())]);
    let builder = ClientBuilder::from_reqwest(reqwest_builder().unwrap().default_headers(headers));
    let client = builder.sink(capture.clone()).build().unwrap();
    assert_eq!(client.get(here.url("/a")).send().await.unwrap_err().kind(), ErrorKind::Redirect);
    assert!(there.asked().is_empty());
}

#[tokio::test]
async fn redirects_can_be_left_to_the_caller() {
    let server = Server::start([to("/b")]).await;
    let client = Client::builder().redirects(Redirects::none()).build().unwrap();
    assert_eq!(client.get(server.url("/a")).send().await.unwrap().status(), 302);
}
