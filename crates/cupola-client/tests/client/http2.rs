//! What HTTP/2 refuses unseen.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cupola_client::{Client, ClientBuilder, RetryPolicy, reqwest_builder};
use cupola_record::{Capture, ErrorKind};
use h2::Reason;
use http::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::server::{attempts, only};

/// What a server does with the first request.
#[derive(Clone, Copy)]
enum First {
    Reset(Reason),
    GoAway,
}

/// Its settings, and that it ends the connection without having looked at any stream.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Where a server listens, and the methods that it was asked by.
async fn start(first: First) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, asked) = (format!("http://{}/a", listener.local_addr().unwrap()), Arc::<Mutex<Vec<String>>>::default());
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        if let First::GoAway = first {
            go_away(listener.accept().await.unwrap().0, &kept).await;
        }
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, first, &kept).await;
        }
    });
    (url, asked)
}

async fn go_away(mut stream: TcpStream, asked: &Mutex<Vec<String>>) {
    stream.write_all(&SETTINGS).await.unwrap();
    let mut read = Vec::new();
    // The preface, and then frames: the head of a request is one of type 1.
    while !read.windows(6).any(|frame| matches!(frame, [1, _, 0, 0, 0, 1])) {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
    }
    asked.lock().unwrap().push("unseen".to_owned());
    stream.write_all(&GO_AWAY).await.unwrap();
    let _ = stream.read_to_end(&mut read).await;
}

async fn serve(stream: TcpStream, first: First, asked: &Mutex<Vec<String>>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let count = {
            let mut asked = asked.lock().unwrap();
            asked.push(request.method().to_string());
            asked.len()
        };
        match first {
            First::Reset(reason) if count == 1 => respond.send_reset(reason),
            _ => respond.send_response(Response::new(()), false).unwrap().send_data(Bytes::from("ok"), true).unwrap(),
        }
    }
}

fn client() -> (Client, Capture) {
    let (capture, reqwest) = (Capture::new(), reqwest_builder().unwrap().http2_prior_knowledge());
    (ClientBuilder::from_reqwest(reqwest).sink(capture.clone()).build().unwrap(), capture)
}

#[tokio::test]
async fn what_is_refused_unseen_is_sent_again_whatever_its_method() {
    for (first, sent) in [(First::Reset(Reason::REFUSED_STREAM), ["POST", "POST"]), (First::GoAway, ["unseen", "POST"])]
    {
        let ((url, asked), (client, capture)) = (start(first).await, client());
        let response = client.post(url).body("order").send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "ok");
        assert_eq!(*asked.lock().unwrap(), sent);
        assert_eq!(attempts(&only(&capture).1), ["first refused", "retry 200"]);
    }
}

#[tokio::test]
async fn what_may_have_been_looked_at_is_not() {
    let ((url, asked), (client, _)) = (start(First::Reset(Reason::INTERNAL_ERROR)).await, client());
    let error = client.post(url).body("order").send().await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Refused);
    assert_eq!((error.attempts(), asked.lock().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn who_wants_one_attempt_has_one() {
    let ((url, asked), (client, _)) = (start(First::Reset(Reason::REFUSED_STREAM)).await, client());
    let error = client.get(url).retry(RetryPolicy::never()).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), asked.lock().unwrap().len()), (ErrorKind::Refused, 1, 1));
}
