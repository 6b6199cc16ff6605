//! Who may come in: those who know a token.

use std::fmt;
use std::hint::black_box;

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Tokens that are accepted; where there are none, everyone is.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Vec<Box<str>>);

impl Tokens {
    pub(crate) fn add(&mut self, token: &str) {
        self.0.push(token.into());
    }

    /// Whether the head has one of them.
    pub(crate) fn admit(&self, head: &HeaderMap) -> bool {
        let given = head.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes())).unwrap_or_default();
        // All are compared, whichever it is.
        let known = self.0.iter().fold(false, |known, token| known | is_same(token.as_bytes(), given));
        self.0.is_empty() || known
    }
}

/// The token of `Authorization: Bearer …`.
pub(crate) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// In a time that says nothing of how much is right, but for the length.
pub(crate) fn is_same(known: &[u8], given: &[u8]) -> bool {
    let differ = known.iter().zip(given).fold(0, |differ, (known, given)| black_box(differ | (known ^ given)));
    known.len() == given.len() && differ == 0
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_a_token_comes_in() {
        let check = |tokens: &[&str], value: Option<&str>, expected| {
            let mut known = Tokens::default();
            tokens.iter().for_each(|token| known.add(token));
            let mut head = HeaderMap::new();
            value.into_iter().for_each(|value| _ = head.insert(AUTHORIZATION, value.parse().unwrap()));
            assert_eq!(known.admit(&head), expected, "{value:?}");
        };
        check(&[], None, true);
        check(&[], Some("Bearer x"), true);
        check(&["abc", "def"], Some("Bearer def"), true);
        check(&["abc", "def"], Some("bearer  abc "), true);
        for none in
            [None, Some(""), Some("abc"), Some("Bearer"), Some("Bearer ab"), Some("Bearer abcd"), Some("Basic abc")]
        {
            check(&["abc"], none, false);
        }
        check(&["abc"], Some("Bearer "), false);
    }
}
