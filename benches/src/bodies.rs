//! The bodies on which redaction is measured: the same ones for us and for the peers.

use std::fmt::Write;

/// About 2 KiB as an API answers: a name every 22 bytes or so, three secrets.
pub fn api() -> String {
    let mut body = String::from(
        r#"{"page":2,"per_page":6,"total":148,"next":"/api/v1/machines?page=3&per_page=6","request_id":"01a1fc8b-0719-79ca-a8d8-0ff831a7272b","items":["#,
    );
    for index in 0..6 {
        let comma = if index == 0 { "" } else { "," };
        let (cpus, memory) = (2 + index % 3 * 2, 4096 << (index % 2));
        _ = write!(
            body,
            r#"{comma}{{"id":"vm-8f14e45fceea{index}","hostname":"web-{index}.internal","state":"running","region":"eu-west-1","cpus":{cpus},"memory_mb":{memory},"public":false,"owner":{{"id":{},"team":"platform"}},"created_at":"2026-11-2{index}T05:18:52.187Z","uptime_s":{}}}"#,
            1000 + index,
            86_400 + index * 77,
        );
    }
    body.push_str(
        r#"],"usage":{"total_tokens":531,"max_tokens":4096},"grant":{"user":"ada.lovelace","access_token":"kq8h2bx6w0vuz5","refresh_token":"p3d9c7m1s4","expires_in":3600},"webhook":{"url":"https://hooks.example.org/in?channel=ops","secret":"n5r2t8"},"author":"ada","ok":true,"warning":null}"#,
    );
    body
}

/// About 64 KiB of a chat with a language model: long texts, few names.
pub fn chat() -> String {
    const SENTENCES: [&str; 6] = [
        "The scheduler wakes once a second and looks for machines that have not been heard of for a while. ",
        "If you want to keep the order of events, write them to one partition and read them with one consumer. ",
        "Here is what I would try first:\\n\\n1. Look at the queue's length.\\n2. Compare it with what the workers report.\\n",
        "She said \\\"that should be enough\\\", and closed the ticket (it was opened again on the next day). ",
        "A cache that nobody invalidates is a bug that waits; one that is invalidated too often is no cache at all. ",
        "In short - measure it, change one thing, and measure it again, until the numbers stop getting better. ",
    ];
    let mut body = String::from(r#"{"model":"chat-large","temperature":0.7,"max_tokens":1024,"messages":["#);
    for turn in 0..100 {
        let role = if turn % 2 == 0 { "user" } else { "assistant" };
        let comma = if turn == 0 { "" } else { "," };
        _ = write!(body, r#"{comma}{{"role":"{role}","content":""#);
        for index in 0..6 {
            body.push_str(SENTENCES[(turn * 5 + index) % SENTENCES.len()]);
        }
        body.push_str("\"}");
    }
    body.push_str(r#"],"api_key":"kq8h2bx6w0vuz5"}"#);
    body
}

/// The API body, many times over: about 1 MiB.
pub fn large() -> String {
    let one = api();
    let mut body = String::from("[");
    while body.len() < 1 << 20 {
        body.push_str(&one);
        body.push(',');
    }
    body.push_str(&one);
    body.push(']');
    body
}

/// Fifteen headers as a browser and a proxy send them.
pub const HEADERS: [(&str, &str); 15] = [
    ("host", "api.example.org"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("content-type", "application/json"),
    ("content-length", "1986"),
    ("authorization", "Bearer kq8h2bx6w0vuz5p3d9c7m1s4"),
    ("cookie", "sid=p3d9c7m1s4; theme=dark; lang=en"),
    ("origin", "https://app.example.org"),
    ("referer", "https://app.example.org/vms?page=2"),
    ("x-request-id", "01a1fc8b-0719-79ca-a8d8-0ff831a7272b"),
    ("x-forwarded-for", "203.0.113.9"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("x-api-key", "n5r2t8kq8h2bx6w0"),
];

/// A URL with a query.
pub const URL: &str = "https://api.example.org/api/v1/vms/8f14e45f/start?force=true&token=kq8h2bx6w0vuz5&page=2";

/// A body by its name.
pub fn named(name: &str) -> Option<String> {
    match name {
        "api" => Some(api()),
        "chat" => Some(chat()),
        "large" => Some(large()),
        _ => None,
    }
}
