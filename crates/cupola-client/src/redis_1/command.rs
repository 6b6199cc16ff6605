//! What is looked at of a command: its name, and whether it waits.

use redis::{Arg, Cmd};

/// The name of a command, as it was sent.
pub(super) fn name(cmd: &Cmd) -> &[u8] {
    match cmd.args_iter().next() {
        Some(Arg::Simple(name)) => name,
        _ => b"",
    }
}

/// Commands that wait for something else to happen.
const WAITING: [&str; 10] =
    ["BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF"];

/// Whether it waits for something else to happen, for as long as the caller likes.
pub(super) fn waits(cmd: &Cmd) -> bool {
    let is = |word: &[u8], other: &str| word.eq_ignore_ascii_case(other.as_bytes());
    let name = name(cmd);
    let reads = || is(name, "XREAD") || is(name, "XREADGROUP");
    let blocks = || cmd.args_iter().any(|arg| matches!(arg, Arg::Simple(word) if is(word, "BLOCK")));
    WAITING.iter().any(|waiting| is(name, waiting)) || reads() && blocks()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blocks_waits() {
        let check = |words: &[&str], expected: bool| {
            let mut cmd = Cmd::new();
            cmd.arg(words);
            assert_eq!((waits(&cmd), name(&cmd)), (expected, words[0].as_bytes()), "{words:?}");
        };
        check(&["GET", "block"], false);
        check(&["blpop", "queue", "0"], true);
        check(&["XREAD", "COUNT", "1", "STREAMS", "a", "0"], false);
        check(&["XREAD", "block", "0", "STREAMS", "a", "$"], true);
    }
}
