//! A warm stream and a warm head allocate nothing.

use cupola_redact::{End, KeyPolicy, MaskedHead, Media, Stream};

const BODY: &str = r#"{"id":"vm-8f14e45fceea0","state":"running","cpus":4,"created_at":"2026-11-26T05:18:52.187Z",
    "url":"https://h/in?channel=ops","grant":{"user":"ada","access_token":"kq8h2bx6w0","expires_in":3600},
    "note":"a \"quoted\" word\nand a line","tags":["a","b"],"usage":{"total_tokens":53},"ok":true,"none":null}"#;

#[test]
fn a_warm_stream_allocates_nothing() {
    for policy in [KeyPolicy::default(), KeyPolicy::builder().patterns(false).build().expect("a policy")] {
        let mut stream = Stream::new(&policy, Media::Json);
        let mut round = |piece: usize| {
            for chunk in BODY.as_bytes().chunks(piece) {
                assert!(stream.feed(chunk).len() <= BODY.len());
            }
            assert_eq!(stream.restart(End::Complete).1.redactions(), 1);
        };
        for piece in [usize::MAX, 100] {
            round(piece);
            let measured = allocation_counter::measure(|| round(piece));
            assert_eq!(measured.count_total, 0, "in pieces of {piece}");
        }
    }
}

#[test]
fn a_warm_head_allocates_nothing() {
    let policy = KeyPolicy::default();
    let mut head = MaskedHead::default();
    let mut round = || {
        head.clear();
        head.push_header(&policy, "user-agent", b"curl/8.5.0");
        head.push_header(&policy, "authorization", b"Bearer abc");
        head.push_header(&policy, "cookie", b"a=b; c=d");
        head.push_url(&policy, "https://h/reset/8f14e45f?token=abc&page=2");
        assert_eq!(head.len(), 4);
    };
    round();
    assert_eq!(allocation_counter::measure(round).count_total, 0);
}
