//! What the errors of others say, without what nobody may read.

use std::error::Error;
use std::fmt;

use cupola_redact::KeyPolicy;

/// How many errors of a chain are kept.
const DEPTH: usize = 8;

/// How much of an error's text is kept, in bytes.
const LENGTH: usize = 512;

/// One error of a chain, as it may be shown, and the next below it.
///
/// Clients write the URL into what they say, its query and its userinfo with it, and nobody reads all clients' sources.
pub(crate) struct SafeCause {
    text: String,
    below: Option<Box<Self>>,
}

impl SafeCause {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let policy = KeyPolicy::default();
        let texts: Vec<String> = chain(error).take(DEPTH).map(|error| safe(&policy, &error.to_string())).collect();
        texts.into_iter().rev().fold(None, |below, text| Some(Self { text, below: below.map(Box::new) }))
    }
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

impl fmt::Display for SafeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SafeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)?;
        self.below.as_ref().map_or(Ok(()), |below| write!(f, ": {below:?}"))
    }
}

impl Error for SafeCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.below.as_deref().map(|below| below as &(dyn Error + 'static))
    }
}

/// The text with its URLs cut down to scheme, host and path, and masked as any text is.
pub(crate) fn safe(policy: &KeyPolicy, text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(LENGTH));
    // What a URL has none of, unless it is encoded.
    for word in text.split_inclusive([' ', '\t', '\r', '\n', '"', '\'', '<', '>']) {
        push_word(&mut kept, word);
        if kept.len() > LENGTH {
            break;
        }
    }
    policy.text(&kept).as_str().to_owned()
}

/// A word that may be a URL: what follows a `?` or a `#` goes, and what stands before an `@`.
fn push_word(kept: &mut String, word: &str) {
    let (query, fragment) = (word.find('?'), word.find('#').filter(|_| word.contains('/')));
    let end = query.into_iter().chain(fragment).min().unwrap_or(word.len());
    let (address, cut) = word.split_at(end);
    let start = address.find("://").map_or(0, |at| at + "://".len());
    match address[start..].rfind('@').filter(|at| start > 0 || address[..*at].contains(':')) {
        Some(at) => kept.extend([&address[..start], &address[start + at + 1..]]),
        None => kept.push_str(address),
    }
    // What ended the word stays.
    let ends = [' ', '\t', '\r', '\n', '"', '\'', '<', '>', ')', '?'];
    let word_ends = cut.len() - cut.trim_end_matches(ends).len();
    kept.push_str(&cut[cut.len() - word_ends..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_cut_down() {
        let policy = KeyPolicy::default();
        let check = |text: &str, expected: &str| assert_eq!(safe(&policy, text), expected, "{text}");
        check("connection refused", "connection refused");
        check(
            "error sending request for url (https://ana:hunter2@example.com/a?q=1&key=s3cr3t#f)",
            "error sending request for url (https://example.com/a)",
        );
        check("cannot read /a/b?q=s3cr3t here", "cannot read /a/b here");
        check("is it so? yes", "is it so? yes");
        check("GET 'https://x/y?q=a,(b)`c' failed", "GET 'https://x/y' failed");
        check("no route to ana:hunter2@db.example.com:5432", "no route to db.example.com:5432");
        check("https://x/#access=s3cr3t, issue #12", "https://x/ issue #12");
        check("mail@example.com", "mail@example.com");
        check("https://a@b@c/x", "https://c/x");
        check("password=hunter2", "password=[REDACTED]");
    }
}
