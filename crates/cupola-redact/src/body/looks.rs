//! The second step: value patterns over what was masked by name, piece by piece.

use crate::KeyPolicy;
use crate::pattern::{Finder, Rest};
use crate::tally::{Rule, Tally};

/// How far value patterns have been looked for.
#[derive(Debug, Default)]
pub(super) struct Looks {
    done: usize,
    /// The last secret reached to the end of what was there, and may go on.
    rest: Option<Rest>,
}

impl Looks {
    /// Every pattern is decided within so many bytes of its beginning.
    pub(super) const REACH: usize = 4096;

    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// So many bytes have gone from the front.
    pub(super) fn shift(&mut self, left: usize) {
        self.done -= left;
    }

    /// Whether passing the text up to `limit` is worth looking at all of it again.
    pub(super) fn is_worth(&self, text: &[u8], limit: usize) -> bool {
        limit > self.done && limit - self.done >= text.len() - limit
    }

    /// Passes the text up to `limit`; a secret that begins before it is masked as far as it reaches.
    pub(super) fn pass(
        &mut self,
        policy: &KeyPolicy,
        tally: &mut Tally,
        text: &[u8],
        limit: usize,
        ready: &mut Vec<u8>,
    ) {
        self.swallow(text);
        if policy.has_patterns() && limit > self.done {
            let finder = Finder::over(policy, text, self.done..limit, false);
            self.mask_all(policy, tally, text, finder, ready);
        }
        self.copy(text, limit, ready);
    }

    /// Passes all the rest; `open` says that the text was cut at its end.
    pub(super) fn finish(
        &mut self,
        policy: &KeyPolicy,
        tally: &mut Tally,
        text: &[u8],
        open: bool,
        ready: &mut Vec<u8>,
    ) {
        self.swallow(text);
        if self.rest.is_none() {
            if policy.has_patterns() {
                let finder = Finder::over(policy, text, self.done..text.len(), open);
                self.mask_all(policy, tally, text, finder, ready);
            }
            self.copy(text, text.len(), ready);
        }
    }

    fn swallow(&mut self, text: &[u8]) {
        if let Some(rest) = self.rest {
            let (end, is_over) = rest.end(text, self.done);
            self.done = end;
            if is_over {
                self.rest = None;
            }
        }
    }

    fn mask_all(
        &mut self,
        policy: &KeyPolicy,
        tally: &mut Tally,
        text: &[u8],
        mut finder: Finder<'_>,
        ready: &mut Vec<u8>,
    ) {
        while let Some(found) = finder.next(self.done) {
            ready.extend_from_slice(&text[self.done..found.span.start]);
            tally.count(found.rule);
            mask(policy, found.rule, &text[found.span.clone()], ready);
            self.done = found.span.end;
            if self.done == text.len() {
                self.rest = found.rest;
            }
        }
    }

    fn copy(&mut self, text: &[u8], limit: usize, ready: &mut Vec<u8>) {
        if self.rest.is_none() && limit > self.done {
            ready.extend_from_slice(&text[self.done..limit]);
            self.done = limit;
        }
    }
}

fn mask(policy: &KeyPolicy, rule: Rule, value: &[u8], ready: &mut Vec<u8>) {
    match (policy.forms(), std::str::from_utf8(value)) {
        (Some(forms), Ok(value)) => {
            let mut mask = String::new();
            forms.write(&mut mask, rule, value);
            ready.extend_from_slice(mask.as_bytes());
        }
        _ => ready.extend_from_slice(crate::REDACTED.as_bytes()),
    }
}
