//! Forms: `name=value` pairs, percent-encoded.

use memchr::memchr2;

use super::capture::Capture;
use super::json::Json;
use crate::decode;
use crate::rule::Verdict;
use crate::{text, url};

#[derive(Debug)]
pub(super) struct Form {
    state: State,
    /// Where the pair that is being read begins in the output.
    pair: usize,
    /// Clients send JSON under a form's label by default: what begins like JSON is read as JSON.
    json: Option<Json>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Name,
    Kept,
    Masked,
}

impl Form {
    pub(super) fn new() -> Self {
        Self { state: State::Start, pair: 0, json: None }
    }

    pub(super) fn lost_sync(&self) -> bool {
        self.json.is_some()
    }

    pub(super) fn feed(&mut self, out: &mut Capture, bytes: &[u8]) {
        let mut rest = bytes;
        while self.state == State::Start && !rest.is_empty() && !out.is_full() {
            rest = self.start(out, rest);
        }
        if let Some(json) = &mut self.json {
            return json.feed(out, rest);
        }
        while !rest.is_empty() && !out.is_full() {
            rest = self.pairs(out, rest);
        }
    }

    pub(super) fn finish(&mut self, out: &mut Capture, truncated: bool) {
        match &mut self.json {
            Some(json) => json.finish(out, truncated),
            None => self.end_pair(out),
        }
    }

    /// Looks at the first byte that is no blank.
    fn start<'a>(&mut self, out: &mut Capture, bytes: &'a [u8]) -> &'a [u8] {
        match bytes[0] {
            b' ' | b'\t' | b'\r' | b'\n' => {
                out.push(&bytes[..1]);
                return &bytes[1..];
            }
            b'{' | b'[' | b'<' | b'"' => self.json = Some(Json::new()),
            _ => {}
        }
        self.state = State::Name;
        self.pair = out.len();
        bytes
    }

    fn pairs<'a>(&mut self, out: &mut Capture, bytes: &'a [u8]) -> &'a [u8] {
        let wanted = if self.state == State::Name { b'=' } else { b'&' };
        let end = memchr2(wanted, b'&', bytes).unwrap_or(bytes.len());
        if self.state != State::Masked {
            out.push(&bytes[..end]);
        }
        // A name that the cap has cut is judged at the end, with the pair it belongs to.
        if out.is_full() {
            return &[];
        }
        match bytes.get(end) {
            Some(b'=') => self.end_name(out),
            Some(_) => self.separate(out),
            None => {}
        }
        bytes.get(end + 1..).unwrap_or_default()
    }

    fn end_name(&mut self, out: &mut Capture) {
        let verdict = out.policy.judge_url_name(out.bytes().get(self.pair..).unwrap_or_default());
        out.push(b"=");
        self.state = State::Kept;
        if verdict == Verdict::Mask {
            out.mask();
            self.state = State::Masked;
        }
    }

    fn separate(&mut self, out: &mut Capture) {
        self.end_pair(out);
        out.push(b"&");
        self.pair = out.len();
        self.state = State::Name;
    }

    /// A value that was kept may hold pairs of its own: it is read again as a whole, now that its end is known.
    fn end_pair(&mut self, out: &mut Capture) {
        if self.state == State::Masked || self.pair >= out.len() {
            return;
        }
        let pair = String::from_utf8_lossy(&out.bytes()[self.pair..]).into_owned();
        let mut masked = String::with_capacity(pair.len());
        let mut count = url::push_query(&mut masked, &out.policy, &pair);
        if count == 0 && hides_more(out, &pair) {
            masked.truncate(pair.find('=').map_or(0, |index| index + 1));
            masked.push_str(crate::REDACTED);
            count = 1;
        }
        if count > 0 {
            out.replace(self.pair, masked.as_bytes(), count);
        }
    }
}

/// Whether the decoded value, read as text, holds a denied name: JSON, headers or a connection string.
fn hides_more(out: &Capture, pair: &str) -> bool {
    let value = pair.split_once('=').map_or(pair, |(_, value)| value);
    let is_plain = |byte: u8| !matches!(byte, b'%' | b':' | b'=' | b'>');
    !value.bytes().all(is_plain) && text::reveals(&out.policy, &decode::percent(value.as_bytes()))
}
