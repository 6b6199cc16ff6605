//! `tracestate`: what vendors want carried along, validated and passed on as received.

use arrayvec::ArrayVec;

use crate::invalid::invalid;

const MAX_MEMBERS: usize = 32;
const MAX_BYTES: usize = 4096;

/// The validated list of a `tracestate`, possibly empty; no allocation while it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceState(Option<Box<str>>);

impl TraceState {
    /// No members.
    pub const EMPTY: Self = Self(None);

    /// Combines the header's lines in order (W3C Level 2 §3.3).
    ///
    /// Empty members are left out; a list that would be longer than 4,096 bytes loses whole members: first those over
    /// 128 characters, then from the end.
    pub fn from_lines<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<Self, InvalidTraceState> {
        let mut members = Members::new();
        for line in lines {
            for member in line.split(|byte| *byte == b',') {
                let member = trim(member);
                if !member.is_empty() {
                    let member = checked(member).ok_or(InvalidTraceState)?;
                    members.try_push(member).map_err(|_| InvalidTraceState)?;
                }
            }
        }
        shorten(&mut members);
        Ok(Self((!members.is_empty()).then(|| members.join(",").into())))
    }

    /// The header value; empty where there are no members.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether there is nothing to pass on.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

type Members<'a> = ArrayVec<&'a str, MAX_MEMBERS>;

fn shorten(members: &mut Members<'_>) {
    let length = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length(members) > MAX_BYTES {
        let index = members.iter().rposition(|member| member.len() > 128).unwrap_or(members.len() - 1);
        members.remove(index);
    }
}

fn trim(mut member: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = member {
        member = rest;
    }
    member
}

fn checked(member: &[u8]) -> Option<&str> {
    let at = member.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (&member[..at], &member[at + 1..]);
    let good = is_key(key) && is_value(value);
    good.then(|| std::str::from_utf8(member).ok()).flatten()
}

/// Level 2: a letter or digit first, then also `_ - * / @`.
fn is_key(key: &[u8]) -> bool {
    let first = key.first().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let rest = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(byte);
    first && key.len() <= 256 && key.iter().all(rest)
}

/// 1..=256 printable characters, not ending in a space.
fn is_value(value: &[u8]) -> bool {
    let printable = |byte: &u8| (0x20..=0x7e).contains(byte) && *byte != b'=';
    (1..=256).contains(&value.len()) && value.iter().all(printable) && !value.ends_with(b" ")
}

invalid! {
    /// The `tracestate` is malformed: it is dropped whole, the `traceparent` stays.
    InvalidTraceState, "a tracestate is at most 32 members of key=value, separated by commas"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<String, InvalidTraceState> {
        TraceState::from_lines(lines.iter().map(|line| line.as_bytes())).map(|state| state.as_str().to_owned())
    }

    #[test]
    fn lines_are_combined_in_order() {
        assert_eq!(read(&["foo=1, bar=2", "", " ,baz=3"]), Ok("foo=1,bar=2,baz=3".to_owned()));
        assert_eq!(read(&[]), Ok(String::new()));
        assert_eq!(read(&["foo=1 \t,\t bar=2"]), Ok("foo=1,bar=2".to_owned()));
    }

    #[test]
    fn members_follow_level_two() {
        let check = |line: &str, ok: bool| assert_eq!(read(&[line]).is_ok(), ok, "{line}");
        check("0a@b@c=1", true);
        check("@a=1", false);
        check("Foo=1", false);
        check("foo=", false);
        check("foo =1", false);
        check("foo=bar=baz", false);
        check("foo", false);
        check(&format!("{}=1", "z".repeat(256)), true);
        check(&format!("{}=1", "z".repeat(257)), false);
        check(&format!("z={}", "v".repeat(256)), true);
        check(&format!("z={}", "v".repeat(257)), false);
        check(&vec!["a=1"; 32].join(","), true);
        check(&vec!["a=1"; 33].join(","), false);
    }

    #[test]
    fn a_long_list_loses_long_members_first() {
        let long = format!("long={}", "x".repeat(250));
        let mut list = vec!["short=1".to_owned()];
        list.extend(std::iter::repeat_n(long, 20));
        list.push("last=1".to_owned());
        let kept = read(&[&list.join(",")]).unwrap();
        assert!(kept.len() <= MAX_BYTES && kept.starts_with("short=1") && kept.ends_with("last=1"), "{kept}");
    }
}
