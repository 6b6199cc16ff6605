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
        let mut letters = [0; WINDOW];
        let (mut len, mut hard, mut upper, mut begins) = (0, 0_u64, 0_u64, 1_u64);
        for &byte in tail {
            let letter = LETTER[usize::from(byte)];
            if letter == 0 {
                begins = 1;
                continue;
            }
            letters[len % WINDOW] = letter;
            hard |= begins << len;
            upper |= u64::from(byte != letter) << len;
            begins = 0;
            len += 1;
        }
        let mut this = Self { letters, len, starts: soft_starts(hard, upper, len), hard };
        this.drop_suffixes();
        this
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

    /// Where the words begin.
    pub(crate) fn word_starts(&self) -> impl Iterator<Item = usize> {
        let mut rest = self.starts;
        std::iter::from_fn(move || {
            let start = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (start < WINDOW).then_some(start)
        })
    }

    /// Four letters from `index`, with zeros behind the end.
    #[inline]
    pub(crate) fn four_letters(&self, index: usize) -> u32 {
        let at = |offset: usize| u32::from(self.letters[(index + offset) % WINDOW]);
        at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24
    }

    /// Whether there is just one word.
    pub(crate) fn is_single(&self) -> bool {
        self.starts.count_ones() <= 1
    }
}

/// The lower-case letter of each byte that is one, else zero.
const LETTER: [u8; 256] = {
    let mut table = [0; 256];
    let mut letter = b'a';
    while letter <= b'z' {
        table[letter as usize] = letter;
        table[letter.to_ascii_uppercase() as usize] = letter;
        letter += 1;
    }
    table
};

/// A capital begins a word behind a small letter, and before one: `newPwd`, `APIKey`.
#[inline]
fn soft_starts(hard: u64, upper: u64, len: usize) -> u64 {
    let letters = if len == 0 { 0 } else { u64::MAX >> (WINDOW - len) };
    let lower = letters & !upper;
    hard | upper & (lower << 1) | upper & (lower >> 1) & !(hard >> 1)
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
