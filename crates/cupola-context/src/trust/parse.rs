//! A trust policy's text.

use std::fmt;
use std::str::FromStr;

use super::{Peers, ProxyHeaders, TrustPolicy};
use crate::cidr::{Cidr, InvalidCidr};

impl FromStr for TrustPolicy {
    type Err = InvalidTrust;

    fn from_str(text: &str) -> Result<Self, InvalidTrust> {
        let text = text.to_ascii_lowercase();
        let mut parts = text.split(';').map(str::trim);
        let base = parts.next().unwrap_or_default();
        let options: Vec<&str> = parts.collect();
        let peers = match base {
            "never" if options.is_empty() => return Ok(Self::Never),
            "never" => return Err(What::NeverWithOptions.into()),
            "private" if options.is_empty() => return Ok(Self::Private),
            "always" if options.is_empty() => return Ok(Self::Always),
            "private" => Peers::private(),
            "always" => Peers::any(),
            base => Peers::of(networks(base.strip_prefix("peers:").ok_or(What::Name)?)?),
        };
        options.into_iter().try_fold(peers, option).map(Self::Peers)
    }
}

fn networks(list: &str) -> Result<Vec<Cidr>, InvalidTrust> {
    list.split(',').map(|network| network.trim().parse().map_err(|error| What::Network(error).into())).collect()
}

fn option(peers: Peers, option: &str) -> Result<Peers, InvalidTrust> {
    let unknown = || What::Option(option.into()).into();
    let (name, value) = option.split_once('=').map(|(name, value)| (name.trim(), value.trim())).ok_or_else(unknown)?;
    match (name, value) {
        ("hops", digits) => {
            let number = digits.parse().ok().filter(|hops| (1..=Peers::MAX_HOPS).contains(hops));
            number.map(|hops| peers.hops(hops)).ok_or_else(|| What::Hops.into())
        }
        ("header", "forwarded") => Ok(peers.headers(ProxyHeaders::Forwarded)),
        ("header", "x-forwarded") => Ok(peers.headers(ProxyHeaders::XForwarded)),
        _ => Err(unknown()),
    }
}

/// The text is no trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTrust(What);

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Name,
    NeverWithOptions,
    Network(InvalidCidr),
    Option(Box<str>),
    Hops,
}

impl InvalidTrust {
    /// What a trust policy is.
    pub const ACCEPTED: &'static str =
        "never, private, always or peers:10.0.0.0/8,fd00::/8 (your networks), and behind a proxy ;hops=1 after it";

    /// Which part is wrong; `None` where it is the whole.
    pub fn detail(&self) -> Option<String> {
        match &self.0 {
            What::Name => None,
            What::NeverWithOptions => Some("never believes no proxy either".to_owned()),
            What::Network(error) => Some(error.to_string()),
            What::Option(text) => {
                Some(format!("`{text}` is neither hops=N nor header=forwarded nor header=x-forwarded"))
            }
            What::Hops => Some(format!("hops is a number of proxies, 1 to {}", Peers::MAX_HOPS)),
        }
    }
}

impl From<What> for InvalidTrust {
    fn from(what: What) -> Self {
        Self(what)
    }
}

impl fmt::Display for InvalidTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail() {
            Some(detail) => f.write_str(&detail),
            None => write!(f, "a trust policy is {}", Self::ACCEPTED),
        }
    }
}

impl std::error::Error for InvalidTrust {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_as_it_is_written() {
        let check = |text: &str, shown: &str| {
            let policy: TrustPolicy = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(policy.to_string(), shown, "{text}");
        };
        check("Never", "never");
        check("private", "private");
        check("ALWAYS", "always");
        check("private;hops=1", "private;hops=1");
        check("always; hops = 2", "always;hops=2");
        check("peers:10.0.0.0/8", "peers:10.0.0.0/8");
        check("peers: 10.0.0.0/8 , FD00::/8 ; hops=16", "peers:10.0.0.0/8,fd00::/8;hops=16");
        check("peers:192.0.2.1;hops=1;header=Forwarded", "peers:192.0.2.1/32;hops=1;header=forwarded");
        check("private;header=x-forwarded;hops=1", "private;hops=1;header=x-forwarded");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, detail: Option<&str>| {
            let error = text.parse::<TrustPolicy>().expect_err(text);
            assert_eq!(error.detail().as_deref(), detail, "{text}");
        };
        check("everyone", None);
        check("", None);
        check("never;hops=1", Some("never believes no proxy either"));
        check("peers:", Some("`` is no IP address, nor a network such as 10.0.0.0/8 or fd00::/8"));
        check("peers:10.0.0.0/8,", Some("`` is no IP address, nor a network such as 10.0.0.0/8 or fd00::/8"));
        check("peers:10.0.0.0/64", Some("the prefix of `10.0.0.0/64` is not 0 to 32"));
        check("private;hops=0", Some("hops is a number of proxies, 1 to 16"));
        check("private;hops=17", Some("hops is a number of proxies, 1 to 16"));
        check("private;hops", Some("`hops` is neither hops=N nor header=forwarded nor header=x-forwarded"));
        check("private;header=via", Some("`header=via` is neither hops=N nor header=forwarded nor header=x-forwarded"));
        check("private;", Some("`` is neither hops=N nor header=forwarded nor header=x-forwarded"));
    }
}
