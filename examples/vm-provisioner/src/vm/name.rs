//! The name of a machine.

/// A name that can be a host name: 1 to 40 of `a-z`, `0-9` and `-`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmName(String);

impl VmName {
    /// What is accepted, in words.
    pub const ACCEPTED: &'static str = "1 to 40 of a-z, 0-9 and '-', beginning with a letter";

    /// The name with this text; else what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !(1..=40).contains(&text.len()) {
            return Err(format!("has {} bytes", text.len()));
        }
        if !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Err("does not begin with a letter".to_owned());
        }
        match text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
            Some(odd) => Err(format!("contains {odd:?}")),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong() {
        let check = |text: &str, expected: Result<(), &str>| {
            assert_eq!(VmName::parse(text).map(drop), expected.map_err(str::to_owned), "{text}");
        };
        check("web-1", Ok(()));
        check("", Err("has 0 bytes"));
        check(&"a".repeat(41), Err("has 41 bytes"));
        check("1-web", Err("does not begin with a letter"));
        check("web_1", Err("contains '_'"));
    }
}
