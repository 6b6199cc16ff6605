//! Headers as they are shown.

use cupola_redact::{KeyPolicy, Masked, REDACTED};
use http::{HeaderMap, HeaderName};

/// Headers, their values masked, in their order.
pub type HeaderList = Vec<(HeaderName, Masked)>;

/// Headers as they may be shown: the values of those on the policy's list, masked, and of the others nothing.
///
/// ```
/// use cupola_record::masked_headers;
/// use cupola_redact::KeyPolicy;
/// use http::{HeaderMap, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::AUTHORIZATION, "Bearer abcdefgh".parse()?);
/// assert_eq!(masked_headers(&KeyPolicy::default(), &headers)[0].1.as_str(), "Bearer [REDACTED]");
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn masked_headers(policy: &KeyPolicy, headers: &HeaderMap) -> HeaderList {
    let masked = |name: &HeaderName, value: &http::HeaderValue| {
        let hidden = value.is_sensitive();
        if hidden { Masked::from_static(REDACTED) } else { policy.header(name.as_str(), value.as_bytes()) }
    };
    headers.iter().map(|(name, value)| (name.clone(), masked(name, value))).collect()
}
