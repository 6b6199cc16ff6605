//! Reads the fields of one rule, and says of each bad one what is accepted instead.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::RuleError;
use super::span;

/// So much of a bad value is shown.
const MAX_SHOWN: usize = 80;

/// The fields of a rule, each of which is read at most once.
pub(super) struct Fields<'a> {
    rule: &'a str,
    all: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(rule: &'a str, all: &'a Map<String, Value>) -> Self {
        Self { rule, all, known: vec!["name"] }
    }

    /// That a field is not what is accepted.
    pub(super) fn wrong(&self, field: &str, accepted: impl Into<String>) -> RuleError {
        RuleError::new(self.rule, field, self.all.get(field).map(shown), accepted)
    }

    /// That a field is missing; it may be there by another name.
    pub(super) fn missing(&self, field: &'static str, accepted: impl Into<String>) -> RuleError {
        let is_unknown = |name: &&String| !self.known.contains(&name.as_str()) && nearest(name, &[field]).is_some();
        match self.all.keys().find(is_unknown) {
            Some(meant) => self.wrong(meant, format!("there is no such field; is {field} meant?")),
            None => self.wrong(field, format!("it is missing; {}", accepted.into())),
        }
    }

    fn get(&mut self, field: &'static str) -> Option<&'a Value> {
        self.known.push(field);
        self.all.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<Option<String>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
        text.map(|text| Some(text.to_owned())).ok_or_else(|| self.wrong(field, "a text is accepted"))
    }

    pub(super) fn number(&mut self, field: &'static str, unit: &str) -> Result<Option<f64>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number = value.as_f64().filter(|number| number.is_finite());
        let of = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
        number.map(Some).ok_or_else(|| self.wrong(field, format!("a plain number{of} is accepted, such as 10 or 2.5")))
    }

    /// A whole number between both.
    pub(super) fn whole(&mut self, field: &'static str, least: u32, most: u32) -> Result<Option<u32>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| self.wrong(field, format!("a whole number from {least} to {most} is accepted")))
    }

    pub(super) fn flag(&mut self, field: &'static str) -> Result<Option<bool>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.wrong(field, "true or false is accepted"))
    }

    pub(super) fn span(&mut self, field: &'static str) -> Result<Option<Duration>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let read = value.as_str().and_then(span::read);
        read.map(Some).ok_or_else(|| self.wrong(field, format!("{} is accepted", span::ACCEPTED)))
    }

    /// A length of time between both.
    pub(super) fn span_within(
        &mut self,
        field: &'static str,
        least: Duration,
        most: Duration,
    ) -> Result<Option<Duration>, RuleError> {
        let found = self.span(field)?;
        if found.is_some_and(|found| !(least..=most).contains(&found)) {
            let accepted = format!("from {} to {} is accepted", span::show(least), span::show(most));
            return Err(self.wrong(field, accepted));
        }
        Ok(found)
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        field: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let chosen = value.as_str().and_then(|word| choices.iter().find(|(name, _)| *name == word));
        match chosen {
            Some((_, chosen)) => Ok(Some(*chosen)),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let near = value.as_str().and_then(|word| nearest(word, &names));
                let near = near.map_or_else(String::new, |near| format!("; is {near} meant?"));
                Err(self.wrong(field, format!("one of {} is accepted{near}", names.join(", "))))
            }
        }
    }

    /// Texts; one alone may stand without brackets.
    pub(super) fn texts(&mut self, field: &'static str) -> Result<Option<Vec<String>>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let texts = match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let texts = texts.filter(|texts: &Vec<String>| texts.iter().all(|text| !text.trim().is_empty()));
        texts
            .map(Some)
            .ok_or_else(|| self.wrong(field, "a list of texts is accepted, such as [\"service\", \"route\"]"))
    }

    /// Texts by name.
    pub(super) fn table(&mut self, field: &'static str) -> Result<BTreeMap<String, String>, RuleError> {
        let Some(value) = self.get(field) else { return Ok(BTreeMap::new()) };
        let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        let table = value.as_object().and_then(|table| table.iter().map(pair).collect());
        table.ok_or_else(|| self.wrong(field, "a table of texts is accepted, such as { team = \"shop\" }"))
    }

    /// That nothing else is there.
    pub(super) fn finish(self, kind: &str) -> Result<(), RuleError> {
        let Some(unknown) = self.all.keys().find(|name| !self.known.contains(&name.as_str())) else { return Ok(()) };
        let what = match nearest(unknown, &self.known) {
            Some(near) => format!("there is no such field; is {near} meant?"),
            None => {
                let mut known = self.known.clone();
                known.sort_unstable();
                format!("there is no such field; a rule of kind {kind} has {}", known.join(", "))
            }
        };
        Err(self.wrong(unknown, what))
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The name that is meant by a word with a slip or two in it.
pub(super) fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    let close = names.iter().map(|name| (distance(&word, name), *name)).min()?;
    let allowed = if word.len() < 5 { 1 } else { 2 };
    let begins = || names.iter().find(|name| word.len() > 3 && (name.starts_with(&word) || word.starts_with(**name)));
    if close.0 <= allowed { Some(close.1) } else { begins().copied() }
}

/// How many letters are to be changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, theirs) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *theirs);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_meant() {
        let names = ["threshold", "recovery_threshold", "for", "keep_firing_for", "cooldown"];
        let check = |word: &str, expected| assert_eq!(nearest(word, &names), expected, "{word}");
        check("treshold", Some("threshold"));
        check("Threshold", Some("threshold"));
        check("recovery-threshold", Some("recovery_threshold"));
        check("fro", None);
        check("fore", Some("for"));
        check("keep_firing", Some("keep_firing_for"));
        check("cool_down", Some("cooldown"));
        check("colour", None);
    }
}
