//! Texts that come again: a client's user agent and its host are the same from request to request, and so are their
//! masked forms.

use arrayvec::{ArrayString, ArrayVec};

use crate::KeyPolicy;

/// A longer text is masked each time.
pub(crate) const LONGEST: usize = 128;

/// A power of two. A text's slot is a matter of its hash, and the last text with that slot is the one that is known.
const SLOTS: usize = 16;

/// The last texts of one thread, in bounded memory: about 5 KiB.
#[derive(Debug, Default)]
pub(crate) struct Memo(Vec<Option<Known>>);

#[derive(Debug)]
struct Known {
    policy: KeyPolicy,
    raw: ArrayVec<u8, LONGEST>,
    masked: ArrayString<LONGEST>,
}

impl Memo {
    /// The masked form of a text, if it was masked before and nothing else has taken its place since.
    #[inline]
    pub(crate) fn get(&self, policy: &KeyPolicy, raw: &[u8]) -> Option<&str> {
        let known = self.0.get(slot(raw))?.as_ref()?;
        (known.raw.as_slice() == raw && known.policy.is(policy)).then_some(&known.masked)
    }

    /// Remembers a text, unless it or its masked form is too long.
    pub(crate) fn keep(&mut self, policy: &KeyPolicy, raw: &[u8], masked: &str) {
        let (Ok(raw_copy), Ok(masked)) = (ArrayVec::try_from(raw), ArrayString::from(masked)) else { return };
        self.0.resize_with(SLOTS, || None);
        self.0[slot(raw)] = Some(Known { policy: policy.clone(), raw: raw_copy, masked });
    }
}

/// Both ends and the length tell most texts apart; that two share a slot costs one of them its place, no more.
#[inline]
fn slot(raw: &[u8]) -> usize {
    let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk));
    let ends = word(raw.first_chunk()) ^ word(raw.last_chunk()).rotate_left(29);
    let hash = (ends ^ raw.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash >> 60) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_known_for_one_policy() {
        let (one, two) = (KeyPolicy::default(), KeyPolicy::builder().deny("a").build().unwrap());
        let mut memo = Memo::default();
        assert_eq!(memo.get(&one, b"curl/8.5.0"), None);
        memo.keep(&one, b"curl/8.5.0", "masked");
        assert_eq!(memo.get(&one, b"curl/8.5.0"), Some("masked"));
        assert_eq!(memo.get(&one.clone(), b"curl/8.5.0"), Some("masked"));
        assert_eq!(memo.get(&two, b"curl/8.5.0"), None);
        assert_eq!(memo.get(&one, b"curl/8.5.1"), None);
    }

    #[test]
    fn a_stranger_with_many_texts_fills_no_memory() {
        let (policy, mut memo) = (KeyPolicy::default(), Memo::default());
        for n in 0..10_000 {
            let text = format!("agent {n}");
            memo.keep(&policy, text.as_bytes(), &text);
            assert_eq!(memo.get(&policy, text.as_bytes()), Some(&*text));
        }
        assert_eq!(memo.0.len(), SLOTS);
        let long = "x".repeat(LONGEST + 1);
        memo.keep(&policy, long.as_bytes(), "short");
        assert_eq!(memo.get(&policy, long.as_bytes()), None);
    }
}
