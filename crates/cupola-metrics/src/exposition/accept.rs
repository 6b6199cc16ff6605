//! What a request accepts.

use http::header::{ACCEPT, GetAll};
use http::{HeaderMap, HeaderValue};

use super::Format;

/// Of equals the first counts; where nothing is named that can be given, it is text.
pub(super) fn best(headers: &HeaderMap) -> Format {
    let mut best = (Format::Text, 0.0);
    for range in items(headers.get_all(ACCEPT)) {
        let (format, weight) = (format(range), weight(range));
        if let Some(format) = format.filter(|_| weight > best.1) {
            best = (format, weight);
        }
    }
    best.0
}

pub(super) fn takes_gzip(encodings: GetAll<'_, HeaderValue>) -> bool {
    items(encodings).any(|item| first(item).eq_ignore_ascii_case("gzip") && weight(item) > 0.0)
}

fn items(values: GetAll<'_, HeaderValue>) -> impl Iterator<Item = &str> {
    values.into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','))
}

fn format(range: &str) -> Option<Format> {
    let is = |name: &str, value: &str| parameter(range, name).is_some_and(|given| given.eq_ignore_ascii_case(value));
    match first(range).to_ascii_lowercase().as_str() {
        "application/vnd.google.protobuf" => {
            let known = is("proto", "io.prometheus.client.MetricFamily") && is("encoding", "delimited");
            known.then_some(Format::Protobuf)
        }
        "application/openmetrics-text" => {
            let known = parameter(range, "version").is_none() || is("version", "1.0.0");
            known.then_some(Format::OpenMetrics)
        }
        "text/plain" | "text/*" | "*/*" => Some(Format::Text),
        _ => None,
    }
}

fn first(item: &str) -> &str {
    item.split(';').next().unwrap_or_default().trim()
}

fn parameter<'a>(item: &'a str, name: &str) -> Option<&'a str> {
    let parameters = item.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut found = parameters.filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().trim_matches('"'))
}

fn weight(item: &str) -> f64 {
    parameter(item, "q").map_or(1.0, |weight| weight.parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::ACCEPT_ENCODING;

    #[test]
    fn the_format_that_is_liked_best_is_given() {
        let check = |accept: &str, expected: Format| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(best(&headers), expected, "{accept}");
        };
        assert_eq!(best(&HeaderMap::new()), Format::Text);
        check("*/*", Format::Text);
        check("text/html,application/json", Format::Text);
        check(
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            Format::OpenMetrics,
        );
        check("text/plain, application/openmetrics-text; version=\"1.0.0\"; q=0.9", Format::Text);
        check("application/openmetrics-text; version=0.0.1,text/plain;q=0.2", Format::Text);
        check("application/openmetrics-text;version=2.0.0,application/openmetrics-text;q=0.3", Format::OpenMetrics);
        let protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=";
        check(&format!("{protobuf}delimited,application/openmetrics-text;version=1.0.0;q=0.8"), Format::Protobuf);
        check(&format!("{protobuf}text;q=0.7,application/openmetrics-text;q=0.6"), Format::OpenMetrics);
        check("application/openmetrics-text;q=x,text/plain;q=0.1", Format::Text);
    }

    #[test]
    fn gzip_is_given_where_it_is_accepted() {
        let check = |accept: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(takes_gzip(headers.get_all(ACCEPT_ENCODING)), expected, "{accept}");
        };
        check("gzip", true);
        check("br, GZIP;q=0.5", true);
        check("gzip;q=0", false);
        check("identity", false);
    }
}
