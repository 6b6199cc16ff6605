//! A denied member in valid JSON is masked whatever stands before it, and the rest stays what it was.
#![no_main]

use cupola_redact::{End, KeyPolicy, Media, Stream};
use libfuzzer_sys::fuzz_target;

fn redact(input: &str, piece: usize, end: End) -> String {
    let mut stream = Stream::new(&KeyPolicy::default(), Media::Json);
    let mut out = Vec::new();
    for chunk in input.as_bytes().chunks(piece) {
        out.extend_from_slice(stream.feed(chunk));
    }
    out.extend_from_slice(&stream.finish(end).rest);
    String::from_utf8_lossy(&out).into_owned()
}

fuzz_target!(|input: (u8, u16, &str, &str)| {
    let (piece, cut, before, after) = input;
    let quoted = |text: &str| format!("{text:?}").replace("\\'", "'").replace("\\u{", "x").replace('\0', "");
    let (before, after) = (quoted(before), quoted(after));
    let body = format!("{{{before}:{before},\"password\":\"Zq9xZq9x\",{after}:[{after},{{\"apiKey\":\"Zq9xZq9x\"}}]}}");
    for text in [redact(&body, usize::MAX, End::Complete), redact(&body, usize::from(piece) + 1, End::Complete)] {
        assert!(!text.contains("Zq9x") || before.contains("Zq9x") || after.contains("Zq9x"), "{text}");
    }
    let mut cut = usize::from(cut) % (body.len() + 1);
    while !body.is_char_boundary(cut) {
        cut -= 1;
    }
    let text = redact(&body[..cut], usize::MAX, End::Truncated);
    assert!(!text.contains("Zq9x") || before.contains("Zq9x") || after.contains("Zq9x"), "{text}");
});
