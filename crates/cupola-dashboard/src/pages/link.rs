//! Addresses of pages: every state is one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands in a query as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');

/// The address of a page. It always begins with `/cupola`, so that nothing that was stored leads elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Link {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Link {
    /// A page below `/cupola`, with its parameters.
    pub(super) fn new(page: &str, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { path: format!("/cupola{page}"), pairs: pairs.into_iter().collect() }
    }

    /// Goes one step down, by whatever text.
    pub(super) fn below(mut self, step: &str) -> Self {
        self.path.push('/');
        self.path.extend(utf8_percent_encode(step, NON_ALPHANUMERIC));
        self
    }

    /// With this parameter, in place of what it was.
    pub(super) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        match self.pairs.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.pairs.push((name.to_owned(), value)),
        }
        self
    }

    /// Without this parameter.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self
    }

    /// From when to when, in nanoseconds since 1970.
    pub(super) fn between(self, since: i64, until: i64) -> Self {
        self.set("since", super::show::rfc3339(since)).set("until", super::show::rfc3339(until))
    }

    /// The parameters, for the hidden fields of a form.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The path alone.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)?;
        for (place, (name, value)) in self.pairs.iter().enumerate() {
            let before = if place == 0 { '?' } else { '&' };
            write!(f, "{before}{}={}", utf8_percent_encode(name, PLAIN), utf8_percent_encode(value, PLAIN))?;
        }
        Ok(())
    }
}

impl maud::Render for Link {
    fn render_to(&self, buffer: &mut String) {
        self.to_string().render_to(buffer);
    }
}

/// Whether an address leads to a page of ours: `//elsewhere` would be another host.
pub(crate) fn is_ours(address: &str) -> bool {
    let rest = address.strip_prefix("/cupola");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) && !address.contains(['\\', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_a_link_stays_within_it() {
        let check = |link: Link, expected: &str| assert_eq!(link.to_string(), expected);
        check(Link::new("", []), "/cupola");
        check(Link::new("/route", []).set("route", "/vms/{id}"), "/cupola/route?route=/vms/%7Bid%7D");
        check(Link::new("/logs", []).set("query", "a=\"b\" & c"), "/cupola/logs?query=a%3D%22b%22%20%26%20c");
        check(Link::new("/logs", []).set("a", "1").set("b", "2").set("a", "3").without("b"), "/cupola/logs?a=3");
        check(Link::new("/traces", []).below("../x?y"), "/cupola/traces/%2E%2E%2Fx%3Fy");
        let between = Link::new("/logs", []).between(0, 1_000_000_000);
        check(between, "/cupola/logs?since=1970-01-01T00:00:00Z&until=1970-01-01T00:00:01Z");
    }
}
