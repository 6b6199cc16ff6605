//! Around a client that somebody else built: it is observed, and nothing else.

use cupola_client::{Client, reqwest_builder};
use cupola_context::{Context, Fresh, RequestIdFormat, WithContext};
use cupola_record::{CallOutcome, Capture};

use super::server::{Server, answer, only};

fn context() -> Context {
    Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]))
}

#[tokio::test]
async fn it_is_observed_only() {
    let moved = answer(302, "location: /b\r\n", "");
    let server = Server::start([moved, answer(503, "", "busy")]).await;
    let capture = Capture::new();
    let client = Client::around(reqwest_builder().unwrap().build().unwrap()).sink(capture.clone()).build().unwrap();
    let response = client.get(server.url("/a")).send().in_context(context()).await.unwrap();
    assert_eq!((response.status().as_u16(), response.url().path()), (503, "/b"));
    response.bytes().await.unwrap();
    let (call, ended) = only(&capture);
    assert_eq!((call.path(), ended.outcome, ended.response_bytes), (Some("/a"), CallOutcome::Complete, 4));
    assert!(!ended.attempts_known);
    assert_eq!(server.asked().len(), 2, "it followed the redirect by itself, and nothing was sent again");
    assert!(server.asked().iter().all(|head| !head.contains("traceparent")), "it might carry it on");
}

#[tokio::test]
async fn without_redirects_identity_goes_along() {
    let server = Server::start([answer(200, "", "")]).await;
    let theirs = reqwest_builder().unwrap().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let client = Client::around(theirs).sink(Capture::new()).redirects_are_off().build().unwrap();
    client.get(server.url("/a")).send().in_context(context()).await.unwrap();
    assert!(server.asked()[0].contains("traceparent: 00-"));
}

#[cfg(feature = "reqwest-middleware")]
#[tokio::test]
async fn a_middleware_observes_where_it_stands() {
    let server = Server::start([answer(404, "", "nobody")]).await;
    let capture = Capture::new();
    let layer = cupola_client::CallLayer::new().sink(capture.clone());
    let client = reqwest_middleware::ClientBuilder::new(reqwest_builder().unwrap().build().unwrap());
    let client = client.with(cupola_client::CallMiddleware::new(&layer)).build();
    let info = cupola_client::CallInfo::new().template("/users/{id}").expect_status(404);
    let request = client.get(server.url("/users/17?q=s3cr3t")).with_extension(info);
    let response = request.send().in_context(context()).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "nobody");
    let (call, ended) = only(&capture);
    assert_eq!((call.template.as_deref(), call.context.is_some()), (Some("/users/{id}"), true));
    assert_eq!((ended.outcome, ended.error_type(&call), ended.response_bytes), (CallOutcome::Complete, None, 6));
    assert!(!server.asked()[0].contains("traceparent"));

    let error = client.get("http://127.0.0.1:1/?q=s3cr3t").send().await.unwrap_err();
    assert!(error.is_connect() && !format!("{error:?} {error}").contains("s3cr3t"), "{error:?}");
    let (_, ended) = capture.calls().pop().unwrap();
    assert_eq!(ended.outcome, CallOutcome::Failed(cupola_record::ErrorKind::Connect));
}
