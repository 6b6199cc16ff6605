//! Masked values in quotes, and in three quotes each.

use super::{Scanner, State};
use crate::body::Out;
use crate::tally::Rule;

impl Scanner {
    /// The quotes stay, escaped as they were.
    pub(super) fn open_quote(&mut self, out: &mut Out, quote: u8, level: u32) {
        push_quote(out, quote, level);
        self.state = State::Opening { quote, level, quotes: 1, run: 0 };
    }

    /// Behind one or two quotes: a third one opens a block, and two of them may be an empty value.
    pub(super) fn opening(&mut self, out: &mut Out, byte: u8) {
        let State::Opening { quote, level, quotes, run } = self.state else { return };
        if byte == b'\\' {
            self.state = State::Opening { quote, level, quotes, run: run + 1 };
        } else if byte == quote && run == level && quotes < 2 {
            self.state = State::Opening { quote, level, quotes: 2, run: 0 };
        } else if byte == quote && run == level {
            push_quote(out, quote, level);
            push_quote(out, quote, level);
            self.mask(out, State::Block { quote, level, quotes: 0, run: 0 });
        } else if quotes == 2 {
            out.mask(Rule::Name);
            push_quote(out, quote, level);
            (0..run).for_each(|_| out.push(b"\\"));
            self.value_end(out, byte);
        } else {
            self.mask(out, State::Quoted { quote, level, run });
            (0..run).for_each(|_| out.hide(b"\\"));
            self.step(out, byte);
        }
    }

    pub(super) fn block(&mut self, out: &mut Out, byte: u8) {
        let State::Block { quote, level, quotes, run } = self.state else { return };
        out.hide(&[byte]);
        self.state = match byte {
            b'\\' => State::Block { quote, level, quotes, run: run + 1 },
            _ if byte == quote && run == level => State::Block { quote, level, quotes: quotes + 1, run: 0 },
            _ => State::Block { quote, level, quotes: 0, run: 0 },
        };
        if matches!(self.state, State::Block { quotes: 3, .. }) {
            (0..3).for_each(|_| push_quote(out, quote, level));
            self.state = State::Idle;
        }
    }

    /// A quote closes if as many backslashes escape it as escaped the opening one. An escaped backslash before it
    /// takes twice as many as one level more, so the count is compared modulo that.
    pub(super) fn quoted(&mut self, out: &mut Out, quote: u8, level: u32, run: u32, byte: u8) {
        if byte == b'\\' {
            self.state = State::Quoted { quote, level, run: run + 1 };
            return out.hide(b"\\");
        }
        let is_regular = (level + 1).is_power_of_two();
        let closes = byte == quote && is_regular && (run < level || run % (2 * (level + 1)) == level);
        self.state = State::Quoted { quote, level, run: 0 };
        if closes {
            push_quote(out, quote, level);
            self.state = State::Idle;
        } else {
            out.hide(&[byte]);
        }
    }
}

pub(super) fn push_quote(out: &mut Out, quote: u8, level: u32) {
    for _ in 0..level {
        out.push(b"\\");
    }
    out.push(&[quote]);
}
