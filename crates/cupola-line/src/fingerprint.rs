//! Which errors are the same one: the parts of a message that differ from one time to the next are left out.
//!
//! ```
//! use cupola_line::fingerprint::{Failure, template};
//!
//! let told = |message| Failure { target: "app::vms", error_type: "Timeout", route: "/vms/{id}", message };
//! let (one, other) = (told("no answer from 10.0.0.7:5432 in 30s"), told("no answer from 10.0.0.9:5432 in 31s"));
//! assert_eq!(one.fingerprint(), other.fingerprint());
//! assert_eq!(template(one.message), "no answer from <n> in <n>s");
//! assert!(one.fingerprint().to_string().starts_with("1-"));
//! ```
//!
//! | in the message | in the template |
//! |---|---|
//! | `'vm 7'`, `"vm 7"`, `` `vm 7` `` | `<text>` |
//! | `https://example.org/vms/7` | `<url>` |
//! | `/var/lib/vms/7.img` | `<path>` |
//! | `0193f2a4-0719-79ca-a8d8-0ff831a7272b`, `01JD8ZQ7C3V5K9M2N4P6R8T0WX` | `<id>` |
//! | `0x7ffe`, `4bf92f3577b34da6` | `<hex>` |
//! | `7`, `1.5`, `10.0.0.7:5432` | `<n>` |

use std::fmt;
use std::str::FromStr;

/// A template has no more bytes than this, and maybe one word more.
const MAX_TEMPLATE_BYTES: usize = 512;
/// What is looked at of a message.
const MAX_MESSAGE_BYTES: usize = 4_096;

/// What an error is known by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "another part makes another version of the fingerprint")]
pub struct Failure<'a> {
    /// Who tells it.
    pub target: &'a str,
    /// Its type; empty where it is not known.
    pub error_type: &'a str,
    /// The route, as a template; empty where there is none.
    pub route: &'a str,
    /// Its text.
    pub message: &'a str,
}

impl Failure<'_> {
    /// The fingerprint of all failures like this one.
    pub fn fingerprint(&self) -> Fingerprint {
        let template = template(self.message);
        let parts = [self.target, self.error_type, self.route, &template];
        Fingerprint(parts.into_iter().fold(FNV_START, |hash, part| fnv(fnv(hash, part.as_bytes()), &[0xff])))
    }
}

/// Stands for all failures that are alike. As text it begins with the version of the rules that it was made by, so that other rules
/// never make the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The version of the rules.
    pub const VERSION: u32 = 1;

    /// The number that it is, without the version.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The fingerprint that was this number, by the rules of this version.
    pub const fn of_number(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", Self::VERSION, self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Of its text. One of other rules is none that these make.
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let (version, number) = text.split_once('-').ok_or(FingerprintError)?;
        if version.parse() != Ok(Self::VERSION) || number.len() != 16 {
            return Err(FingerprintError);
        }
        u64::from_str_radix(number, 16).map(Self).map_err(|_| FingerprintError)
    }
}

/// A text that is no fingerprint of these rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FingerprintError;

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no fingerprint of errors: one is {}- and 16 hexadecimal digits", Fingerprint::VERSION)
    }
}

impl std::error::Error for FingerprintError {}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: the same on every machine and in every version.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A message without what differs from one time to the next. Of several lines the first one counts, and what follows a line that
/// ends with a colon: the others are a backtrace or the like. Spaces become one space.
pub fn template(message: &str) -> String {
    let mut out = String::with_capacity(message.len().min(MAX_TEMPLATE_BYTES));
    let mut rest = said(head(message).trim_start());
    while !rest.is_empty() && out.len() < MAX_TEMPLATE_BYTES {
        if !out.is_empty() && rest.starts_with(char::is_whitespace) {
            out.push(' ');
        }
        rest = rest.trim_start();
        let end = match quoted(rest, out.chars().next_back()) {
            Some(end) => {
                out.push_str("<text>");
                end
            }
            None => push_word(&mut out, rest),
        };
        rest = &rest[end..];
    }
    out.truncate(out.trim_end().len());
    out
}

fn head(message: &str) -> &str {
    let mut end = message.len().min(MAX_MESSAGE_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

fn said(message: &str) -> &str {
    let end = message.match_indices('\n').map(|(at, _)| at).find(|at| !message[..*at].trim_end().ends_with(':'));
    &message[..end.unwrap_or(message.len())]
}

/// The length of a quoted text at the start of `rest`. A quote after a letter is an apostrophe.
fn quoted(rest: &str, before: Option<char>) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let mut from = 1;
    loop {
        let end = from + rest[from..].find(quote)? + 1;
        let is_apostrophe = quote == '\'' && rest[end..].starts_with(char::is_alphanumeric);
        if !is_apostrophe {
            return Some(end);
        }
        from = end;
    }
}

/// Appends what the word at the start of `rest` becomes, and returns its length.
fn push_word(out: &mut String, rest: &str) -> usize {
    let is_end = |c: char| c.is_whitespace() || "()[]{}<>,;|\"'`".contains(c);
    let mut end = rest.find(is_end).unwrap_or(rest.len());
    // Within a URL a sign of equality ends nothing.
    let name = rest[..end].find('=').unwrap_or(end);
    if !rest[..name].contains("://") {
        end = name;
    }
    if end == 0 {
        let sign = rest.chars().next().map_or(0, char::len_utf8);
        out.push_str(&rest[..sign]);
        return sign;
    }
    let word = rest[..end].trim_end_matches(['.', ':', '!', '?']);
    match kind(word) {
        Some(kind) => out.push_str(kind),
        None => push_numbers(out, word),
    }
    out.push_str(&rest[word.len()..end]);
    end
}

fn kind(word: &str) -> Option<&'static str> {
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if word.contains("://") {
        return Some("<url>");
    }
    if word.len() > 1 && (word.starts_with(['/', '~']) || word.starts_with("./") || word.contains(":\\")) {
        return Some("<path>");
    }
    if word.strip_prefix("0x").is_some_and(is_hex) {
        return Some("<hex>");
    }
    if is_uuid(word) {
        return Some("<id>");
    }
    if word.len() >= 8 && digits > 0 && digits < word.len() && is_hex(word) {
        return Some("<hex>");
    }
    let is_token = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (word.len() >= 16 && digits >= 4 && digits < word.len() && is_token).then_some("<id>")
}

fn is_uuid(word: &str) -> bool {
    let is_place = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let is_right = |(at, byte): (usize, u8)| if is_place(at) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    word.len() == 36 && word.bytes().enumerate().all(is_right)
}

/// Appends a word, `<n>` for each of its numbers: digits, and what joins them.
fn push_numbers(out: &mut String, word: &str) {
    let mut rest = word;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        out.push_str("<n>");
        let joined = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '_');
        let tail = &rest[start..];
        let end = tail.find(|c: char| !joined(c)).unwrap_or(tail.len());
        let number = tail[..end].trim_end_matches(|c: char| !c.is_ascii_digit());
        rest = &tail[number.len()..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_from_its_text() {
        for number in [0, 7, u64::MAX] {
            assert_eq!(Fingerprint(number).to_string().parse(), Ok(Fingerprint(number)));
        }
        for other in ["", "1", "1-", "1-07", "2-0000000000000007", "x-0000000000000007", "1-000000000000000g"] {
            assert_eq!(other.parse::<Fingerprint>(), Err(FingerprintError), "{other}");
        }
    }

    #[test]
    fn templates() {
        let check = |message: &str, expected: &str| assert_eq!(template(message), expected, "{message}");
        check("", "");
        check("connection refused", "connection refused");
        check(" \n machine 7\tdid not  start ", "machine <n> did not start");
        check("no image\n   0: vms::start\n   1: main", "no image");
        check("panicked at src/a.rs:2:5:\nno image\n   0: vms::start", "panicked at src/a.rs:<n>: no image");
        check("vm-7: tries=3, took 1.5s.", "vm-<n>: tries=<n>, took <n>s.");
        check("no answer from 10.0.0.7:5432!", "no answer from <n>!");
        check("cannot open /var/lib/vms/7.img: denied", "cannot open <path>: denied");
        check("C:\\vms\\7.img is gone", "<path> is gone");
        check("GET https://example.org/vms/7?x=1 failed", "GET <url> failed");
        check("request 0193f2a4-0719-79ca-a8d8-0ff831a7272b", "request <id>");
        check("(id 01JD8ZQ7C3V5K9M2N4P6R8T0WX)", "(id <id>)");
        check("at 0x7ffe in 4bf92f3577b34da6", "at <hex> in <hex>");
        check("deadbeef decade", "deadbeef decade");
        check("unknown field 'vm 7' in \"the plan\" of `x`", "unknown field <text> in <text> of <text>");
        check("it doesn't and won't", "it doesn't and won't");
        check("'it doesn't' 5", "<text> <n>");
        check("an open 'quote 5", "an open 'quote <n>");
        check("naïve — 5 €", "naïve — <n> €");
        check("1_000 <b>", "<n> <b>");
    }

    #[test]
    fn any_text_has_a_template_of_bounded_length() {
        let sets = ["'\"`", "é7€/", "0x: ./~", " \n\u{85}a1"];
        for set in sets {
            let signs: Vec<char> = set.chars().collect();
            for seed in 0..400_usize {
                let message: String = (0..seed).map(|at| signs[(at * at + seed * 7 + at / 3) % signs.len()]).collect();
                assert!(template(&message).len() <= MAX_TEMPLATE_BYTES + MAX_MESSAGE_BYTES);
            }
        }
        assert!(template(&"word ".repeat(100_000)).len() <= MAX_TEMPLATE_BYTES + "word".len());
        assert!(template(&"é".repeat(100_000)).len() <= MAX_MESSAGE_BYTES);
    }

    /// Who has kept fingerprints finds them again: other rules have another version.
    #[test]
    fn fingerprints_stay_what_they_are() {
        let failure =
            Failure { target: "app::vms", error_type: "Timeout", route: "/vms/{id}", message: "no answer in 30s" };
        assert_eq!(failure.fingerprint().to_string(), "1-713544b456860fb9");
        let others = [
            Failure { target: "app", ..failure },
            Failure { error_type: "", ..failure },
            Failure { route: "", ..failure },
            Failure { message: "no answer", ..failure },
            Failure { target: "app::vmsT", error_type: "imeout", ..failure },
        ];
        assert!(others.iter().all(|other| other.fingerprint() != failure.fingerprint()));
    }
}
