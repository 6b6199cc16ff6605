//! What is wrong with a rule.

use std::error::Error;
use std::fmt;

/// Why a rule is none: which one, which of its fields, what it says there, and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    rule: String,
    field: String,
    value: Option<String>,
    problem: String,
}

impl RuleError {
    pub(crate) fn new(rule: &str, field: &str, value: Option<String>, problem: impl Into<String>) -> Self {
        Self { rule: rule.to_owned(), field: field.to_owned(), value, problem: problem.into() }
    }

    /// The rule's name; its number in the file where it has none.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Which of its fields.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong there, and what is accepted.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "rule {:?}: {} = {value}: {}", self.rule, self.field, self.problem),
            None => write!(f, "rule {:?}: {}: {}", self.rule, self.field, self.problem),
        }
    }
}

impl Error for RuleError {}

/// Why rules were not read: all that is wrong with them, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesError {
    errors: Vec<RuleError>,
    file: Option<String>,
}

impl RulesError {
    pub(crate) fn of(errors: Vec<RuleError>) -> Self {
        Self { errors, file: None }
    }

    pub(crate) fn file(problem: impl Into<String>) -> Self {
        Self { errors: Vec::new(), file: Some(problem.into()) }
    }

    /// What is wrong with each rule that is none; nothing where the file as a whole cannot be read.
    pub fn errors(&self) -> &[RuleError] {
        &self.errors
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(problem) = &self.file {
            return f.write_str(problem);
        }
        for (number, error) in self.errors.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl Error for RulesError {}
