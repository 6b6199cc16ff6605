//! JSON, byte by byte: what does not follow the grammar to the letter is read as text from there on.
//!
//! Up to the first byte that breaks the grammar, this reading is the only one there is. Behind it, a lenient
//! parser may see other names and values, so a reader of text takes over, which looks back over what was written.
//!
//! Two readers share one state: [`fast`] takes whole tokens that hold nothing to mask, this one takes everything, also
//! what is cut into pieces.

mod fast;
mod fate;
mod pairs;
mod scalars;
mod strings;

use super::escape::Escape;
use super::out::Out;
use super::stack::Stack;
use super::token::{Literal, Number, masks};
use crate::policy::Track;
use crate::rule::Verdict;
use crate::tally::Rule;
use crate::text::Scanner;
use crate::verdicts::Verdicts;
use pairs::Pairs;

/// A longer name is not kept to be judged: its value is masked.
const LONGEST_NAME: usize = 4096;

/// A resumable reader of JSON documents, one after the other.
#[derive(Debug)]
pub(super) struct Json {
    state: State,
    stack: Stack,
    /// What happens to the next value.
    fate: Fate,
    /// The depth at which a masked container was opened: until it closes, nothing is written.
    muted: Option<usize>,
    escape: Escape,
    number: Number,
    /// Where the last name, or the last string that was kept, begins in the output.
    string: usize,
    pairs: Pairs,
    track: Option<Box<Track>>,
    removal: Removal,
    scanner: Scanner,
    lost_sync: bool,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// A value, or the end of an array that has none.
    Value {
        first: bool,
    },
    /// A name, or the end of an object that has none.
    Name {
        first: bool,
    },
    Colon,
    /// Behind a value.
    After,
    InName,
    InString {
        masked: bool,
    },
    InNumber,
    InLiteral(Literal),
    /// The grammar was broken; all that follows is text.
    Lost,
}

/// What happens to a value.
#[derive(Debug, Clone, Copy)]
struct Fate {
    verdict: Verdict,
    rule: Rule,
    /// Only values without parts are masked: of a container the parts are.
    leaves: bool,
}

impl Fate {
    const KEEP: Self = Self { verdict: Verdict::Keep, rule: Rule::Name, leaves: false };

    const fn mask(rule: Rule) -> Self {
        Self { verdict: Verdict::Mask, rule, leaves: false }
    }
}

/// Members that go with their names.
#[derive(Debug, Clone, Copy, Default)]
struct Removal {
    /// Where the member that is being read begins in the output, with the comma before it.
    member: usize,
    /// It is the first of its object.
    first: bool,
    /// It was taken out: its value is not written.
    going: bool,
    /// The first member was taken out: the comma behind it goes too.
    comma: bool,
}

impl Json {
    pub(super) fn new(out: &Out) -> Self {
        Self {
            state: State::Value { first: false },
            stack: Stack::default(),
            fate: Fate::KEEP,
            muted: None,
            escape: Escape::None,
            number: Number::default(),
            string: out.len(),
            pairs: Pairs::default(),
            track: out.policy.selectors().map(|selectors| Box::new(Track::new(selectors))),
            removal: Removal::default(),
            scanner: Scanner::new(out.len()),
            lost_sync: false,
        }
        .started(out)
    }

    /// The first value may be named by a path as well, and is on no allow list as a rule.
    fn started(mut self, out: &Out) -> Self {
        self.decide_by_path(out, Fate::KEEP, None);
        self
    }

    pub(super) fn lost_sync(&self) -> bool {
        self.lost_sync
    }

    /// Ends a record: whatever was wrong in it, the next one is read from the start.
    pub(super) fn restart(&mut self, out: &mut Out) {
        self.finish(out, false);
        let lost_sync = self.lost_sync;
        *self = Self { lost_sync, ..Self::new(out) };
    }

    /// Up to where the output is decided, and what has to stay to be looked at.
    pub(super) fn open(&self, out: &Out) -> (usize, usize) {
        let held = self.pairs.held(out).unwrap_or(usize::MAX);
        match self.state {
            State::InName | State::Colon => {
                let start = self.string.saturating_sub(1);
                (start, start.min(self.removed_from(out)).min(held))
            }
            State::InString { masked: false } => (self.string.saturating_sub(1), held.min(self.string_kept(out))),
            State::Lost => (self.scanner.line(out), usize::MAX),
            // Values that stand alone may be words of a text, of which a pattern needs more than one.
            _ if self.stack.depth() == 0 => (out.last_line(), held),
            State::InLiteral(literal) => (out.len().saturating_sub(literal.read().len()), held),
            _ => (out.len(), held.min(self.removed_from(out))),
        }
    }

    /// A member may yet be taken out.
    fn removed_from(&self, out: &Out) -> usize {
        if out.removes() && !self.removal.going { self.removal.member } else { usize::MAX }
    }

    /// A short string may turn out to be a name.
    fn string_kept(&self, out: &Out) -> usize {
        if out.len() - self.string <= pairs::LONGEST { self.string } else { usize::MAX }
    }

    pub(super) fn feed(&mut self, out: &mut Out, bytes: &[u8]) {
        Verdicts::lend(out.policy.id(), |verdicts| self.feed_with(out, bytes, verdicts));
    }

    fn feed_with(&mut self, out: &mut Out, bytes: &[u8], verdicts: &mut Verdicts) {
        let mut rest = bytes;
        while !rest.is_empty() && !out.is_full() {
            rest = match self.state {
                State::InName | State::InString { .. } => self.inside_string(out, rest),
                State::Lost => return self.scanner.feed(out, rest),
                _ => {
                    let taken = self.run(out, rest, verdicts);
                    let Some((&byte, tail)) = rest[taken..].split_first().filter(|_| !out.is_full()) else { return };
                    self.outside(out, byte);
                    tail
                }
            };
        }
    }

    /// Takes a blank that the caller writes, such as the end of a line.
    pub(super) fn blank(&mut self, out: &mut Out) {
        if matches!(self.state, State::InNumber | State::InLiteral(_)) {
            self.finish(out, false);
            self.end_value();
        } else if matches!(self.state, State::Lost) {
            self.scanner.finish_line(out);
        }
    }

    /// Lets out what is still held back.
    pub(super) fn finish(&mut self, out: &mut Out, truncated: bool) {
        match self.state {
            State::InNumber => self.end_number(out, truncated),
            State::InLiteral(literal) if self.hides_literal(out) && (truncated || !literal.is_whole()) => {
                self.mask(out);
            }
            State::InLiteral(literal) if self.hides_literal(out) => self.end_literal(out, literal),
            State::InString { masked: true } if self.muted.is_none() => {
                out.end_mask(truncated);
                out.push(b"\"");
                // It is said once.
                self.state = State::After;
            }
            State::InString { masked: false } if self.muted.is_none() => {
                self.scanner.finish(out, truncated);
                if truncated && self.pairs.is_unnamed_value() {
                    out.take_back(self.string);
                    out.mask_unseen(Rule::Name);
                }
            }
            State::Lost if self.muted.is_none() => self.scanner.finish(out, truncated),
            _ => {}
        }
        if truncated {
            self.pairs.take_back_value(out);
        }
    }

    #[inline]
    fn write(&mut self, out: &mut Out, bytes: &[u8]) {
        if self.muted.is_none() {
            out.push(bytes);
        }
    }

    fn mask(&mut self, out: &mut Out) {
        if self.muted.is_none() {
            out.mask_quoted(self.fate.rule);
        }
    }

    /// Takes one byte between strings.
    fn outside(&mut self, out: &mut Out, byte: u8) {
        match self.state {
            State::InNumber => self.in_number(out, byte),
            State::InLiteral(literal) => self.in_literal(out, literal, byte),
            _ if is_blank(byte) => self.write(out, &[byte]),
            State::Value { first } => self.value(out, byte, first),
            State::Name { first } => self.name(out, byte, first),
            State::Colon if byte == b':' => self.colon(out),
            State::After => self.after(out, byte),
            _ => self.lose_sync(out, byte),
        }
    }

    fn value(&mut self, out: &mut Out, byte: u8, first: bool) {
        if byte != b']' && self.stack.is_object() == Some(false) {
            self.element(out);
        }
        match byte {
            b'"' => self.open_string(out),
            b'{' | b'[' => self.open_container(out, byte),
            b']' if first => self.close(out, byte),
            b'-' | b'0'..=b'9' => self.open_number(out, byte),
            _ => match Literal::starting_with(byte) {
                Some(literal) => self.open_literal(out, literal),
                None => self.lose_sync(out, byte),
            },
        }
    }

    fn name(&mut self, out: &mut Out, byte: u8, first: bool) {
        match byte {
            b'"' => {
                if first {
                    (self.removal.member, self.removal.first) = (out.len(), true);
                }
                self.write(out, b"\"");
                self.string = out.len();
                self.state = State::InName;
            }
            b'}' if first => self.close(out, byte),
            _ => self.lose_sync(out, byte),
        }
    }

    fn after(&mut self, out: &mut Out, byte: u8) {
        match (byte, self.stack.is_object()) {
            (b',', Some(is_object)) => {
                (self.removal.member, self.removal.first) = (out.len(), false);
                if std::mem::take(&mut self.removal.comma) {
                    self.removal.first = true;
                } else {
                    self.write(out, b",");
                }
                self.fate = Fate::KEEP;
                self.state = if is_object { State::Name { first: false } } else { State::Value { first: false } };
            }
            (b'}' | b']', Some(_)) => self.close(out, byte),
            // One document may follow another.
            (_, None) => {
                self.decide_by_path(out, Fate::KEEP, None);
                self.value(out, byte, false);
            }
            _ => self.lose_sync(out, byte),
        }
    }

    fn open_container(&mut self, out: &mut Out, byte: u8) {
        if masks(self.fate.verdict) && !self.fate.leaves && self.muted.is_none() {
            self.mask(out);
            self.muted = Some(self.stack.depth());
        }
        let is_object = byte == b'{';
        if !self.stack.open(is_object) {
            return self.lose_sync(out, byte);
        }
        self.write(out, &[byte]);
        if let Some(track) = self.track.as_mut().filter(|_| self.muted.is_none()) {
            track.open();
        }
        self.fate = Fate::KEEP;
        self.pairs.reset();
        self.state = if is_object { State::Name { first: true } } else { State::Value { first: true } };
    }

    fn close(&mut self, out: &mut Out, byte: u8) {
        if !self.stack.close(byte == b'}') {
            return self.lose_sync(out, byte);
        }
        // The first member may have gone, and no other one followed.
        self.removal.comma = false;
        self.write(out, &[byte]);
        if let Some(track) = self.track.as_mut().filter(|_| self.muted.is_none()) {
            track.close();
        }
        if self.muted == Some(self.stack.depth()) && !self.removal.going {
            self.muted = None;
        }
        self.pairs.reset();
        self.end_value();
    }

    fn end_value(&mut self) {
        self.fate = Fate::KEEP;
        self.state = State::After;
        if self.removal.going && self.muted == Some(self.stack.depth()) {
            (self.muted, self.removal.going, self.removal.comma) = (None, false, self.removal.first);
        }
    }

    /// Hands over to the reader of text, with whatever was being masked still masked.
    fn lose_sync(&mut self, out: &mut Out, byte: u8) {
        // Behind a full capture nothing is shown, however it is read.
        if !out.is_full() {
            self.lost_sync = true;
            out.tally.count(Rule::LostSync);
        }
        self.scanner.resume();
        if matches!(self.state, State::Colon) && self.muted.is_none() {
            self.decide(out);
        }
        let is_allow_list = out.policy.selectors().is_some_and(|selectors| selectors.is_allow_list);
        if self.muted.is_some() || is_allow_list {
            // Where a broken container ends nobody knows, and what is on an allow list neither.
            if self.muted.take().is_none() || self.removal.going {
                out.mask_unseen(Rule::NotAllowed);
            }
            self.scanner.mask_rest();
        } else if masks(self.fate.verdict) {
            self.hide_value(out, byte);
        } else if matches!(self.state, State::InNumber) {
            // What looked like a number may be the hyphens of a flag.
            let (held, length) = self.number.take();
            self.scanner.feed(out, &held[..length]);
        }
        self.state = State::Lost;
        self.scanner.feed(out, &[byte]);
    }

    fn hide_value(&mut self, out: &mut Out, byte: u8) {
        match self.state {
            State::InNumber if self.fate.verdict == Verdict::Mask => {
                out.end_mask(true);
                out.push(b"\"");
                self.scanner.mask_line();
            }
            State::Value { .. } if !matches!(byte, b'\'' | b'`') => self.hide_line(out),
            State::InNumber | State::InLiteral(_) => self.hide_line(out),
            _ => self.scanner.expect_value(),
        }
    }

    /// Nobody knows where a value without quotes ends.
    fn hide_line(&mut self, out: &mut Out) {
        out.mask_quoted(self.fate.rule);
        self.scanner.mask_line();
    }
}

#[inline]
fn is_blank(byte: u8) -> bool {
    // A record separator opens each text of a JSON text sequence.
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1E)
}

fn ends_token(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b',' | b'}' | b']')
}
