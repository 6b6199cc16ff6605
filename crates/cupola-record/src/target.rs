//! Where a request to another service goes, masked.

use cupola_redact::KeyPolicy;
use http::{Method, Uri};

use crate::masked_url::MaskedUrl;
use crate::method::KnownMethods;

/// Where a request to another service goes: its method and its URL. No userinfo is kept, and no value of the query that the
/// policy denies: it is masked when it is first looked at, and what is raw of it cannot be.
///
/// ```
/// use cupola_record::{KnownMethods, Target};
/// use cupola_redact::KeyPolicy;
/// use http::{Method, Uri};
///
/// let uri = Uri::from_static("https://ana:hunter2@api.example.com/users/17?page=2&token=s3cr3t");
/// let target = Target::new(&KeyPolicy::default(), &KnownMethods::default(), &Method::GET, &uri);
/// assert_eq!(target.host(), Some("api.example.com"));
/// assert_eq!(target.url().as_deref(), Some("https://api.example.com/users/17?page=2&token=[REDACTED]"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    method: Method,
    method_known: bool,
    scheme: Option<&'static str>,
    url: MaskedUrl,
}

/// What stands before `://` where it is known; whatever else it says is nobody's to show.
const SCHEMES: [&str; 3] = ["http", "https", "unix"];

impl Target {
    /// Where this method of this URL goes.
    pub fn new(policy: &KeyPolicy, methods: &KnownMethods, method: &Method, uri: &Uri) -> Self {
        let mut target = Self::default();
        target.mask(policy, methods, method, uri);
        target
    }

    /// Where it lies already, nothing large is moved.
    pub(crate) fn mask(&mut self, policy: &KeyPolicy, methods: &KnownMethods, method: &Method, uri: &Uri) {
        self.method_known = methods.knows(method);
        self.method.clone_from(method);
        self.scheme = uri.scheme_str().and_then(|scheme| SCHEMES.iter().find(|known| **known == scheme)).copied();
        self.url.set(uri, policy);
    }

    /// The method as it is sent; for labels take [`Self::method_label`].
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The method's name from the known list, else `_OTHER`.
    pub fn method_label(&self) -> &str {
        if self.method_known { self.method.as_str() } else { KnownMethods::OTHER }
    }

    /// `http`, `https` or `unix`; `None` where it is another, or the URL has none.
    pub const fn scheme(&self) -> Option<&'static str> {
        self.scheme
    }

    /// The masked authority. Never a label.
    pub fn host(&self) -> Option<&str> {
        self.url.authority()
    }

    /// The masked path. Never a label.
    pub fn path(&self) -> Option<&str> {
        self.url.path()
    }

    /// The masked query, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.url.query()
    }

    /// The masked URL as a whole; `None` where it does not say where it goes.
    pub fn url(&self) -> Option<String> {
        let (scheme, host) = (self.scheme?, self.host()?);
        let (mark, query) = self.query().map_or(("", ""), |query| ("?", query));
        Some([scheme, "://", host, self.path().unwrap_or_default(), mark, query].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_secrets_or_not_at_all() {
        let check = |uri: &str, shown: Option<&str>| {
            let uri = uri.parse().unwrap();
            let target = Target::new(&KeyPolicy::default(), &KnownMethods::default(), &Method::GET, &uri);
            assert_eq!(target.url().as_deref(), shown, "{uri}");
        };
        check("http://billing:8080", Some("http://billing:8080/"));
        check("https://u:p@[::1]:8443/a;token=x?b=c", Some("https://[::1]:8443/a;token=[REDACTED]?b=c"));
        check("https://api.example.com/a?sig=abc", Some("https://api.example.com/a?sig=[REDACTED]"));
        check("gopher://example.com/a", None);
        check("/a?b=c", None);
        check("example.com:443", None);
    }
}
