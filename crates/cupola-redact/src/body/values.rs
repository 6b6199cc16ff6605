//! Values that stand alone, one a line: URLs, queries, cookies, headers.

use memchr::memchr;

use super::out::Out;
use crate::surface::Value;
use crate::tally::Rule;
use crate::target::{Counted, Target};
use crate::{cookie, header, text, url};

/// A longer line is not held to be read as a whole: what goes beyond is masked.
const LONGEST: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Values {
    kind: Value,
    line: Vec<u8>,
    /// The line was too long, and the rest of it is not shown.
    is_over: bool,
    /// The header that a line which begins with a blank goes on with.
    header: String,
}

impl Values {
    pub(super) fn new(kind: Value) -> Self {
        Self { kind, line: Vec::new(), is_over: false, header: String::new() }
    }

    pub(super) fn feed(&mut self, out: &mut Out, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && !out.is_full() {
            let end = memchr(b'\n', rest);
            self.hold(out, &rest[..end.unwrap_or(rest.len())]);
            rest = rest.get(end.map_or(rest.len(), |end| end + 1)..).unwrap_or_default();
            if end.is_some() {
                self.end_line(out, false);
                out.push(b"\n");
            }
        }
    }

    pub(super) fn finish(&mut self, out: &mut Out, truncated: bool) {
        self.end_line(out, truncated);
    }

    fn hold(&mut self, out: &mut Out, bytes: &[u8]) {
        if self.is_over {
            return;
        }
        let room = LONGEST - self.line.len();
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            self.end_line(out, true);
            out.mask_unseen(Rule::TooLong);
            self.is_over = true;
        }
    }

    fn end_line(&mut self, out: &mut Out, open: bool) {
        if std::mem::take(&mut self.is_over) {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let (content, end) = match line.strip_suffix(b"\r") {
            Some(content) => (content, &b"\r"[..]),
            None => (&line[..], &b""[..]),
        };
        let content = String::from_utf8_lossy(content);
        let mut masked = Counted::default();
        self.mask(&mut masked, out, &content, open);
        out.tally.add(&masked.tally);
        // What has passed whole passes byte for byte, also where it is no UTF-8.
        if masked.text == content {
            out.push(&line[..line.len() - end.len()])
        } else {
            out.push(masked.text.as_bytes())
        }
        out.push(end);
        self.line = line;
        self.line.clear();
    }

    fn mask(&mut self, masked: &mut Counted, out: &Out, line: &str, open: bool) {
        let policy = &out.policy;
        match self.kind {
            Value::Url => _ = url::push_url(masked, policy, line, open),
            Value::Query => _ = url::push_cut_query(masked, policy, line, open),
            Value::Cookie => cookie::push_cookie(masked, policy, line),
            Value::SetCookie => cookie::push_set_cookie(masked, policy, line),
            Value::Header => self.header(masked, out, line, open),
        }
    }

    fn header(&mut self, masked: &mut Counted, out: &Out, line: &str, open: bool) {
        let policy = &out.policy;
        if line.starts_with([' ', '\t']) && !self.header.is_empty() {
            let value = line.trim_start();
            masked.pass(&line[..line.len() - value.len()]);
            return header::push(masked, policy, &self.header, value.as_bytes(), open);
        }
        // As curl prints what it sends and receives.
        let prefix = if line.starts_with("> ") || line.starts_with("< ") { 2 } else { 0 };
        let (prefix, line) = line.split_at(prefix);
        masked.pass(prefix);
        if let Some((method, target, version)) = request_line(line) {
            masked.pass(method);
            masked.pass(" ");
            _ = url::push_url(masked, policy, target, open);
            masked.pass(version);
            return;
        }
        // The names of HTTP/2's own headers begin with a colon.
        let pseudo = usize::from(line.starts_with(':'));
        let Some(colon) = line[pseudo..].find(':').map(|at| at + pseudo) else {
            return text::push(masked, policy, line, open);
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        let blanks = value.len() - value.trim_start().len();
        masked.pass(name);
        masked.pass(&line[colon..=colon + blanks]);
        header::push(masked, policy, name, &value.as_bytes()[blanks..], open);
        name.trim().clone_into(&mut self.header);
    }
}

/// `GET /path?query HTTP/1.1`: the method, the target, and the rest with its blank.
fn request_line(line: &str) -> Option<(&str, &str, &str)> {
    let (method, rest) = line.split_once(' ')?;
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    let end = rest.rfind(" HTTP/").unwrap_or(rest.len());
    is_method.then(|| (method, &rest[..end], &rest[end..]))
}
