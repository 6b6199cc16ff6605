//! What the readers of bodies write: text that is masked by name, and then by its looks.
//!
//! Positions count from the beginning of all that was written, also of what has left already.

use std::ops::Range;

use super::looks::Looks;
use crate::form::{self, Form};
use crate::tally::{Rule, Tally};
use crate::{KeyPolicy, REDACTED};

/// No reader looks further back than this, except at what it holds on to.
const BEHIND: usize = 512;

/// Output up to a cap, in two steps: what readers wrote, and what has passed the value patterns too.
#[derive(Debug)]
pub(crate) struct Out {
    pub(crate) policy: KeyPolicy,
    pub(crate) tally: Tally,
    bytes: Vec<u8>,
    /// The position of the first byte in `bytes`.
    base: usize,
    cap: usize,
    is_full: bool,
    hidden: Option<Hidden>,
    looks: Looks,
}

/// A mask that depends on its value, which is still being read.
#[derive(Debug)]
struct Hidden {
    rule: Rule,
    value: Vec<u8>,
}

impl Out {
    pub(crate) fn new(policy: KeyPolicy, cap: usize) -> Self {
        Self {
            policy,
            tally: Tally::default(),
            bytes: Vec::new(),
            base: 0,
            cap,
            is_full: false,
            hidden: None,
            looks: Looks::default(),
        }
    }

    /// Begins anew, in the memory that is there.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.tally, self.base, self.is_full, self.hidden) = (Tally::default(), 0, false, None);
        self.looks = Looks::default();
    }

    /// Whether something had to be left out: from here on nothing changes any more.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// The position behind all that was written. A mask that is still open has none yet.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.base + self.bytes.len()
    }

    /// What was written in this range, as far as it is still here.
    #[inline]
    pub(crate) fn written(&self, range: Range<usize>) -> &[u8] {
        let start = range.start.max(self.base) - self.base;
        self.bytes.get(start..range.end.saturating_sub(self.base)).unwrap_or_default()
    }

    /// What was written last, as far back as readers may look.
    #[inline]
    pub(crate) fn tail(&self) -> &[u8] {
        &self.bytes[self.bytes.len().saturating_sub(BEHIND)..]
    }

    /// Where the last line of what is not yet decided begins.
    pub(crate) fn last_line(&self) -> usize {
        let done = self.looks.done().min(self.bytes.len());
        self.base + memchr::memrchr(b'\n', &self.bytes[done..]).map_or(done, |at| done + at + 1)
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.hidden.is_some() {
            self.show_mask();
        }
        self.append(bytes);
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        let room = self.cap - self.bytes.len();
        if bytes.len() > room {
            self.is_full = true;
        }
        if bytes.len() <= room {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.bytes.extend_from_slice(&bytes[..room]);
        }
    }

    /// Writes the mask where a value stood; [`Self::hide`] may tell what the value is.
    pub(crate) fn mask(&mut self, rule: Rule) {
        if self.hidden.is_some() {
            self.show_mask();
        }
        if self.is_full {
            return;
        }
        self.tally.count(rule);
        match self.policy.forms() {
            None => self.append(REDACTED.as_bytes()),
            Some(forms) if forms.looks_at_value(rule) => self.hidden = Some(Hidden { rule, value: Vec::new() }),
            Some(_) => self.write_unseen(rule),
        }
    }

    /// The same for a value of which nothing will be told.
    pub(crate) fn mask_unseen(&mut self, rule: Rule) {
        self.mask(rule);
        self.end_mask(true);
    }

    /// The same as a JSON string, so that a masked number or container leaves valid JSON.
    pub(crate) fn mask_quoted(&mut self, rule: Rule) {
        self.push(b"\"");
        self.mask_unseen(rule);
        self.push(b"\"");
    }

    /// Bytes of the masked value pass, and are not shown.
    #[inline]
    pub(crate) fn hide(&mut self, bytes: &[u8]) {
        if let Some(hidden) = &mut self.hidden {
            let room = (form::LONGEST + 1).saturating_sub(hidden.value.len());
            hidden.value.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    #[cold]
    fn show_mask(&mut self) {
        let Some(Hidden { rule, value }) = self.hidden.take() else { return };
        let mut mask = String::new();
        match (self.policy.forms(), std::str::from_utf8(&value)) {
            (Some(forms), Ok(value)) => forms.write(&mut mask, rule, value),
            _ => mask.push_str(REDACTED),
        }
        self.append(mask.as_bytes());
    }

    fn write_unseen(&mut self, rule: Rule) {
        let mut mask = String::new();
        if let Some(forms) = self.policy.forms() {
            forms.write_unseen(&mut mask, rule);
        }
        self.append(mask.as_bytes());
    }

    /// Ends an open mask: of a value that a cut has shortened nothing but the fixed text may be said.
    pub(crate) fn end_mask(&mut self, truncated: bool) {
        if let Some(hidden) = self.hidden.take_if(|_| truncated) {
            self.write_unseen(hidden.rule);
        }
        self.show_mask();
    }

    /// Whether a denied member is to go with its name.
    pub(crate) fn removes(&self) -> bool {
        self.policy.forms().is_some_and(|forms| matches!(forms.of(Rule::Name), Form::Remove))
    }

    /// Takes back what was pushed since `start`, which is not among what has left.
    pub(crate) fn take_back(&mut self, start: usize) {
        debug_assert!(start >= self.base, "what has left cannot be taken back");
        self.bytes.truncate(start.saturating_sub(self.base));
    }

    /// Puts other bytes in the place of what was pushed since `start`.
    pub(crate) fn replace(&mut self, start: usize, bytes: &[u8]) {
        let was_full = std::mem::take(&mut self.is_full);
        self.take_back(start);
        self.push(bytes);
        self.is_full |= was_full;
    }

    /// Lets out what is decided: all before `open`, where a string or a line begins whose end was not seen, and of that
    /// what no pattern can reach any more. What stands behind `kept` stays to be looked at.
    pub(crate) fn settle(&mut self, open: usize, kept: usize, ready: &mut Vec<u8>) {
        let open = open.saturating_sub(self.base).min(self.bytes.len());
        let kept = kept.saturating_sub(self.base);
        let limit = open.max(self.bytes.len().saturating_sub(Looks::REACH)).min(kept);
        if self.looks.is_worth(&self.bytes, limit) {
            self.looks.pass(&self.policy, &mut self.tally, &self.bytes, limit, ready);
        }
        let left = self.looks.done().min(kept).min(self.bytes.len()).saturating_sub(BEHIND);
        // Moving the rest to the front has to be worth it.
        if left > self.bytes.len() / 2 {
            self.bytes.drain(..left);
            self.base += left;
            self.looks.shift(left);
        }
    }

    /// Lets out all the rest.
    pub(crate) fn finish(&mut self, truncated: bool, ready: &mut Vec<u8>) {
        self.end_mask(truncated);
        self.looks.finish(&self.policy, &mut self.tally, &self.bytes, truncated, ready);
    }
}
