//! What redaction costs: `redact MODE BODY ROUNDS` does it so often and prints bytes, rounds and nanoseconds.
//!
//! Modes: `copy` (a copy of the body, the least that anything costs), `names`, `patterns`, `stream` (in pieces of 1 KiB),
//! `capture` (as the layer does it, with a new redactor for each body), `head` (fifteen headers and a URL). Bodies: `api`,
//! `chat`, `large`. `benches/redact.py` runs them all beside the peers.

#[path = "../bodies.rs"]
#[allow(unreachable_pub, reason = "both packages compile it as they are")]
mod bodies;
#[path = "../report.rs"]
#[allow(unreachable_pub, reason = "both packages compile it as they are")]
mod report;

use std::hint::black_box;
use std::process::ExitCode;

use cupola_redact::{End, KeyPolicy, MaskedHead, Media, Redactor, Stream};
use report::report;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, body, rounds] = arguments.as_slice() else { return usage() };
    let (Some(body), Ok(rounds)) = (bodies::named(body), rounds.parse()) else { return usage() };
    match mode.as_str() {
        "copy" => {
            let mut copy = Vec::with_capacity(body.len());
            report(body.len(), rounds, || {
                copy.clear();
                copy.extend_from_slice(black_box(body.as_bytes()));
                black_box(&copy);
            });
        }
        "names" => through(&names(), &body, usize::MAX, rounds),
        "patterns" => through(&KeyPolicy::default(), &body, usize::MAX, rounds),
        "stream" => through(&names(), &body, 1024, rounds),
        "capture" => {
            let policy = KeyPolicy::default();
            report(body.len(), rounds, || {
                let mut redactor = Redactor::new(&policy, Media::Json, usize::MAX);
                redactor.feed(black_box(body.as_bytes()));
                black_box(redactor.finish(End::Complete));
            });
        }
        "head" => head(rounds),
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: redact copy|names|patterns|stream|capture|head api|chat|large ROUNDS");
    ExitCode::from(2)
}

fn names() -> KeyPolicy {
    KeyPolicy::builder().patterns(false).build().expect("a policy without rules of its own")
}

/// One stream for all rounds: what it has allocated it keeps.
fn through(policy: &KeyPolicy, body: &str, piece: usize, rounds: u32) {
    let mut stream = Stream::new(policy, Media::Json);
    report(body.len(), rounds, || {
        for chunk in black_box(body.as_bytes()).chunks(piece) {
            black_box(stream.feed(chunk));
        }
        black_box(stream.restart(End::Complete));
    });
}

fn head(rounds: u32) {
    let policy = KeyPolicy::default();
    let bytes = bodies::HEADERS.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + bodies::URL.len();
    let mut head = MaskedHead::default();
    report(bytes, rounds, || {
        head.clear();
        for (name, value) in black_box(bodies::HEADERS) {
            head.push_header(&policy, name, value.as_bytes());
        }
        head.push_url(&policy, black_box(bodies::URL));
        black_box(&head);
    });
}
