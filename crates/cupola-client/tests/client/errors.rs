//! No error says what nobody may read: whatever the URL and the headers hold.

use std::error::Error;

use cupola_record::ErrorKind;
use rand::SeedableRng;

use super::server::{Server, Then, answer, client};

/// Everything that an error says: itself, its sources, in both forms.
fn said(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain.map(|error| format!("{error} {error:?} {error:#?}\n")).collect()
}

#[tokio::test]
async fn what_cannot_be_sent_says_why_and_no_more() {
    let (client, capture) = client(|builder| builder);
    for (request, expected) in [
        (client.get("no url s3cr3t"), "relative URL without a base"),
        (client.get("ftp://example.com/?q=s3cr3t"), "builder error"),
        (client.get("http://x/").header("x-key", "s3cr3t\n"), "failed to parse header value"),
        (client.get("http://x/").header("s3 cr3t", "v"), "invalid HTTP header name"),
        (client.get_template("http://x/users/{id}", &[]), "the template's {id} has no value"),
        (client.get_template("http://x/users/{id}", &[("id", &"..")]), "leads out of the template"),
    ] {
        let error = request.send().await.unwrap_err();
        let said = said(&error);
        assert_eq!(error.kind(), ErrorKind::Request, "{said}");
        assert!(said.contains(expected) && !said.contains("s3cr3t"), "{said}");
    }
    assert!(capture.calls().len() <= 1, "{:?}", capture.calls());
}

/// Ways to fail, each with a server of its own.
async fn failures() -> Vec<Server> {
    let garbage = Then::Close("\u{1}garbage\r\n\r\n".into());
    let half = Then::Close("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello".into());
    let mut servers = Vec::new();
    for then in [garbage, half, Then::Reset, answer(500, "", "no json"), answer(302, "location: ftp://x/\r\n", "")] {
        servers.push(Server::start([then]).await);
    }
    servers
}

/// A secret of any bytes that a URL or a header may hold, between words that no error says by itself.
fn secret(random: &mut impl rand::Rng) -> String {
    const BYTES: &[u8] = b"aZ09~!$&'()*+,;=:@/?._-%\"<>`{}|";
    let length = random.next_u32() % 12;
    let tail = (0..length).map(|_| BYTES[random.next_u32() as usize % BYTES.len()] as char);
    format!("zqxj{}jxqz", tail.collect::<String>())
}

#[tokio::test]
async fn no_secret_of_a_request_is_in_an_error_of_it() {
    let servers = failures().await;
    let (client, _) = client(|builder| builder.retry(cupola_client::RetryPolicy::never()));
    for round in 0..600_usize {
        let mut random = rand::rngs::StdRng::seed_from_u64(round as u64);
        let [user, password, name, value, header] = std::array::from_fn(|_| secret(&mut random));
        let address = servers.get(round % (servers.len() + 1)).map_or("127.0.0.1:1", |server| &server.address);
        let mut url: reqwest::Url = format!("http://{address}/a").parse().unwrap();
        url.set_username(&user).unwrap();
        url.set_password(Some(&password)).unwrap();
        url.set_query(Some(&format!("{name}={value}&q={value}")));
        url.set_fragment(Some(&name));
        let said = match client.get(&url).header("x-api-key", &header).bearer_auth(&header).send().await {
            Err(error) => format!("{}{:?}", said(&error), anyhow::Error::new(error)),
            Ok(response) => match response.error_for_status() {
                Err(error) => said(&error),
                Ok(response) => said(&response.json::<u8>().await.unwrap_err()),
            },
        };
        assert!(!said.contains("zqxj") && !said.contains("jxqz"), "{round} {url}: {said}");
    }
}
