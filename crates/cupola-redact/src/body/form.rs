//! Forms: `name=value` pairs, percent-encoded.

use memchr::memchr2;

use super::json::Json;
use super::out::Out;
use crate::decode;
use crate::rule::Verdict;
use crate::tally::Rule;
use crate::target::Counted;
use crate::{REDACTED, text, url};

/// A longer pair is not kept to be read as a whole: what goes beyond is masked.
const LONGEST_PAIR: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Form {
    state: State,
    /// Where the pair that is being read begins in the output.
    pair: usize,
    /// No pair is in the output yet.
    is_first: bool,
    /// Clients send JSON under a form's label by default: what begins like JSON is read as JSON.
    json: Option<Box<Json>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Name,
    Kept,
    Masked,
    /// The pair was taken out.
    Gone,
}

impl Form {
    pub(super) fn new(out: &Out) -> Self {
        Self { state: State::Start, pair: out.len(), is_first: true, json: None }
    }

    pub(super) fn lost_sync(&self) -> bool {
        self.json.is_some()
    }

    pub(super) fn open(&self, out: &Out) -> (usize, usize) {
        match (&self.json, self.state) {
            (Some(json), _) => json.open(out),
            // No separator ends every pattern: userinfo may have an ampersand in it.
            (None, State::Masked) => (0, usize::MAX),
            // The separator before the pair may go with it.
            (None, _) => (0, self.pair.saturating_sub(1)),
        }
    }

    pub(super) fn feed(&mut self, out: &mut Out, bytes: &[u8]) {
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

    pub(super) fn finish(&mut self, out: &mut Out, truncated: bool) {
        match &mut self.json {
            Some(json) => json.finish(out, truncated),
            None => {
                out.end_mask(truncated);
                self.end_pair(out, truncated);
            }
        }
    }

    /// Looks at the first byte that is no blank.
    fn start<'a>(&mut self, out: &mut Out, bytes: &'a [u8]) -> &'a [u8] {
        match bytes[0] {
            b' ' | b'\t' | b'\r' | b'\n' | 0x1E => {
                out.push(&bytes[..1]);
                return &bytes[1..];
            }
            b'{' | b'[' | b'<' | b'"' => {
                out.tally.count(Rule::LostSync);
                self.json = Some(Box::new(Json::new(out)));
            }
            _ => {}
        }
        self.state = State::Name;
        self.pair = out.len();
        bytes
    }

    fn pairs<'a>(&mut self, out: &mut Out, bytes: &'a [u8]) -> &'a [u8] {
        let wanted = if self.state == State::Name { b'=' } else { b'&' };
        let end = memchr2(wanted, b'&', bytes).unwrap_or(bytes.len());
        match self.state {
            State::Masked => out.hide(&bytes[..end]),
            State::Gone => {}
            _ => self.keep(out, &bytes[..end]),
        }
        // A name that the cap has cut is judged at the end, with the pair it belongs to.
        if out.is_full() {
            return &[];
        }
        match bytes.get(end) {
            Some(b'=') if wanted == b'=' => self.end_name(out),
            Some(_) => self.separate(out),
            None => {}
        }
        bytes.get(end + 1..).unwrap_or_default()
    }

    fn keep(&mut self, out: &mut Out, bytes: &[u8]) {
        let room = LONGEST_PAIR.saturating_sub(out.len() - self.pair);
        out.push(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            self.end_pair(out, true);
            out.mask_unseen(Rule::TooLong);
            self.state = State::Masked;
        }
    }

    fn end_name(&mut self, out: &mut Out) {
        if self.state != State::Name {
            return out.hide(b"=");
        }
        let verdict = out.policy.judge_url_name(out.written(self.pair..out.len()));
        if verdict == Verdict::Mask && out.removes() {
            out.tally.count(Rule::Name);
            // With the separator before it.
            out.take_back(self.pair - usize::from(!self.is_first));
            self.state = State::Gone;
            return;
        }
        out.push(b"=");
        self.state = State::Kept;
        if verdict == Verdict::Mask {
            out.mask(Rule::Name);
            self.state = State::Masked;
        }
    }

    fn separate(&mut self, out: &mut Out) {
        self.end_pair(out, false);
        self.is_first &= self.state == State::Gone;
        if !self.is_first {
            out.push(b"&");
        }
        self.pair = out.len();
        self.state = State::Name;
    }

    /// A value that was kept may hold pairs of its own: it is read again as a whole, now that its end is known.
    fn end_pair(&mut self, out: &mut Out, truncated: bool) {
        if matches!(self.state, State::Masked | State::Gone) || self.pair >= out.len() {
            return;
        }
        let pair = String::from_utf8_lossy(out.written(self.pair..out.len())).into_owned();
        let mut masked = Counted::default();
        let mut count = url::push_cut_query(&mut masked, &out.policy, &pair, truncated);
        if count == 0 && hides_more(out, &pair) {
            masked.text.truncate(pair.find('=').map_or(0, |index| index + 1));
            masked.text.push_str(REDACTED);
            masked.tally.count(Rule::Name);
            count = 1;
        }
        if count > 0 {
            out.tally.add(&masked.tally);
            out.replace(self.pair, masked.text.as_bytes());
        }
    }
}

/// Whether the decoded value, read as text, holds a denied name: JSON, headers or a connection string.
fn hides_more(out: &Out, pair: &str) -> bool {
    let value = pair.split_once('=').map_or(pair, |(_, value)| value);
    let is_plain = |byte: u8| !matches!(byte, b'%' | b':' | b'=' | b'>');
    !value.bytes().all(is_plain) && text::reveals(&out.policy, &decode::percent(value.as_bytes()))
}
