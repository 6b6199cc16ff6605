//! Templates of paths: `/users/{id}`.

use std::fmt::{self, Display, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a value may hold as it is; all else is encoded, so that it cannot leave its place.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Puts values into a template's places.
///
/// # Errors
/// A place has no value, a value no place, a brace no partner, or a segment would be `.` or `..`, which lead elsewhere.
pub(crate) fn fill(template: &str, params: &[(&str, &dyn Display)]) -> Result<String, BadTemplate> {
    let mut filled = String::with_capacity(template.len() + 16);
    let (mut rest, mut used) = (template, 0);
    while let Some(open) = rest.find(['{', '}']) {
        let (before, place) = rest.split_at(open);
        filled.push_str(before);
        let name = place.strip_prefix('{').and_then(|place| place.split_once('}'));
        let (name, after) = name.ok_or(BadTemplate::Brace)?;
        let value = params.iter().find(|(known, _)| *known == name);
        let (_, value) = value.ok_or_else(|| BadTemplate::NoValue(name.to_owned()))?;
        let _ = write!(filled, "{}", utf8_percent_encode(&value.to_string(), KEPT));
        (rest, used) = (after, used + 1);
    }
    filled.push_str(rest);
    if let Some((name, _)) = params.iter().find(|(name, _)| !template.contains(&format!("{{{name}}}"))) {
        return Err(BadTemplate::NoPlace((*name).to_owned()));
    }
    let path = filled.split_once("://").map_or(filled.as_str(), |(_, rest)| rest);
    let leads_away = used > 0 && path.split('/').any(|segment| matches!(segment, "." | ".."));
    if leads_away { Err(BadTemplate::LeadsAway) } else { Ok(filled) }
}

/// A template cannot be filled. Values are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadTemplate {
    Brace,
    NoValue(String),
    NoPlace(String),
    LeadsAway,
}

impl fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brace => f.write_str("a brace of the template has no partner; accepted: /users/{id}"),
            Self::NoValue(name) => write!(f, "the template's {{{name}}} has no value"),
            Self::NoPlace(name) => write!(f, "the template has no place {{{name}}}"),
            Self::LeadsAway => f.write_str("a value makes a segment `.` or `..`, which leads out of the template"),
        }
    }
}

impl std::error::Error for BadTemplate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_in_their_places() {
        let check = |template: &str, params: &[(&str, &dyn Display)], expected: Result<&str, BadTemplate>| {
            assert_eq!(fill(template, params).as_deref(), expected.as_ref().map(|filled| *filled), "{template}");
        };
        check("/users", &[], Ok("/users"));
        check("/users/{id}/posts/{post}", &[("id", &17), ("post", &"a b")], Ok("/users/17/posts/a%20b"));
        check("/{a}/{a}", &[("a", &"x-y_z.~")], Ok("/x-y_z.~/x-y_z.~"));
        check("/users/{id}", &[("id", &"../admin?x=1#f%2e/\u{e9}")], Ok("/users/..%2Fadmin%3Fx%3D1%23f%252e%2F%C3%A9"));
        check("https://a.example.com/{id}", &[("id", &1)], Ok("https://a.example.com/1"));
        check("/users/{id}", &[("id", &"..")], Err(BadTemplate::LeadsAway));
        check("/users/{id}/x", &[("id", &".")], Err(BadTemplate::LeadsAway));
        check("/users/{id}", &[], Err(BadTemplate::NoValue("id".to_owned())));
        check("/users", &[("id", &1)], Err(BadTemplate::NoPlace("id".to_owned())));
        check("/users/{id", &[("id", &1)], Err(BadTemplate::Brace));
        check("/users/id}", &[], Err(BadTemplate::Brace));
    }
}
