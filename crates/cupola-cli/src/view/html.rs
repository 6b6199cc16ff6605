//! A page of lines, to attach to a ticket: one file, nothing fetched from elsewhere, of use without its script.

use std::io::{self, Write};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The browser runs this script and this style, and nothing else, even if something else should have got into the page.
const STYLE_HASH: &str = "sha256-D1zFW/PmQ34qROEZseS3BYznBmqF7TnO4SbiSL2LB4E=";
const SCRIPT_HASH: &str = "sha256-ejUl+za4vkdxrAarSMswYUFH5pBNb1gFHVETjNMQa8g=";

/// What a page says above its lines: what they are, and how they were chosen.
pub(crate) fn write_head(out: &mut impl Write, title: &str, about: &str) -> io::Result<()> {
    let (title, about) = (escaped(title), escaped(about));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{STYLE_HASH}'; \
         script-src '{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header><h1>{title}</h1><p>{about}</p>\n\
         <label hidden><input type=\"search\" placeholder=\"words that lines must have\" aria-label=\"Filter\"> <output></output></label>\
         </header>\n<main>\n"
    )
}

/// What stands below them.
pub(crate) fn write_foot(out: &mut impl Write, summary: &str) -> io::Result<()> {
    write!(out, "</main>\n<footer>{}</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n", escaped(summary))
}

fn escaped(text: &str) -> String {
    let mut out = Vec::new();
    push_text(&mut out, text.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends one line's row, of its text for a terminal with colours.
pub(crate) fn push_row(out: &mut Vec<u8>, text: &[u8], level: &str) {
    let class = match level {
        "ERROR" => "error",
        "WARN" => "warn",
        "INFO" => "info",
        "DEBUG" => "debug",
        "TRACE" => "trace",
        _ => "none",
    };
    out.extend_from_slice(format!("<div class=\"{class}\">").as_bytes());
    push_colored(out, text.strip_suffix(b"\n").unwrap_or(text));
    out.extend_from_slice(b"</div>\n");
}

/// Appends text, its colours as spans. Colours are ours, and closed; nothing else in the text begins with an escape.
fn push_colored(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    let mut open = false;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        push_text(out, &rest[..at]);
        rest = &rest[at..];
        let end = memchr::memchr(b'm', rest).map_or(rest.len(), |end| end + 1);
        if open {
            out.extend_from_slice(b"</span>");
        }
        let class = class_of(&rest[..end]);
        open = class.is_some();
        if let Some(class) = class {
            out.extend_from_slice(format!("<span class=\"{class}\">").as_bytes());
        }
        rest = &rest[end..];
    }
    push_text(out, rest);
    if open {
        out.extend_from_slice(b"</span>");
    }
}

fn class_of(code: &[u8]) -> Option<&'static str> {
    Some(match code {
        b"\x1b[1m" => "b",
        b"\x1b[2m" => "d",
        b"\x1b[31m" => "r",
        b"\x1b[1;31m" => "R",
        b"\x1b[32m" => "g",
        b"\x1b[33m" => "y",
        b"\x1b[34m" => "u",
        b"\x1b[35m" => "m",
        b"\x1b[36m" => "c",
        _ => return None,
    })
}

fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            byte => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn rows() {
        let check = |text: &str, expected: &str| {
            let mut out = Vec::new();
            push_row(&mut out, text.as_bytes(), "WARN");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check("plain\n", "<div class=\"warn\">plain</div>\n");
        check("\u{1b}[1;31mERROR\u{1b}[0m x", "<div class=\"warn\"><span class=\"R\">ERROR</span> x</div>\n");
        check("<script>\"'&", "<div class=\"warn\">&lt;script&gt;&quot;&#39;&amp;</div>\n");
        check("\u{1b}[32mopen", "<div class=\"warn\"><span class=\"g\">open</span></div>\n");
    }

    #[test]
    fn the_policy_allows_what_is_in_the_page_and_nothing_else() {
        let mut page = Vec::new();
        write_head(&mut page, "<b>", "{title}").unwrap();
        write_foot(&mut page, "1 line").unwrap();
        let page = String::from_utf8(page).unwrap();
        for (hash, text) in [(STYLE_HASH, STYLE), (SCRIPT_HASH, SCRIPT)] {
            let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
            assert_eq!(hash, format!("sha256-{digest}"));
            assert_eq!(page.matches(text).count(), 1);
        }
        assert!(page.contains("default-src 'none'") && !page.contains("unsafe-inline"));
        assert!(page.contains("<title>&lt;b&gt;</title>") && page.contains("<p>{title}</p>"));
        for outside in ["http://", "https://", "src=", "href=", "url(", "@import", "fetch("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
