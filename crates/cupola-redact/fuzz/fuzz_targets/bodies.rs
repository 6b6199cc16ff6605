//! A body's redaction never panics, keeps to its cap, and does not depend on the pieces it comes in.
#![no_main]

use cupola_redact::{Captured, End, KeyPolicy, Media, Redactor};
use libfuzzer_sys::fuzz_target;

fn redact(media: Media, body: &[u8], piece: usize, cap: usize) -> Captured {
    let mut redactor = Redactor::new(&KeyPolicy::default(), media, cap);
    body.chunks(piece).for_each(|chunk| redactor.feed(chunk));
    redactor.finish(End::Complete)
}

fuzz_target!(|input: (u8, u8, u16, &[u8])| {
    let (media, piece, cap, body) = input;
    const ALL: [Media; 6] = [Media::Json, Media::Form, Media::NdJson, Media::EventStream, Media::Text, Media::Multipart];
    let media = ALL[usize::from(media) % ALL.len()];
    let whole = redact(media, body, usize::MAX, usize::from(cap));
    assert!(whole.text.len() <= usize::from(cap).max(64));
    assert_eq!(redact(media, body, usize::from(piece) + 1, usize::from(cap)), whole);
});
