//! Somebody looks at a page: what the address says.

use cupola_store::language::{Expression, Meaning, parse};
use cupola_store::{Selection, Signal};
use http::HeaderMap;
use jiff::Zoned;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;

use super::fault::Fault;
use super::link::Link;
use super::range::Range;
use crate::access::{Role, User, cookie};

/// What goes with people from page to page.
const KEPT: [&str; 3] = ["since", "until", "refresh"];

/// How often a page is asked for again, in seconds, where nothing else is said.
const REFRESH: u32 = 30;

/// A look at a page.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// The page, below `/cupola`.
    pub(super) page: String,
    /// What the address says, in its order.
    pairs: Vec<(String, String)>,
    /// What stands in the path itself: the `{id}` of a trace.
    steps: Vec<(String, String)>,
    /// The time now, in UTC.
    pub(super) now: Zoned,
    /// From when to when is told.
    pub(super) range: Range,
    /// Light, dark, or as the machine has it.
    pub(super) theme: Theme,
    /// Who looks.
    pub(super) user: User,
    /// What each form of the page is to send with it.
    pub(super) form: String,
}

/// The cookie that says which colours.
pub(super) const THEME: &str = "cupola_theme";

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the machine has it.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(super) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The one that the visitor has chosen.
    pub(super) fn of(heads: &HeaderMap) -> Self {
        cookie(heads, THEME).and_then(Self::read).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

impl Visit {
    /// Reads the address. Where that makes no sense there is a visit still, of the range that is the default, so that the fault can be shown.
    pub(super) fn read(page: &str, raw: Option<&str>, now: &Zoned) -> (Self, Result<(), Fault>) {
        let now = now.clone().with_time_zone(TimeZone::UTC);
        let pairs: Vec<(String, String)> = raw.unwrap_or_default().split('&').filter_map(pair).collect();
        let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
        let (range, fault) = match Range::read(value("since"), value("until"), &now) {
            Ok(range) => (range, Ok(())),
            Err(fault) => {
                let until = i64::try_from(now.timestamp().as_nanosecond()).unwrap_or(i64::MAX);
                (Range { since: until - 3_600_000_000_000, until, is_live: true }, Err(fault))
            }
        };
        let visit = Self {
            page: page.to_owned(),
            pairs,
            steps: Vec::new(),
            now,
            range,
            theme: Theme::default(),
            user: User::new("", Role::Viewer),
            form: String::new(),
        };
        (visit, fault)
    }

    pub(super) fn with_theme(self, theme: Theme) -> Self {
        Self { theme, ..self }
    }

    pub(super) fn with_user(self, user: Option<User>) -> Self {
        Self { user: user.unwrap_or_else(|| User::new("", Role::Viewer)), ..self }
    }

    pub(super) fn with_form(self, form: String) -> Self {
        Self { form, ..self }
    }

    /// With what stands in the path at `{name}`.
    pub(super) fn with_steps<'a>(mut self, steps: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        for (name, value) in steps {
            let page = Link::new("", []).below(value);
            self.page = self.page.replace(&format!("/{{{name}}}"), &page.path()["/cupola".len()..]);
            self.steps.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// A parameter, or a step of the path; empty ones are none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.steps.iter().chain(&self.pairs).find(|(known, _)| known == name);
        found.map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    /// One of some words; the first one where nothing is said.
    pub(super) fn one_of<'a>(&self, name: &str, words: &[&'a str]) -> Result<&'a str, Fault> {
        let said = self.get(name);
        match said.map_or(Some(&words[0]), |said| words.iter().find(|word| **word == said)) {
            Some(word) => Ok(word),
            None => Err(Fault::bad(format!("`{name}` is not known. Accepted: {}.", words.join(", ")))),
        }
    }

    /// A whole number up to `most`.
    pub(super) fn number(&self, name: &str, unsaid: usize, most: usize) -> Result<usize, Fault> {
        let Some(text) = self.get(name) else { return Ok(unsaid) };
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| {
            Fault::bad(format!("`{name}` is no such number. Accepted: a whole number from 1 to {most}."))
        })
    }

    /// What the parameter `query` says, in the language of searches.
    pub(super) fn expression(&self) -> Result<Option<Expression>, Fault> {
        let Some(text) = self.get("query") else { return Ok(None) };
        let meaning = Meaning { now: self.now.clone(), ignore_case: false };
        parse(text, &meaning).map(Some).map_err(|error| {
            Fault::bad(format!("The search cannot be read at byte {}: {}.", error.at(), error.message()))
        })
    }

    /// Entries of the range that the search asks for.
    pub(super) fn selection(&self, signal: Signal) -> Result<Selection, Fault> {
        Ok(Selection { expression: self.expression()?, ..self.all_of(signal) })
    }

    /// All entries of the range.
    pub(super) fn all_of(&self, signal: Signal) -> Selection {
        let deadline = std::time::Duration::from_secs(5);
        Selection { since: Some(self.range.since), until: Some(self.range.until), deadline, ..Selection::of(signal) }
    }

    /// Nanoseconds since 1970, now.
    pub(super) fn moment(&self) -> i64 {
        i64::try_from(self.now.timestamp().as_nanosecond()).unwrap_or(i64::MAX)
    }

    /// Another page, at the same time.
    pub(super) fn link(&self, page: &str) -> Link {
        Link::new(page, self.pairs.iter().filter(|(name, _)| KEPT.contains(&&**name)).cloned())
    }

    /// This page, as it is.
    pub(super) fn here(&self) -> Link {
        Link::new(&self.page, self.pairs.iter().cloned())
    }

    /// In how many seconds the page is to be asked for again; 0 for never.
    pub(super) fn refresh(&self) -> u32 {
        if !self.range.is_live {
            return 0;
        }
        match self.get("refresh") {
            None => REFRESH,
            Some(text) => {
                text.parse().ok().filter(|seconds| *seconds == 0 || (5..=3_600).contains(seconds)).unwrap_or(REFRESH)
            }
        }
    }
}

/// `name=value`, as forms have it.
pub(super) fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    (!name.is_empty()).then(|| (decoded(name), decoded(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(raw: &str) -> (Visit, Result<(), Fault>) {
        Visit::read("/logs", Some(raw), &"2026-11-27T04:00:30+00:00[UTC]".parse().unwrap())
    }

    #[test]
    fn an_address_is_read_and_made_again() {
        let (visit, fault) = visit("since=2h&query=a+b%20%22c%22&empty=&sort=p95&x");
        assert!(fault.is_ok());
        assert_eq!((visit.get("query"), visit.get("empty"), visit.get("none")), (Some("a b \"c\""), None, None));
        assert_eq!(visit.link("/route").set("route", "/x").to_string(), "/cupola/route?since=2h&route=/x");
        assert_eq!(visit.here().without("sort").to_string(), "/cupola/logs?since=2h&query=a%20b%20%22c%22&empty=&x=");
        assert_eq!(visit.one_of("sort", &["p50", "p95"]).unwrap(), "p95");
        assert_eq!(visit.one_of("other", &["p50", "p95"]).unwrap(), "p50");
        assert!(visit.one_of("query", &["p50"]).unwrap_err().says.contains("Accepted: p50."));
        assert_eq!((visit.number("n", 7, 9).unwrap(), visit.number("query", 7, 9).is_err()), (7, true));
    }

    #[test]
    fn what_makes_no_sense_is_a_fault_and_can_be_shown() {
        let (shown, fault) = visit("since=soon");
        assert!(fault.unwrap_err().says.starts_with("`since` is no time. Accepted: "));
        assert_eq!(shown.range.length(), 3_600_000_000_000);
        let says = visit("query=a%3D%22").0.expression().unwrap_err().says;
        assert!(says.starts_with("The search cannot be read at byte "), "{says}");
    }

    #[test]
    fn only_what_goes_on_is_asked_for_again() {
        let check = |raw, expected| assert_eq!(visit(raw).0.refresh(), expected, "{raw}");
        check("", 30);
        check("refresh=10", 10);
        check("refresh=0", 0);
        check("refresh=1", 30);
        check("since=2h&until=1h", 0);
        check("since=2h&until=1h&refresh=10", 0);
    }
}
