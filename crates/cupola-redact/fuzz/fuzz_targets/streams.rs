//! Any surface, in any pieces: no panic, the same output, and a second time changes nothing that was in sync.
#![no_main]

use cupola_redact::{End, KeyPolicy, Stream, Surface};
use libfuzzer_sys::fuzz_target;

const SURFACES: [&str; 11] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/x-ndjson",
    "text/event-stream",
    "text/plain",
    "multipart/form-data; boundary=B",
    "header",
    "url",
    "query",
    "cookie",
    "set-cookie",
];

fn redact(surface: &str, input: &[u8], piece: usize, end: End) -> Vec<u8> {
    let surface: Surface = surface.parse().expect("a surface");
    let mut stream = Stream::of(&KeyPolicy::default(), &surface);
    let mut out = Vec::new();
    for chunk in input.chunks(piece) {
        out.extend_from_slice(stream.feed(chunk));
    }
    out.extend_from_slice(&stream.finish(end).rest);
    out
}

fuzz_target!(|input: (u8, u8, bool, &[u8])| {
    let (surface, piece, truncated, body) = input;
    let surface = SURFACES[usize::from(surface) % SURFACES.len()];
    let end = if truncated { End::Truncated } else { End::Complete };
    let whole = redact(surface, body, usize::MAX, end);
    assert_eq!(redact(surface, body, usize::from(piece) + 1, end), whole, "{surface}");
    assert!(whole.len() <= body.len() * 12 + 64, "{surface}");
});
