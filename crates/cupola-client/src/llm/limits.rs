//! What the head of a response says of the provider's limits.

use std::time::{Duration, SystemTime};

use cupola_record::{Allowance, RateLimits};
use http::HeaderMap;

/// The names under which OpenAI and those like it, and Anthropic, say so.
pub(super) fn rate_limits(headers: &HeaderMap, now: SystemTime) -> RateLimits {
    let mut limits = RateLimits::default();
    limits.requests = allowance(headers, "requests", now);
    limits.tokens = allowance(headers, "tokens", now);
    limits.input_tokens = allowance(headers, "input-tokens", now);
    limits.output_tokens = allowance(headers, "output-tokens", now);
    let millis = text(headers, "retry-after-ms").and_then(|text| text.parse().ok()).map(Duration::from_millis);
    let seconds = || text(headers, "retry-after").and_then(seconds);
    limits.retry_after = millis.or_else(seconds);
    limits
}

/// The provider's id of the request.
pub(super) fn request_id(headers: &HeaderMap) -> &str {
    ["x-request-id", "request-id", "apim-request-id", "x-amzn-requestid"]
        .iter()
        .find_map(|name| text(headers, name))
        .unwrap_or_default()
}

fn allowance(headers: &HeaderMap, of: &str, now: SystemTime) -> Allowance {
    let openai = |what: &str| text(headers, &format!("x-ratelimit-{what}-{of}"));
    let anthropic = |what: &str| text(headers, &format!("anthropic-ratelimit-{of}-{what}"));
    let said = |what: &str| openai(what).or_else(|| anthropic(what));
    let mut allowance = Allowance::default();
    allowance.limit = said("limit").and_then(|text| text.parse().ok());
    allowance.remaining = said("remaining").and_then(|text| text.parse().ok());
    allowance.reset =
        said("reset").and_then(|text| seconds(text).or_else(|| duration(text)).or_else(|| until(text, now)));
    allowance
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A number of seconds, whole or not.
fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

/// As `6m0s`, `1h2m3.5s`, `20ms`.
fn duration(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (Some(text).filter(|text| !text.is_empty())?, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit = rest[end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| end + at);
        sum += number
            * match &rest[end..unit] {
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(sum).ok()
}

/// Until a time, RFC 3339 in UTC.
fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let then = u64::try_from(cupola_line::parse_timestamp(text.as_bytes())?).ok()?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Duration::from_micros(then).saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> RateLimits {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        rate_limits(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
    }

    #[test]
    fn openai_and_those_like_it() {
        let limits = read(&[
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-remaining-requests", "9999"),
            ("x-ratelimit-reset-requests", "8.64s"),
            ("x-ratelimit-remaining-tokens", "199984"),
            ("x-ratelimit-reset-tokens", "6m0s"),
            ("retry-after", "20"),
        ]);
        assert_eq!((limits.requests.limit, limits.requests.remaining), (Some(10_000), Some(9_999)));
        assert_eq!(limits.requests.reset, Some(Duration::from_millis(8_640)));
        assert_eq!((limits.tokens.limit, limits.tokens.remaining), (None, Some(199_984)));
        assert_eq!(
            (limits.tokens.reset, limits.retry_after),
            (Some(Duration::from_secs(360)), Some(Duration::from_secs(20)))
        );
    }

    #[test]
    fn anthropic() {
        let limits = read(&[
            ("anthropic-ratelimit-input-tokens-limit", "50000"),
            ("anthropic-ratelimit-input-tokens-remaining", "49000"),
            ("anthropic-ratelimit-input-tokens-reset", "2001-09-09T01:46:50Z"),
        ]);
        assert_eq!((limits.input_tokens.limit, limits.input_tokens.remaining), (Some(50_000), Some(49_000)));
        assert_eq!(limits.input_tokens.reset, Some(Duration::from_secs(10)));
        assert!(limits.requests.is_unknown());
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        for value in ["", "soon", "-1", "1y", "s", "NaN", "1e300"] {
            let limits = read(&[("x-ratelimit-reset-tokens", value), ("retry-after", value)]);
            assert_eq!((limits.tokens.reset, limits.retry_after), (None, None), "{value}");
        }
        assert_eq!(
            read(&[("x-ratelimit-reset-tokens", "1h2m3.5s")]).tokens.reset,
            Some(Duration::from_millis(3_723_500))
        );
        assert_eq!(
            read(&[("retry-after-ms", "250"), ("retry-after", "1")]).retry_after,
            Some(Duration::from_millis(250))
        );
    }
}
