//! No policy file panics its reader, and a policy that was read panics no redactor.
#![no_main]

use cupola_redact::{End, KeyPolicy, Media, Stream};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8], u8)| {
    let (file, body, piece) = input;
    let Ok(policy) = KeyPolicy::from_toml(file) else { return };
    let redact = |piece: usize| {
        let mut stream = Stream::new(&policy, Media::Json);
        let mut out = Vec::new();
        for chunk in body.chunks(piece) {
            out.extend_from_slice(stream.feed(chunk));
        }
        out.extend_from_slice(&stream.finish(End::Complete).rest);
        out
    };
    assert_eq!(redact(usize::MAX), redact(usize::from(piece) + 1));
});
