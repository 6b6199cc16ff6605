//! Numbers and literals.

use super::super::out::Out;
use super::super::token::{Literal, Number, masks};
use super::{Json, State, ends_token};
use crate::rule::Verdict;
use crate::tally::Rule;

impl Json {
    pub(super) fn open_number(&mut self, out: &mut Out, byte: u8) {
        self.state = State::InNumber;
        self.number = Number::default();
        if self.fate.verdict == Verdict::Mask {
            self.write(out, b"\"");
            if self.muted.is_none() {
                out.mask(self.fate.rule);
                out.hide(&[byte]);
            }
            return;
        }
        _ = self.number.hold(byte);
    }

    pub(super) fn in_number(&mut self, out: &mut Out, byte: u8) {
        if Number::accepts(byte) {
            return self.more_number(out, byte);
        }
        if !ends_token(byte) {
            return self.lose_sync(out, byte);
        }
        self.end_number(out, false);
        self.outside(out, byte);
    }

    pub(super) fn more_number(&mut self, out: &mut Out, byte: u8) {
        if self.fate.verdict == Verdict::Mask {
            return out.hide(&[byte]);
        }
        if self.number.hold(byte) {
            return;
        }
        // Too long for a count: under a denied plural it is masked, elsewhere it passes.
        let (held, length) = self.number.take();
        if masks(self.fate.verdict) {
            self.fate.verdict = Verdict::Mask;
            self.write(out, b"\"");
            if self.muted.is_none() {
                out.mask(self.fate.rule);
            }
            return;
        }
        self.write(out, &held[..length]);
        self.write(out, &[byte]);
    }

    pub(super) fn end_number(&mut self, out: &mut Out, truncated: bool) {
        if self.fate.verdict == Verdict::Mask {
            if truncated {
                out.end_mask(true);
            }
            self.write(out, b"\"");
        } else if !self.number.is_long()
            && self.number.is_secret(truncated && self.stack.depth() > 0)
            && out.policy.has_patterns()
        {
            self.fate.rule = Rule::Card;
            self.mask(out);
        } else {
            self.write_held(out);
        }
        self.end_value();
    }

    pub(super) fn write_held(&mut self, out: &mut Out) {
        let (held, length) = self.number.take();
        self.write(out, &held[..length]);
    }

    /// Whether a literal of this fate is held until it is whole.
    pub(super) fn hides_literal(&self, out: &Out) -> bool {
        masks(self.fate.verdict) && (!self.fate.leaves || out.policy.masks_literals())
    }

    pub(super) fn open_literal(&mut self, out: &mut Out, literal: Literal) {
        if !self.hides_literal(out) {
            self.write(out, literal.read());
        }
        self.state = State::InLiteral(literal);
    }

    /// Under a denied name a literal is held until its end is seen: `trueblood` is a password.
    pub(super) fn in_literal(&mut self, out: &mut Out, mut literal: Literal, byte: u8) {
        if literal.accept(byte) {
            if !self.hides_literal(out) {
                self.write(out, &[byte]);
            }
            self.state = State::InLiteral(literal);
        } else if literal.is_whole() && ends_token(byte) {
            if self.hides_literal(out) {
                self.end_literal(out, literal);
            }
            self.end_value();
            self.outside(out, byte);
        } else {
            self.lose_sync(out, byte);
        }
    }

    pub(super) fn end_literal(&mut self, out: &mut Out, literal: Literal) {
        if out.policy.masks_literals() { self.mask(out) } else { self.write(out, literal.read()) }
    }
}
