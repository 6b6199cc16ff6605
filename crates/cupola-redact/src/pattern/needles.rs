//! What every secret with a prefix has in it: looked for in a long text all at once.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::{Config, MatchKind, Searcher};

/// A shorter text is looked at byte by byte.
pub(super) const WORTHWHILE: usize = 40;

/// The trigger of a pattern stands within so many bytes from where its needle begins.
pub(super) const WINDOW: usize = 10;

/// None shorter than three bytes, and none that is frequent: more of them would slow the search down.
#[rustfmt::skip]
const NEEDLES: [&str; 41] = [
    "eyJ", "AKIA", "ASIA", "ABIA", "ACCA", "AIza", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "_pat_", "glpat-", "npm_",
    "xox", "xapp-", "_live_", "_test_", "whsec_", "sk-", "SG.", "-----BEGIN ", "://", ":\\/", "earer ", "earer\t", "earer+",
    "earer%", "EARER ", "EARER\t", "EARER+", "EARER%", "asic ", "asic\t", "asic+", "asic%", "ASIC ", "ASIC\t", "ASIC+",
    "ASIC%", ":AA",
];

static SEARCHER: LazyLock<Option<Searcher>> = LazyLock::new(|| {
    let mut builder = Config::new().match_kind(MatchKind::LeftmostFirst).builder();
    builder.extend(NEEDLES).build()
});

/// The searcher, where the processor has one.
pub(super) fn searcher() -> Option<&'static Searcher> {
    SEARCHER.as_ref()
}

/// Where the next needle begins.
pub(super) fn find(searcher: &Searcher, bytes: &[u8], range: Range<usize>) -> Option<usize> {
    searcher.find_in(bytes, Span::from(range)).map(|found| found.start())
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use super::*;

    #[test]
    fn every_scheme_has_a_needle_however_it_is_separated() {
        for scheme in ["Bearer", "bearer", "BEARER", "Basic", "basic", "BASIC"] {
            for separator in [" ", "\t", "+", "%"] {
                let text = format!("{scheme}{separator}");
                assert!(NEEDLES.iter().any(|needle| text.ends_with(needle)), "{text:?}");
            }
        }
    }

    #[test]
    fn every_prefix_has_a_needle_near_its_trigger() {
        for (prefix, trigger) in token::prefixes() {
            let text = String::from_utf8_lossy(prefix);
            let has = |needle: &&str| text.find(*needle).is_some_and(|at| at < trigger && trigger <= at + WINDOW);
            assert!(NEEDLES.iter().any(has), "{text}");
        }
    }
}
