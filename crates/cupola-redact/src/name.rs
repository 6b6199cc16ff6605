//! A name in the form in which rules judge it: lower-case letters, and where words begin.
//!
//! `X-Auth-Token`, `xAuthToken`, `x_auth_token2` and `x.auth[token][]` all read as the words x, auth, token.

/// Longer names are judged in windows of this many bytes, so the longest stem has to be much shorter.
pub(crate) const WINDOW: usize = 64;

/// At most [`WINDOW`] bytes of a name, squashed to lower-case ASCII letters.
///
/// Everything else separates words: digits, punctuation, and what is not ASCII, so that an invisible character
/// put inside a name does not hide it from the rules that look at the squashed form.
pub(crate) struct Name {
    letters: [u8; WINDOW],
    len: usize,
    /// Bit `i` is set where letter `i` begins a word, also by a change of case.
    starts: u64,
    /// The same without changes of case, so that `toKEN` is still one word.
    hard: u64,
}

impl Name {
    /// Reads a decoded name of at most [`WINDOW`] bytes; of a longer one the last bytes count.
    #[inline]
    pub(crate) fn new(name: &[u8]) -> Self {
        let tail = &name[name.len().saturating_sub(WINDOW)..];
        let mut this = Self { letters: [0; WINDOW], len: 0, starts: 0, hard: 0 };
        let mut before = Kind::Separator;
        for (index, &byte) in tail.iter().enumerate() {
            let kind = Kind::of(byte);
            if kind != Kind::Separator {
                let follows_lower = tail.get(index + 1).is_some_and(u8::is_ascii_lowercase);
                this.push(byte | 0x20, before, kind, follows_lower);
            }
            before = kind;
        }
        this.drop_suffixes();
        this
    }

    #[inline]
    fn push(&mut self, letter: u8, before: Kind, kind: Kind, follows_lower: bool) {
        let bit = 1_u64 << self.len;
        if before == Kind::Separator {
            self.hard |= bit;
            self.starts |= bit;
        } else if kind == Kind::Upper && (before == Kind::Lower || follows_lower) {
            self.starts |= bit;
        }
        self.letters[self.len] = letter;
        self.len += 1;
    }

    /// `token_value` and `token_raw` hold what `token` holds.
    #[inline]
    fn drop_suffixes(&mut self) {
        while matches!(self.last_word(), b"value" | b"raw") && self.starts.count_ones() > 1 {
            self.len = last_start(self.starts, self.len);
            let mask = (1_u64 << self.len) - 1;
            self.starts &= mask;
            self.hard &= mask;
        }
    }

    /// All letters in one piece.
    #[inline]
    pub(crate) fn squashed(&self) -> &[u8] {
        &self.letters[..self.len]
    }

    /// The last word, where changes of case begin words too.
    #[inline]
    pub(crate) fn last_word(&self) -> &[u8] {
        &self.letters[last_start(self.starts, self.len)..self.len]
    }

    /// The last word, where only separators and digits begin words.
    #[inline]
    pub(crate) fn last_hard_word(&self) -> &[u8] {
        &self.letters[last_start(self.hard, self.len)..self.len]
    }

    /// The word before the last one.
    pub(crate) fn second_last_word(&self) -> &[u8] {
        let end = last_start(self.starts, self.len);
        if end == 0 {
            return b"";
        }
        let before = self.starts & ((1_u64 << end) - 1);
        &self.letters[last_start(before, end)..end]
    }

    /// Whether a word begins at letter `index`, or the name ends there.
    #[inline]
    pub(crate) fn is_boundary(&self, index: usize) -> bool {
        index >= self.len || self.starts >> index & 1 == 1
    }

    /// Whether there is just one word.
    pub(crate) fn is_single(&self) -> bool {
        self.starts.count_ones() <= 1
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Separator,
    Lower,
    Upper,
}

impl Kind {
    #[inline]
    fn of(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' => Self::Lower,
            b'A'..=b'Z' => Self::Upper,
            _ => Self::Separator,
        }
    }
}

/// The highest set bit below `len`, which is where the last word begins.
#[inline]
fn last_start(starts: u64, len: usize) -> usize {
    if starts == 0 { 0 } else { (63 - starts.leading_zeros() as usize).min(len) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_spelling() {
        for (name, last, hard) in [
            ("x_auth_token", "token", "token"),
            ("xAuthToken", "token", "xauthtoken"),
            ("X-Auth-Token2", "token", "token"),
            ("user[token][]", "token", "token"),
            ("APIKey", "key", "apikey"),
            ("newPwdValue", "pwd", "newpwd"),
            ("token_value_raw", "token", "token"),
            ("toKEN", "ken", "token"),
            ("value", "value", "value"),
            ("", "", ""),
            ("42", "", ""),
        ] {
            let read = Name::new(name.as_bytes());
            assert_eq!(read.last_word(), last.as_bytes(), "{name}");
            assert_eq!(read.last_hard_word(), hard.as_bytes(), "{name}");
        }
    }

    #[test]
    fn a_name_as_long_as_the_window_fits() {
        let name = Name::new(&[b'a'; WINDOW]);
        assert_eq!(name.squashed().len(), WINDOW);
        assert_eq!(Name::new(&[b'_', b'a'].repeat(WINDOW)).last_word(), b"a");
    }
}
