//! Which rule masked how much: the number tells that redaction works, and never what it found.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The rule by which a value was masked, or by which a reading became stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// It stands under a denied name.
    Name,
    /// A path of the policy names it.
    Selector,
    /// The policy is an allow list, and this is not on it.
    NotAllowed,
    /// A header that is not shown.
    Header,
    /// The value of a cookie.
    Cookie,
    /// A path segment that opens something, such as the one behind `/reset/`.
    PathToken,
    /// A private key in PEM form.
    PrivateKey,
    /// A JWT or JWE.
    Jwt,
    /// What stands behind `Bearer` or `Basic`.
    Credentials,
    /// A token with a vendor's prefix.
    VendorToken,
    /// The path of a webhook.
    Webhook,
    /// User and password in a URL.
    Userinfo,
    /// A card number.
    Card,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A bank account.
    Iban,
    /// An IP address.
    IpAddress,
    /// A social security number.
    Ssn,
    /// A file inside a multipart body.
    File,
    /// Too long to be judged as a whole.
    TooLong,
    /// The input was not what its label said, and was read as text from there on.
    LostSync,
    /// The input could not be read, and only its size is shown.
    Unreadable,
}

const RULES: usize = Rule::Unreadable as usize + 1;

impl Rule {
    /// All rules, in the order in which reports name them.
    pub const ALL: [Self; RULES] = [
        Self::Name,
        Self::Selector,
        Self::NotAllowed,
        Self::Header,
        Self::Cookie,
        Self::PathToken,
        Self::PrivateKey,
        Self::Jwt,
        Self::Credentials,
        Self::VendorToken,
        Self::Webhook,
        Self::Userinfo,
        Self::Card,
        Self::Email,
        Self::Phone,
        Self::Iban,
        Self::IpAddress,
        Self::Ssn,
        Self::File,
        Self::TooLong,
        Self::LostSync,
        Self::Unreadable,
    ];

    /// A short name, as it stands in reports and in typed marks.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Selector => "selector",
            Self::NotAllowed => "not-allowed",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::PathToken => "path-token",
            Self::PrivateKey => "private-key",
            Self::Jwt => "jwt",
            Self::Credentials => "credentials",
            Self::VendorToken => "vendor-token",
            Self::Webhook => "webhook",
            Self::Userinfo => "userinfo",
            Self::Card => "card",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Iban => "iban",
            Self::IpAddress => "ip-address",
            Self::Ssn => "ssn",
            Self::File => "file",
            Self::TooLong => "too-long",
            Self::LostSync => "lost-sync",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether it masks a value; the others say how the input was read.
    pub const fn masks(self) -> bool {
        !matches!(self, Self::LostSync | Self::Unreadable)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How often each rule was used.
///
/// ```
/// use cupola_redact::{End, KeyPolicy, Media, Rule, Stream};
///
/// let mut stream = Stream::new(&KeyPolicy::default(), Media::Json);
/// _ = stream.feed(br#"{"password":"hunter2","url":"https://bob:pw@h/"}"#);
/// let tally = stream.finish(End::Complete).tally;
/// assert_eq!((tally.get(Rule::Name), tally.get(Rule::Userinfo), tally.redactions()), (1, 1, 2));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally([u32; RULES]);

impl Tally {
    /// How often a rule was used; a count stops at its highest value.
    pub const fn get(&self, rule: Rule) -> u32 {
        self.0[rule as usize]
    }

    /// How many values were masked.
    pub fn redactions(&self) -> u32 {
        let masked = Rule::ALL.into_iter().filter(|rule| rule.masks());
        masked.fold(0, |sum: u32, rule| sum.saturating_add(self.get(rule)))
    }

    /// The rules that were used, with their counts.
    pub fn used(&self) -> impl Iterator<Item = (Rule, u32)> {
        let counts = *self;
        Rule::ALL.into_iter().map(move |rule| (rule, counts.get(rule))).filter(|(_, count)| *count > 0)
    }

    /// Adds what another one has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
    }

    pub(crate) fn clear(&mut self, rule: Rule) {
        self.0[rule as usize] = 0;
    }

    #[inline]
    pub(crate) fn count(&mut self, rule: Rule) {
        self.0[rule as usize] = self.0[rule as usize].saturating_add(1);
    }
}

/// The same for all that one policy has masked, on whatever thread.
#[derive(Debug, Default)]
pub(crate) struct Totals([AtomicU64; RULES]);

impl Totals {
    #[inline]
    pub(crate) fn count(&self, rule: Rule) {
        self.add_to(rule, 1);
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&self, tally: &Tally) {
        tally.used().for_each(|(rule, count)| self.add_to(rule, count.into()));
    }

    pub(crate) fn get(&self, rule: Rule) -> u64 {
        self.0[rule as usize].load(Ordering::Relaxed)
    }

    #[inline]
    fn add_to(&self, rule: Rule, count: u64) {
        self.0[rule as usize].fetch_add(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_every_rule_once_and_in_order() {
        for (index, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, index, "{rule}");
        }
    }
}
