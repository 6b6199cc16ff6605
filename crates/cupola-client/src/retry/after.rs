//! How long the other side asks to be left alone.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The longest wait that is believed; who asks for more is asking for never.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What `Retry-After` says, in either of its forms: seconds, or a date, of which one that is past is now. `None` where it says
/// nothing that can be read.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let said = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match said.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(said).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn both_forms_are_read() {
        let now = httpdate::parse_http_date("Thu, 26 Nov 2026 12:00:00 GMT").unwrap();
        let check = |said: &str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(said).unwrap())]);
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{said}");
        };
        check("7", Some(7));
        check(" 0 ", Some(0));
        check("Thu, 26 Nov 2026 12:01:30 GMT", Some(90));
        check("Thu, 26 Nov 2026 11:00:00 GMT", Some(0));
        check("99999999999", Some(24 * 3600));
        check("-1", None);
        check("1.5", None);
        check("soon", None);
        check("", None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
