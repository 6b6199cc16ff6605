//! To whom trace, baggage and request id go.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

/// The hosts to which identity goes: trace, baggage and request id of the request that is being served. Everybody else gets
/// the request as the caller made it.
///
/// | text | which hosts |
/// |---|---|
/// | `private` | loopback and private addresses, `localhost`, names of one label, and those below `internal`, `local`, `localhost`, `lan`, `home.arpa`, `svc` |
/// | `none` | none |
/// | `all` | all: for those whose every host is their own |
/// | `example.com` | this one |
/// | `.example.com` | this one and those below it |
///
/// Several are separated by commas. Hosts are compared label by label: `.example.com` is not `evilexample.com`.
///
/// ```
/// use cupola_client::Propagation;
///
/// let own: Propagation = "private, .example.com".parse()?;
/// assert!(own.reaches("billing") && own.reaches("10.0.0.7") && own.reaches("api.example.com"));
/// assert!(!own.reaches("evilexample.com") && !own.reaches("example.com.evil.org"));
/// # Ok::<(), cupola_client::BadHost>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Propagation(Option<Arc<[Hosts]>>);

/// Some hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hosts {
    All,
    Private,
    One(String),
    Below(String),
}

/// Names below these belong to nobody in public.
const PRIVATE_SUFFIXES: [&str; 6] = ["internal", "local", "localhost", "lan", "home.arpa", "svc"];

impl Propagation {
    /// To nobody.
    pub const fn none() -> Self {
        Self(None)
    }

    /// To private hosts: what [`Propagation::default`] is too.
    pub fn private() -> Self {
        Self(Some(Arc::new([Hosts::Private])))
    }

    /// To everybody.
    pub fn all() -> Self {
        Self(Some(Arc::new([Hosts::All])))
    }

    /// Whether identity goes to this host: a name or an address, without a port.
    pub fn reaches(&self, host: &str) -> bool {
        self.0.iter().flat_map(|list| list.iter()).any(|hosts| hosts.hold(host))
    }

    /// Whether both are handles on the same list.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Hosts {
    /// Whether a host, a name or an address without a port, is one of them.
    pub(crate) fn hold(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        match self {
            Self::All => true,
            Self::Private => is_private(host),
            Self::One(name) => host.eq_ignore_ascii_case(name),
            Self::Below(name) => is_at_or_below(host, name),
        }
    }
}

impl Default for Propagation {
    fn default() -> Self {
        Self::private()
    }
}

fn is_private(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match address(bare) {
        Some(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Some(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some_and(|mapped| is_private(&mapped.to_string()))
        }
        None => is_name_of_one_label(host) || PRIVATE_SUFFIXES.iter().any(|suffix| is_at_or_below(host, suffix)),
    }
}

/// Reading what is none takes longer than to see that it is none: an address begins with a digit, or has a colon.
fn address(host: &str) -> Option<IpAddr> {
    let may_be = match host.bytes().next()? {
        b'0'..=b'9' | b':' => true,
        b'a'..=b'f' | b'A'..=b'F' => host.contains(':'),
        _ => false,
    };
    may_be.then(|| host.parse().ok()).flatten()
}

/// The host of an authority, without userinfo and port; that of an IPv6 address with its brackets.
pub(crate) fn host_of(authority: &str) -> &str {
    let host = authority.bytes().rposition(|byte| byte == b'@').map_or(authority, |at| &authority[at + 1..]);
    let end = match host.as_bytes().first() {
        Some(b'[') => host.find(']').map(|at| at + 1),
        _ => host.bytes().position(|byte| byte == b':'),
    };
    &host[..end.unwrap_or(host.len())]
}

/// One that is all digits may be an address in another form: `2130706433`.
fn is_name_of_one_label(host: &str) -> bool {
    let starts = host.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    starts && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_at_or_below(host: &str, name: &str) -> bool {
    let Some(start) = host.len().checked_sub(name.len()) else { return false };
    let ends = host.as_bytes()[start..].eq_ignore_ascii_case(name.as_bytes());
    ends && (start == 0 || host.as_bytes()[start - 1] == b'.')
}

/// A host of the list is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadHost(String);

impl fmt::Display for BadHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(host) = self;
        write!(f, "`{host}` is no host; accepted: private, none, all, a name such as example.com, or .example.com")
    }
}

impl std::error::Error for BadHost {}

impl FromStr for Propagation {
    type Err = BadHost;

    fn from_str(text: &str) -> Result<Self, BadHost> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "none");
        let list: Arc<[Hosts]> = words.map(Hosts::from_str).collect::<Result<_, _>>()?;
        Ok(Self((!list.is_empty()).then_some(list)))
    }
}

impl FromStr for Hosts {
    type Err = BadHost;

    fn from_str(word: &str) -> Result<Self, BadHost> {
        match (word, word.strip_prefix('.')) {
            ("all", _) => Ok(Self::All),
            ("private", _) => Ok(Self::Private),
            (_, Some(name)) if is_host(name) => Ok(Self::Below(name.to_owned())),
            (name, None) if is_host(name) => Ok(Self::One(name.to_owned())),
            _ => Err(BadHost(word.to_owned())),
        }
    }
}

fn is_host(name: &str) -> bool {
    let starts = !name.is_empty() && !name.starts_with('.');
    starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Uri;

    #[test]
    fn hosts_are_reached_by_their_labels() {
        let check = |list: &str, reached: &[&str], others: &[&str]| {
            let list: Propagation = list.parse().unwrap();
            reached.iter().for_each(|host| assert!(list.reaches(host), "{host} by {list:?}"));
            others.iter().for_each(|host| assert!(!list.reaches(host), "{host} by {list:?}"));
        };
        let private = ["localhost", "127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.1", "[fd00::1]", "[::ffff:10.0.0.1]"];
        let names = ["billing", "billing.internal", "billing.prod.svc.", "API.LOCAL", "x.home.arpa"];
        let public =
            ["example.com", "8.8.8.8", "[2001:db8::1]", "internal.example.com", "2130706433", "0x7f000001", ""];
        check("private", &[&private[..], &names[..]].concat(), &public);
        check("none", &[], &["localhost", "example.com"]);
        check("", &[], &["localhost"]);
        check("all", &["example.com", "localhost"], &[]);
        check("example.com", &["example.com", "EXAMPLE.com."], &["a.example.com", "localhost"]);
        check(
            ".example.com, private",
            &["example.com", "a.b.example.com", "localhost"],
            &["evilexample.com", "example.com.evil.org"],
        );
    }

    #[test]
    fn the_host_is_the_one_that_http_sees() {
        for text in [
            "http://billing/a",
            "http://billing:80/a@b:c",
            "http://ana:hunter2@billing.internal:8080",
            "http://127.0.0.1@evil.example/",
            "http://[::1]:8080/",
            "http://u@[fd00::1]",
            "billing:443",
            "/a",
        ] {
            let uri: Uri = text.parse().unwrap();
            assert_eq!(uri.authority().map(|authority| host_of(authority.as_str())), uri.host(), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_told() {
        for (list, word) in
            [("a b", "a b"), ("private, https://x", "https://x"), (".", "."), ("..x", "..x"), ("*", "*")]
        {
            let error = list.parse::<Propagation>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{word}` is no host; accepted: private")), "{error}");
        }
    }
}
