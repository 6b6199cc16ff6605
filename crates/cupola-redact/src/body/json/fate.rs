//! What becomes of the next value: by its name, by its path, by what stands beside it.

use super::super::out::Out;
use super::super::token::masks;
use super::{Fate, Json, LONGEST_NAME, State};
use crate::decode;
use crate::rule::{self, Verdict};
use crate::tally::Rule;
use crate::verdicts::Known;

impl Json {
    /// The name is in the output; here its value's fate is decided.
    pub(super) fn colon(&mut self, out: &mut Out) {
        if self.muted.is_none() {
            self.decide(out);
            if masks(self.fate.verdict) && !self.fate.leaves && out.removes() {
                return self.remove(out);
            }
        }
        self.write(out, b":");
        self.state = State::Value { first: false };
    }

    pub(super) fn decide(&mut self, out: &Out) {
        let raw = out.written(self.string..out.len());
        // Blanks may stand between the name's quote and the colon.
        let name = &raw[..raw.iter().rposition(|&byte| byte == b'"').unwrap_or(raw.len())];
        if name.len() > LONGEST_NAME {
            self.fate = Fate::mask(Rule::TooLong);
            return;
        }
        let decoded;
        let name = if name.contains(&b'\\') {
            decoded = decode::json(name);
            &decoded
        } else {
            name
        };
        let known = Known::of(&out.policy, name);
        let by_pair = self.pairs.member(known, self.stack.depth());
        let fate = Fate { verdict: if by_pair { Verdict::Mask } else { known.verdict() }, ..Fate::KEEP };
        self.decide_by_path(out, fate, Some(name));
    }

    /// What paths say of the next value, beside what its name says.
    pub(super) fn decide_by_path(&mut self, out: &Out, fate: Fate, name: Option<&[u8]>) {
        self.fate = fate;
        let (Some(track), Some(selectors)) = (&mut self.track, out.policy.selectors()) else { return };
        if let Some(name) = name {
            track.member(selectors, name);
        }
        if track.is_denied(selectors) {
            self.fate = Fate::mask(Rule::Selector);
        } else if masks(fate.verdict) {
            let is_kept = track.is_kept(selectors) && !name.is_some_and(rule::is_strong_name);
            self.fate = if is_kept { Fate::KEEP } else { fate };
        } else if track.is_left_out(selectors) {
            self.fate = Fate { leaves: true, ..Fate::mask(Rule::NotAllowed) };
        }
    }

    /// An element of an array is about to begin.
    pub(super) fn element(&mut self, out: &Out) {
        if self.muted.is_some() {
            return;
        }
        let by_pair = self.pairs.element(self.stack.depth());
        let fate = if by_pair { Fate::mask(Rule::Name) } else { Fate::KEEP };
        if let (Some(track), Some(selectors)) = (&mut self.track, out.policy.selectors()) {
            track.element(selectors);
        }
        self.decide_by_path(out, fate, None);
    }

    /// Takes the member out again: what was written of it, and all that follows of its value.
    pub(super) fn remove(&mut self, out: &mut Out) {
        out.take_back(self.removal.member);
        out.tally.count(self.fate.rule);
        self.removal.going = true;
        self.muted = Some(self.stack.depth());
        self.fate = Fate::KEEP;
        self.state = State::Value { first: false };
    }
}
