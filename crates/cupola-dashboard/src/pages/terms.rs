//! A search as it was typed, with a test more or less: what a click on a value does to it.

use cupola_store::Level;
use cupola_store::language::{Expression, Meaning, Test, parse};
use jiff::Zoned;

use super::deploys::field;
use super::service::quoted;

/// A value that is longer is no test that anyone would read.
const LONGEST: usize = 200;

/// The tests of a search that all have to hold, each as it was typed.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    terms: Vec<Term>,
    meaning: Meaning,
}

/// One test.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// As it was typed.
    text: String,
    is: Expression,
}

impl Term {
    /// The field is this; `None` where the language has no word for it.
    pub(super) fn is(name: &str, value: &str) -> Option<Self> {
        let is_name = !name.is_empty()
            && !name.starts_with(['/', '\'', '-'])
            && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "=<>~!()\"".contains(c));
        if !is_name || value.is_empty() || value.len() > LONGEST {
            return None;
        }
        Self::read(&field(name, value).to_string())
    }

    /// The field is not this.
    pub(super) fn is_not(name: &str, value: &str) -> Option<Self> {
        Self::is(name, value)?;
        Self::read(&format!("{name}!={}", plain(value)))
    }

    fn read(text: &str) -> Option<Self> {
        let is = parse(text, &Meaning { now: Zoned::default(), ignore_case: false }).ok()?;
        Some(Self { text: text.to_owned(), is })
    }

    /// What is meant, however it was typed.
    fn means(&self) -> String {
        self.is.to_string()
    }

    fn opposite(&self) -> String {
        match &self.is {
            Expression::Not(part) => part.to_string(),
            part => Expression::Not(Box::new(part.clone())).to_string(),
        }
    }

    /// Of which levels it is, if it is about them.
    fn levels(&self) -> Option<[bool; 5]> {
        levels(&self.is)
    }
}

impl Terms {
    /// Those of a search that can be read; one that joins its parts by `or` is one.
    pub(super) fn read(text: &str, now: &Zoned) -> Self {
        let meaning = Meaning { now: now.clone(), ignore_case: false };
        let read = |text: &str| parse(text, &meaning).ok().map(|is| Term { text: text.to_owned(), is });
        let parts = split(text);
        let is_any = parts.iter().any(|part| part.eq_ignore_ascii_case("or") || part.contains("||"));
        let apart: Option<Vec<Term>> = if is_any { None } else { parts.iter().map(|part| read(part)).collect() };
        let terms = apart.unwrap_or_else(|| read(&format!("({text})")).into_iter().collect());
        Self { terms, meaning }
    }

    /// Whether this is one of them.
    pub(super) fn has(&self, term: &Term) -> bool {
        let means = term.means();
        self.terms.iter().any(|known| known.means() == means)
    }

    /// With this one; what says the opposite is taken out.
    pub(super) fn with(&self, term: &Term) -> String {
        let (means, opposite) = (term.means(), term.opposite());
        let stays = |known: &&Term| known.means() != means && known.means() != opposite;
        joined(self.terms.iter().filter(stays).chain([term]))
    }

    /// Without it if it is here, and with it if not.
    pub(super) fn toggled(&self, term: &Term) -> String {
        let means = term.means();
        if self.has(term) { joined(self.terms.iter().filter(|known| known.means() != means)) } else { self.with(term) }
    }

    /// As they are typed.
    pub(super) fn text(&self) -> String {
        joined(self.terms.iter())
    }

    /// Which levels are asked for, by their places in [`Level::ALL`]; `None` where all are.
    pub(super) fn levels(&self) -> Option<[bool; 5]> {
        let both = |one: [bool; 5], other: [bool; 5]| std::array::from_fn(|place| one[place] && other[place]);
        self.terms.iter().filter_map(Term::levels).reduce(both)
    }

    /// What is asked for beside the levels.
    pub(super) fn but_levels(&self) -> Option<Expression> {
        let others = self.terms.iter().filter(|term| term.levels().is_none());
        Expression::all(others.map(|term| term.is.clone()).collect())
    }

    /// With this level more or less; with the first one chosen it is alone, and without any all are there again.
    pub(super) fn with_level(&self, level: Level) -> String {
        let mut chosen = self.levels().unwrap_or_default();
        chosen[level as usize] = !chosen[level as usize];
        let text = said(chosen);
        let term = parse(&text, &self.meaning).ok().map(|is| Term { text, is });
        joined(self.terms.iter().filter(|term| term.levels().is_none()).chain(&term))
    }
}

/// Levels as they are asked for; nothing of none and of all.
fn said(levels: [bool; 5]) -> String {
    let chosen: Vec<Level> = Level::ALL.into_iter().filter(|level| levels[*level as usize]).collect();
    let name = |level: &Level| level.as_str().to_ascii_lowercase();
    let is_upward = chosen.len() > 1 && chosen.last() == Some(&Level::Error);
    match &chosen[..] {
        [] | [_, _, _, _, _] => String::new(),
        [one] => format!("level={}", name(one)),
        [first, ..] if is_upward && *first as usize + chosen.len() == Level::ALL.len() => {
            format!("level>={}", name(first))
        }
        some => {
            format!("({})", some.iter().map(|level| format!("level={}", name(level))).collect::<Vec<_>>().join(" or "))
        }
    }
}

fn levels(is: &Expression) -> Option<[bool; 5]> {
    match is {
        Expression::Test(Test::Level(relation, level)) => {
            Some(Level::ALL.map(|found| relation.holds(found.cmp(level))))
        }
        Expression::Any(parts) => parts.iter().try_fold([false; 5], |all, part| {
            let more = levels(part)?;
            Some(std::array::from_fn(|place| all[place] || more[place]))
        }),
        Expression::Not(part) => levels(part).map(|levels| levels.map(|is| !is)),
        _ => None,
    }
}

fn joined<'a>(terms: impl Iterator<Item = &'a Term>) -> String {
    terms.map(|term| &*term.text).collect::<Vec<_>>().join(" ")
}

/// Without quotes where it needs none.
fn plain(value: &str) -> String {
    let shown = field("x", value).to_string();
    shown.strip_prefix("x=").map_or_else(|| quoted(value), str::to_owned)
}

/// The parts of a search between which there is space; `not` stays with what follows it.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut end_of_text) = (Vec::new(), None, 0_usize, None);
    let (mut before, mut is_escaped, mut is_negated) = (' ', false, false);
    for (at, c) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if end_of_text.is_some() {
            is_escaped = c == '\\';
            end_of_text = end_of_text.filter(|end| *end != c);
        } else if c.is_whitespace() && depth == 0 {
            if let Some(from) = start.take() {
                let part = &text[from..at];
                // A word that is written as one with its test ends with it.
                is_negated = part.eq_ignore_ascii_case("not") || part.ends_with(" not") || part == "!";
                if is_negated { start = Some(from) } else { parts.push(part) }
            }
        } else {
            let is_at_begin = start.is_none() || is_negated || before == '(';
            is_negated = false;
            match c {
                '"' | '\'' if is_at_begin || "=<>~!-".contains(before) => end_of_text = Some(c),
                '/' if is_at_begin => end_of_text = Some('/'),
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            start.get_or_insert(at);
        }
        before = c;
    }
    parts.extend(start.map(|from| &text[from..]));
    parts.retain(|part| !part.eq_ignore_ascii_case("and") && *part != "&&");
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Terms {
        Terms::read(text, &"2026-11-27T04:00:30+00:00[UTC]".parse().unwrap())
    }

    #[test]
    fn a_search_has_its_parts() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<String> = terms(text).terms.iter().map(|term| term.text.clone()).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("", &[]);
        check("a b", &["a", "b"]);
        check("a and  b", &["a", "b"]);
        check("level>=warn \"a b\" -c x=\"d \\\" e\"", &["level>=warn", "\"a b\"", "-c", "x=\"d \\\" e\""]);
        check("not a b", &["not a", "b"]);
        check("not not a b", &["not not a", "b"]);
        check("(a or b) c", &["(a or b)", "c"]);
        check("a or b c", &["(a or b c)"]);
        check("a||b c", &["(a||b c)"]);
        check("/a b/ don't x=f(a) y", &["/a b/", "don't", "x=f(a)", "y"]);
        check("a=\"", &[]);
    }

    #[test]
    fn a_click_adds_a_test_or_takes_it_away() {
        let check = |text: &str, name: &str, value: &str, expected: &str| {
            assert_eq!(terms(text).toggled(&Term::is(name, value).unwrap()), expected, "{text}");
        };
        check("", "service", "api", "service=api");
        check("a or b", "service", "api", "(a or b) service=api");
        check("service=\"api\" x", "service", "api", "x");
        check("service!=api x", "service", "api", "x service=api");
        check("x", "route", "/vms/{id}", "x route=\"/vms/{id}\"");
        check("x", "status", "503", "x status=503");
        check("level=ERROR", "level", "ERROR", "");
        check("", "a", "b\"\\\nc", "a=\"b\\\"\\\\\\nc\"");
        let not = Term::is_not("route", "/vms/{id}").unwrap();
        assert_eq!(terms("route=\"/vms/{id}\" x").with(&not), "x route!=\"/vms/{id}\"");
        assert!(terms("x not route=\"/vms/{id}\"").has(&not));
        assert_eq!(Term::is_not("service", "api").unwrap().text, "service!=api");
    }

    #[test]
    fn what_the_language_has_no_word_for_is_no_test() {
        let long = "x".repeat(LONGEST + 1);
        for (name, value) in
            [("", "x"), ("a b", "x"), ("a=b or c", "x"), ("a\"", "x"), ("/a", "x"), ("a", ""), ("a", &long)]
        {
            assert!(Term::is(name, value).is_none() && Term::is_not(name, value).is_none(), "{name} {value}");
        }
        assert!(Term::is("timestamp", "soon").is_none());
    }

    #[test]
    fn levels_are_chosen_one_by_one() {
        let check = |text: &str, level, expected: &str| {
            assert_eq!(terms(text).with_level(level), expected, "{text}");
        };
        check("x", Level::Error, "x level=error");
        check("level=error x", Level::Warn, "x level>=warn");
        check("level>=warn", Level::Debug, "(level=debug or level=warn or level=error)");
        check("(level=debug or level=warn or level=error)", Level::Info, "level>=debug");
        check("level>=debug", Level::Trace, "");
        check("level=error x", Level::Error, "x");
        check("level<info", Level::Error, "(level=trace or level=debug or level=error)");
        assert_eq!(terms("level>=info level<error").levels(), Some([false, false, true, true, false]));
        assert_eq!(terms("x y").levels(), None);
        assert_eq!(terms("level>=info x").but_levels().unwrap().to_string(), "x");
    }
}
