//! The same secrets in many texts, which stand one behind the other and are looked at all at once.

use super::{DIGITS, PREFIXED, card, is_clean, needles};
use crate::KeyPolicy;

/// What is looked for in them.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'p> {
    policy: &'p KeyPolicy,
    searcher: &'static aho_corasick::packed::Searcher,
}

impl<'p> Sought<'p> {
    /// `None` where each text is to be looked at for itself: there is no quick search here, or personal data is looked for.
    pub(crate) fn new(policy: &'p KeyPolicy) -> Option<Self> {
        if policy.has_pii() { None } else { needles::searcher().map(|searcher| Self { policy, searcher }) }
    }

    /// Where something stands next, at or behind `from`, that every secret with a prefix has in it.
    #[inline]
    pub(crate) fn needle(&self, texts: &[u8], from: usize) -> Option<usize> {
        if self.policy.has_patterns() { needles::find(self.searcher, texts, from..texts.len()) } else { None }
    }

    /// Whether there is a secret in a text that has such a thing.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        !is_clean(self.policy, text, PREFIXED | DIGITS, false)
    }

    /// Whether there is the number of a card in a text.
    #[inline]
    pub(crate) fn has_card(&self, text: &[u8]) -> bool {
        text.len() >= card::SHORTEST && self.policy.has_patterns() && card::next(text, 0..text.len(), false).is_some()
    }
}
