//! All rules there are: those of the start, those of a file, those made by people.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Rule;
use super::error::{RuleError, RulesError};

const DEFAULTS: &str = include_str!("defaults.toml");

/// What a file may have: rules, and who is told.
const TABLES: [&str; 4] = ["rule", "receiver", "route", "heartbeat"];

/// Rules, each of another name. A rule overrides the fields of an earlier one of the same name and kind.
///
/// ```
/// use cupola_alert::Rules;
///
/// let rules = Rules::from_toml(r#"
///     [[rule]]
///     name = "cpu"            # of the start; the rest of it stays
///     threshold = 95
///
///     [[rule]]
///     name = "disk"
///     enabled = false
///
///     [[rule]]
///     name = "payments"
///     kind = "logs"
///     filter = 'level>=error service=payments'
///     threshold = 3
/// "#)?;
/// assert_eq!(rules.get("cpu").unwrap().threshold(), Some(95.0));
/// assert!(!rules.get("disk").unwrap().is_enabled());
/// assert!(rules.get("payments").is_some() && rules.get("memory").is_some());
/// # Ok::<(), cupola_alert::RulesError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rules(BTreeMap<String, (Arc<Rule>, RuleSource)>);

/// Where a rule is from; where several say something of it, the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSource {
    /// It is there from the start.
    Default,
    /// A file.
    File,
    /// Somebody has made it while this runs.
    People,
}

impl RuleSource {
    /// As a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::People => "people",
        }
    }
}

impl Default for Rules {
    /// Those of the start.
    fn default() -> Self {
        let mut rules = Self::none();
        rules.add_toml(DEFAULTS, RuleSource::Default).expect("the rules of the start are tested");
        rules
    }
}

impl Rules {
    /// None, not even those of the start.
    pub fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Those of the start, and the `[[rule]]` tables of a file.
    ///
    /// # Errors
    /// Some are none: says of each which field is wrong, and what is accepted.
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        let mut rules = Self::default();
        rules.add_toml(text, RuleSource::File)?;
        Ok(rules)
    }

    fn add_toml(&mut self, text: &str, source: RuleSource) -> Result<(), RulesError> {
        let file: Map<String, Value> = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            RulesError::file(format!("line {line} of the rules: {}", error.message()))
        })?;
        if let Some(other) = file.keys().find(|name| !TABLES.contains(&name.as_str())) {
            return Err(RulesError::file(format!(
                "{other:?}: only [[rule]], [[receiver]] and [[route]] tables are accepted"
            )));
        }
        let tables = match file.get("rule") {
            None => &[],
            Some(Value::Array(tables)) => tables.as_slice(),
            Some(_) => return Err(RulesError::file("`rule` in the rules: it is written [[rule]]")),
        };
        let mut errors = Vec::new();
        let mut seen = Vec::new();
        for (number, table) in (1..).zip(tables) {
            match self.add(table, source) {
                Ok(name) if seen.contains(&name) => {
                    let problem = "another rule of the file has this name; each has one of its own";
                    errors.push(RuleError::new(&name, "name", None, problem));
                }
                Ok(name) => seen.push(name),
                Err(error) if error.rule().is_empty() => {
                    errors.push(RuleError::new(&format!("#{number}"), error.field(), None, error.problem()));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(RulesError::of(errors)) }
    }

    /// Adds a rule, or overrides fields of one that is there; says its name.
    ///
    /// # Errors
    /// It is none: says which field is wrong, and what is accepted.
    pub fn add(&mut self, rule: &Value, source: RuleSource) -> Result<String, RuleError> {
        let typed =
            rule.as_object().ok_or_else(|| RuleError::new("", "rule", None, "a table of fields is accepted"))?;
        let rule = Rule::from_json(&Value::Object(self.over(typed)))?;
        let name = rule.name().to_owned();
        self.0.insert(name.clone(), (Arc::new(rule), source));
        Ok(name)
    }

    /// The fields of an earlier rule of this name, with these over them; a rule of another kind is another rule.
    fn over(&self, typed: &Map<String, Value>) -> Map<String, Value> {
        let earlier = typed.get("name").and_then(Value::as_str).and_then(|name| self.0.get(name.trim()));
        let is_same = |earlier: &Rule| typed.get("kind").is_none_or(|kind| kind.as_str() == Some(earlier.kind()));
        let mut fields = match earlier {
            Some((earlier, _)) if is_same(earlier) => earlier.typed().clone(),
            _ => Map::new(),
        };
        fields.extend(typed.iter().map(|(name, value)| (name.clone(), value.clone())));
        fields
    }

    /// The rule of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Rule>> {
        self.0.get(name).map(|(rule, _)| rule)
    }

    /// All of them by name, with where they are from.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<Rule>, RuleSource)> {
        self.0.values().map(|(rule, source)| (rule, *source))
    }
}

#[cfg(test)]
mod tests;
