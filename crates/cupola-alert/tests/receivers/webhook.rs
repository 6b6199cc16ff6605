//! Webhooks that fail in every way, and one that checks what it gets.

use std::time::Duration;

use cupola_alert::{MessageKind, Network, Notifier as _, Reach, Webhook};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::server::{Asked, Says, Server, bytes, says};
use super::{SECOND, SECRET, START, message};

fn fine(_: &[Asked], _: &Asked) -> Says {
    says(200, "")
}

#[tokio::test]
async fn each_attempt_is_signed_and_has_the_key_of_its_message() {
    let server = Server::start(fine).await;
    let hook = Webhook::new(&format!("{}/hook", server.address)).unwrap().secret(SECRET);
    let hook = hook.header("authorization", &format!("Bearer {SECRET}")).unwrap().external("https://cupola.example");
    assert!(!format!("{hook:?}").contains(SECRET));
    let first = message(MessageKind::Firing, 2);
    let again = cupola_alert::Message { sent: START + 100 * SECOND, ..first.clone() };
    hook.send(&first).await.unwrap();
    hook.send(&again).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].text, asked[1].text, "what is sent again is the same");
    for (asked, at) in asked.iter().zip(["1764236322", "1764236421"]) {
        assert_eq!(asked.header("idempotency-key"), first.id);
        assert_eq!(asked.header("authorization"), format!("Bearer {SECRET}"));
        assert_eq!((asked.header("webhook-id"), asked.header("webhook-timestamp")), (first.id.as_str(), at));
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{}.{at}.", first.id).as_bytes());
        mac.update(&asked.text);
        let signature = base64(&mac.finalize().into_bytes());
        assert_eq!(asked.header("webhook-signature"), format!("v1,{signature}"));
    }
    let document = asked[0].json();
    assert_eq!((&document["version"], &document["status"]), (&"4".into(), &"firing".into()));
    assert_eq!(
        document["alerts"][0]["labels"]["http_route"], "/users/{id}<!channel>&",
        "JSON needs no escaping of ours"
    );
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn answers_that_are_no_success() {
    let server = Server::start(fine).await;
    let hook = Webhook::new(&format!("{}/{SECRET}", server.address)).unwrap();
    let check = async |answer: Says, is_lasting: bool, wait: Option<u64>| {
        let status = answer.status;
        server.tell(answer);
        let error = hook.send(&message(MessageKind::Firing, 1)).await.unwrap_err();
        assert_eq!(
            (error.is_lasting(), error.wait()),
            (is_lasting, wait.map(Duration::from_secs)),
            "{status}: {error}"
        );
        assert!(error.to_string().starts_with(&format!("the answer was {status}")), "{error}");
        assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
        assert_eq!(server.asked().len(), 1, "redirects are not followed, and nothing is tried twice here");
    };
    for status in [301, 302, 303, 307, 308] {
        check(says(status, "").with("location", server.address.clone()), true, None).await;
    }
    for status in [400, 401, 403, 404, 405, 409, 410, 413, 422, 451] {
        check(says(status, "no").with("retry-after", "9"), true, None).await;
    }
    for status in [408, 425, 429, 500, 501, 502, 503, 504, 599] {
        check(says(status, "later"), false, None).await;
        check(says(status, "later").with("retry-after", " 9 "), false, Some(9)).await;
    }
    check(says(503, "").with("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"), false, None).await;
    check(says(503, "").with("retry-after", "soon"), false, None).await;
    server.tell(says(202, ""));
    hook.send(&message(MessageKind::Firing, 1)).await.unwrap();
}

#[tokio::test]
async fn answers_that_are_none() {
    let check = async |address: &str, expected: Result<(), &str>| {
        let hook = Webhook::new(address).unwrap().timeout(Duration::from_secs(1));
        let sent = hook.send(&message(MessageKind::Firing, 1)).await;
        let shown = format!("{sent:?}");
        match (sent, expected) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(expected)) => {
                assert!(error.to_string().starts_with(expected), "{error}");
                assert!(!error.is_lasting() && !shown.contains(SECRET), "{shown}");
            }
            (sent, expected) => panic!("{sent:?} and not {expected:?}"),
        }
    };
    let none: &[u8] = b"";
    check(&bytes(none, false).await, Err("no answer in time")).await;
    check(&bytes(none, true).await, Err("the connection broke off")).await;
    check(&bytes(b"HTTP/1.1 20", true).await, Err("the connection broke off")).await;
    check(&bytes(b"HTTP/1.1 200 OK\r\nContent-Le", false).await, Err("no answer in time")).await;
    check(&bytes(b"220 smtp.example.com ESMTP\r\n", true).await, Err("the connection broke off")).await;
    let half: &[u8] = b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf";
    check(&bytes(half, true).await, Err("the answer was 500")).await;
    check(&bytes(half, false).await, Err("the answer was 500")).await;
    // The head says that it was taken: whatever else there was to say is of no interest.
    check(&bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true).await, Ok(())).await;
    check(&bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", false).await, Ok(())).await;
    let plain = bytes(none, true).await.replace("http://", "https://");
    check(&plain, Err("no connection")).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(&format!("http://{free}/{SECRET}"), Err("no connection")).await;
    check(&format!("http://nowhere.invalid/{SECRET}"), Err("no connection")).await;
}

#[tokio::test]
async fn names_that_lead_inside_are_out_of_reach() {
    let server = Server::start(fine).await;
    let port = server.address.rsplit(':').next().unwrap();
    let named = format!("http://localhost:{port}/{SECRET}");
    let limited = Webhook::within(&named, &Reach::Public { besides: Vec::new() }).unwrap();
    let error = limited.send(&message(MessageKind::Firing, 1)).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.is_lasting()), ("its name leads to an internal address only", true));
    assert_eq!(server.asked().len(), 0);
    let allowed = Reach::Public { besides: vec![Network::parse("127.0.0.0/8").unwrap()] };
    Webhook::within(&named, &allowed).unwrap().send(&message(MessageKind::Firing, 1)).await.unwrap();
    assert_eq!(server.asked().len(), 1);
}
