//! Lines that nobody should trust.

/// Whether there is something in a text that a terminal would obey.
pub(crate) fn is_harmful(text: &str) -> bool {
    text.contains(|c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2028}'))
}

/// Duplicate keys, escapes in all forms, a forged line, invalid UTF-8, a torn line, plain text, an escaped key, a long message, and no
/// newline at the end.
pub(crate) fn hostile_lines() -> Vec<u8> {
    let head = |second: u8| {
        format!(
            "{{\"timestamp\":\"2026-11-21T03:46:0{second}.000000Z\",\"level\":\"ERROR\",\"target\":\"a\",\"category\":\"general\",\"request_id\":\"r-1\",\"message\":"
        )
    };
    let mut lines = Vec::new();
    let mut push = |second, rest: &[u8]| {
        lines.extend_from_slice(head(second).as_bytes());
        lines.extend_from_slice(rest);
        lines.push(b'\n');
    };
    push(0, br#""dup","level":"INFO","level":"ERROR"}"#);
    push(1, br#""esc \u001b[31mred \u001b]0;title\u0007"}"#);
    push(2, "\"c1 \u{9b}31m \u{202e}bidi \u{2028}\"}".as_bytes());
    push(3, b"\"raw \x1b[2J\"}");
    push(4, br#""one\n2026-11-21 03:46:05 ERROR forged","target":"\u001b[1m"}"#);
    push(5, b"\"bad \xff utf8 \x00\"}");
    push(6, br#""torn"#);
    push(7, br#""escaped key","lev\u0065l":"ERROR","route":"/\u001b]0;x\u0007"}"#);
    push(8, format!("\"{}\"}}", "x".repeat(3 << 20)).as_bytes());
    lines.extend_from_slice(b"plain text \x1b[31m\n\n");
    lines.extend_from_slice(head(9).as_bytes());
    lines.extend_from_slice(br#""last"}"#);
    lines
}
