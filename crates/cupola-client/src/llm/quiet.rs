//! Which lines of a stream say nothing that matters, told without reading them whole.
//!
//! Most of a stream are pieces of text. What is told here must be what [`super::walk`] would find: nothing.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The names that matter in a piece of a chat, once its id and model are known.
static NAMES: LazyLock<[Finder<'static>; 4]> = LazyLock::new(|| {
    [r#""finish_reason""#, r#""usage""#, r#""error""#, r#""refusal""#].map(|name| Finder::new(name.as_bytes()))
});

/// Whether a piece of a chat, whose id and model are known, says nothing more: all names that matter are absent, or `null`.
pub(super) fn is_quiet_chat(line: &[u8]) -> bool {
    NAMES.iter().all(|name| {
        let mut ends = name.find_iter(line).map(|at| at + name.needle().len());
        ends.all(|end| is_no_name_or_null(&line[end..]))
    })
}

/// A text that is the name of something, but stands where a value does, has no colon behind it.
fn is_no_name_or_null(rest: &[u8]) -> bool {
    match trim(rest).split_first() {
        Some((b':', value)) => matches!(trim(value).first(), Some(b'n')),
        _ => true,
    }
}

/// Whether an event whose first name is `type` is of a kind that says nothing more.
pub(super) fn is_quiet_event(line: &[u8]) -> bool {
    let word = || {
        let rest = trim(trim(line).strip_prefix(b"{")?).strip_prefix(br#""type""#)?;
        let rest = trim(trim(rest).strip_prefix(b":")?).strip_prefix(b"\"")?;
        Some(&rest[..memchr::memchr(b'"', rest)?])
    };
    word().is_some_and(is_quiet_type)
}

/// Whether events of this type say nothing that matters but that they are pieces.
pub(super) fn is_quiet_type(word: &[u8]) -> bool {
    if word.len() > LONGEST_TYPE {
        return false;
    }
    match word.strip_prefix(b"response.") {
        Some(b"created" | b"in_progress" | b"queued" | b"completed" | b"failed" | b"incomplete") => false,
        Some(kind) => !kind.starts_with(b"refusal."),
        None => matches!(word, b"content_block_start" | b"content_block_delta" | b"content_block_stop"),
    }
}

/// No type is longer, and what reads events whole keeps more than this of it.
const LONGEST_TYPE: usize = 64;

fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_text_are_quiet() {
        let check = |line: &str, expected: bool| assert_eq!(is_quiet_chat(line.as_bytes()), expected, "{line}");
        check(r#"{"choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":null}"#, true);
        check(r#"{"choices": [{"delta": {"content": "usage"}, "finish_reason": null}]}"#, true);
        check(r#"{"choices":[{"delta":{"content":"\"usage\":{"}}]}"#, true);
        check(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, false);
        check(r#"{"choices":[], "usage" : {"prompt_tokens":1}}"#, false);
        check(r#"{"error":{"type":"server_error"}}"#, false);
        check(r#"{"choices":[{"delta":{"content":null,"refusal":"I"}}]}"#, false);
    }

    #[test]
    fn events_are_told_by_their_type() {
        let check = |line: &str, expected: bool| assert_eq!(is_quiet_event(line.as_bytes()), expected, "{line}");
        check(r#"{"type":"content_block_delta","index":0}"#, true);
        check(r#"{ "type" : "response.output_text.delta" }"#, true);
        check(r#"{"type":"response.completed","response":{}}"#, false);
        check(r#"{"type":"message_delta"}"#, false);
        check(r#"{"type":"ping"}"#, false);
        check(r#"{"index":0,"type":"content_block_delta"}"#, false);
        check(r#"{"type":"content_block_delta"#, false);
        check("", false);
    }
}
