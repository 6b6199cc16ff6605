//! W3C baggage: names and values that a caller sends along.

use std::fmt::{self, Write as _};

use crate::invalid::invalid;

const MAX_MEMBERS: usize = 64;
const MAX_BYTES: usize = 8192;

/// The members of all `baggage` headers together, in order.
///
/// ```
/// use cupola_context::Baggage;
///
/// let baggage = Baggage::from_lines([b"tenant=acme%20inc;public".as_slice()].into_iter())?;
/// assert_eq!(baggage.get("tenant"), Some("acme inc"));
/// assert_eq!(baggage.to_string(), "tenant=acme%20inc;public");
/// # Ok::<(), cupola_context::InvalidBaggage>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baggage(Vec<BaggageMember>);

/// One name with its value, decoded, and its properties as received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BaggageMember {
    /// The name, an HTTP token.
    pub key: Box<str>,
    /// The value, percent-decoded; bytes that are no UTF-8 become U+FFFD.
    pub value: Box<str>,
    /// What follows the first `;`, opaque; empty where nothing does.
    pub properties: Box<str>,
}

impl Baggage {
    /// No members.
    pub const EMPTY: Self = Self(Vec::new());

    /// Reads header lines; members past 64, or past 8,192 bytes over all lines, are left out whole. The bytes are those
    /// that came and those that would go out: what was no UTF-8 is longer when it is written again.
    pub fn from_lines<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<Self, InvalidBaggage> {
        let mut members = Vec::new();
        let (mut came, mut goes) = (0, 0);
        for text in lines.flat_map(|line| line.split(|byte| *byte == b',')) {
            let text = text.trim_ascii();
            came += text.len() + 1;
            if came > MAX_BYTES + 1 || members.len() == MAX_MEMBERS {
                break;
            }
            if !text.is_empty() {
                let member = member(text).ok_or(InvalidBaggage)?;
                goes += member.written_bytes() + 1;
                if goes > MAX_BYTES + 1 {
                    break;
                }
                members.push(member);
            }
        }
        Ok(Self(members))
    }

    /// The value of a name, the last one where it stands twice.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|member| &*member.key == key).map(|member| &*member.value)
    }

    /// Adds a member; refused where the name is no HTTP token or the bounds would be passed.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), InvalidBaggage> {
        let fits = self.0.len() < MAX_MEMBERS && self.to_string().len() + key.len() + 3 * value.len() + 2 <= MAX_BYTES;
        if !fits || !is_token(key.as_bytes()) {
            return Err(InvalidBaggage);
        }
        self.0.push(BaggageMember { key: key.into(), value: value.into(), properties: "".into() });
        Ok(())
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = &BaggageMember> {
        self.0.iter()
    }

    /// Whether there is nothing to pass on.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Baggage {
    /// The header value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            write!(f, "{}=", member.key)?;
            member.value.bytes().try_for_each(|byte| write_encoded(f, byte))?;
            if !member.properties.is_empty() {
                write!(f, ";{}", member.properties)?;
            }
        }
        Ok(())
    }
}

impl BaggageMember {
    fn written_bytes(&self) -> usize {
        let value: usize = self.value.bytes().map(|byte| if is_value(byte) { 1 } else { 3 }).sum();
        let properties = if self.properties.is_empty() { 0 } else { 1 + self.properties.len() };
        self.key.len() + 1 + value + properties
    }
}

fn member(text: &[u8]) -> Option<BaggageMember> {
    let (pair, properties) = split_once(text, b';').unwrap_or((text, b""));
    let (key, value) = split_once(pair, b'=')?;
    let (key, value) = (key.trim_ascii(), value.trim_ascii());
    if !is_token(key) || !value.iter().all(|byte| is_value(*byte) || *byte == b'%') {
        return None;
    }
    let key = std::str::from_utf8(key).ok()?.into();
    let properties = std::str::from_utf8(properties.trim_ascii()).ok()?;
    let plain = properties.bytes().all(|byte| (0x20..0x7f).contains(&byte) || byte == b'\t');
    plain.then(|| BaggageMember { key, value: decoded(value), properties: properties.into() })
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = text.iter().position(|byte| *byte == at)?;
    Some((&text[..index], &text[index + 1..]))
}

fn is_token(key: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !key.is_empty() && key.iter().all(allowed)
}

/// What may stand in a value unencoded; `%` only begins an encoded byte.
fn is_value(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e) && byte != b'%'
}

fn write_encoded(f: &mut fmt::Formatter<'_>, byte: u8) -> fmt::Result {
    if is_value(byte) { f.write_char(char::from(byte)) } else { write!(f, "%{byte:02X}") }
}

fn decoded(value: &[u8]) -> Box<str> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, tail)) = rest.split_first() {
        let encoded = tail.get(..2).filter(|_| *first == b'%').and_then(hex_byte);
        bytes.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? << 4 | digit(digits[1])?).ok()
}

invalid! {
    /// The text is no baggage, or does not fit any more.
    InvalidBaggage, "baggage is at most 64 members of token=value in 8192 bytes, separated by commas"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Baggage, InvalidBaggage> {
        Baggage::from_lines(lines.iter().map(|line| line.as_bytes()))
    }

    #[test]
    fn lines_are_combined_and_values_decoded() {
        let baggage = read(&["a=1 , b = %C3%BC;p=1;q", "c=%ff,d=100%"]).unwrap();
        assert_eq!(baggage.get("b"), Some("ü"));
        assert_eq!(baggage.get("c"), Some("\u{fffd}"));
        assert_eq!(baggage.get("d"), Some("100%"));
        assert_eq!(baggage.to_string(), "a=1,b=%C3%BC;p=1;q,c=%EF%BF%BD,d=100%25");
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for line in ["a", "=1", "a b=1", "a=\u{1}", "a=\"x\"", "a=1;\u{7f}"] {
            assert_eq!(read(&[line]), Err(InvalidBaggage), "{line:?}");
        }
    }

    /// The specification's own examples, and what its working group's tests ask.
    #[test]
    fn members_as_the_specification_shows_them() {
        let check = |lines: &[&str], members: &[(&str, &str, &str)]| {
            let baggage = read(lines).unwrap_or_else(|_| panic!("{lines:?} is refused"));
            let found: Vec<(&str, &str, &str)> =
                baggage.iter().map(|member| (&*member.key, &*member.value, &*member.properties)).collect();
            assert_eq!(found, members, "{lines:?}");
        };
        let user = [("userId", "alice", ""), ("serverNode", "DF 28", ""), ("isProduction", "false", "")];
        check(&["userId=alice,serverNode=DF%2028,isProduction=false"], &user);
        check(&["userId=alice", "serverNode=DF%2028,isProduction=false"], &user);
        check(&["userId =   alice", "serverNode = DF%2028, isProduction = false"], &user);
        check(&["userId=Am%C3%A9lie"], &[("userId", "Am\u{e9}lie", "")]);
        let three = [
            ("key1", "value1", "property1;property2"),
            ("key2", "value2", ""),
            ("key3", "value3", "propertyKey=propertyValue"),
        ];
        check(&["key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue"], &three);
        check(&["k \t = \t v \t ; \t p \t , \t l \t = \t w"], &[("k", "v", "p"), ("l", "w", "")]);
        check(&["k=a=b=="], &[("k", "a=b==", "")]);
        check(&["k="], &[("k", "", "")]);
        check(&["k=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29"], &[("k", "\t \"';=asdf!@#$%^&*()", "")]);
        check(&["k=v;p%20%3D%20w"], &[("k", "v", "p%20%3D%20w")]);
        check(&["k=v;p;p=1;p=2"], &[("k", "v", "p;p=1;p=2")]);
        check(&["k=1,k=2"], &[("k", "1", ""), ("k", "2", "")]);
        check(&["", ",,", " , "], &[]);
    }

    #[test]
    fn all_that_must_be_propagated_is() {
        let whole = |text: &str| assert_eq!(read(&[text]).unwrap().to_string(), text);
        whole(&(0..64).map(|n| format!("key{n}=value")).collect::<Vec<_>>().join(","));
        whole(&format!("a={}", "0123456789".repeat(819)));
        // 64 members that fill 8,192 bytes to the last.
        let mut members: Vec<String> = (0..64).map(|n| format!("{n:02}={}", "v".repeat(124))).collect();
        members[63].push('v');
        let text = members.join(",");
        assert_eq!(text.len(), 8192);
        whole(&text);
        let over = format!("{text}v");
        assert_eq!(read(&[&over]).unwrap().iter().count(), 63, "and never a part of a member");
    }

    #[test]
    fn what_grows_when_it_is_written_stays_in_bounds() {
        let value = "%ff".repeat(1_000);
        let baggage = read(&[&format!("a={value},b={value}")]).unwrap();
        assert_eq!(baggage.iter().count(), 0, "9,000 bytes of U+FFFD");
        let baggage = read(&[&format!("a={},b={value}", "%ff".repeat(900))]).unwrap();
        assert_eq!((baggage.iter().count(), baggage.to_string().len()), (1, 8102));
    }

    #[test]
    fn bounds_hold_over_all_lines_and_cut_no_member() {
        let many: Vec<String> = (0..70).map(|n| format!("k{n}=v")).collect();
        let lines: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(read(&lines).unwrap().iter().count(), MAX_MEMBERS);
        let big = format!("big={}", "x".repeat(5000));
        assert_eq!(read(&[&big, &big]).unwrap().iter().count(), 1);
        let mut baggage = read(&[&big]).unwrap();
        assert!(baggage.insert("k", &"v".repeat(4000)).is_err());
        assert!(baggage.insert("k y", "v").is_err());
        assert!(baggage.insert("k", "v w").is_ok());
    }
}
