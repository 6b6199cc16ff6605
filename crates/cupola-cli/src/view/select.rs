//! The options that say which lines are wanted, as one expression.

use std::path::Path;

use anyhow::anyhow;
use jiff::Zoned;

use super::args::View;
use crate::log::filter::expression::Expression;
use crate::log::filter::parse::{Meaning, field, parse, text};
use crate::log::filter::test::{Relation, Test};
use crate::log::level::Level;

impl View {
    pub(super) fn expression(&self, expressions: &[String], now: &Zoned) -> anyhow::Result<Option<Expression>> {
        let meaning = Meaning { now: now.clone(), ignore_case: self.ignore_case };
        let mut parts = Vec::new();
        if let Some(level) = self.level.as_deref().or(self.errors_only.then_some("error")) {
            let known = Level::parse(level);
            let level =
                known.ok_or_else(|| anyhow!("--level {level}: a level is trace, debug, info, warn or error"))?;
            parts.push(Test::Level(Relation::GreaterOrEqual, level).into());
        }
        parts.extend(self.span.tests(now)?);
        for (option, name, value) in [
            ("--request", "request_id", &self.request),
            ("--trace", "trace_id", &self.trace),
            ("--route", "route", &self.route),
        ] {
            if let Some(value) = value {
                parts.push(field(name, value, &meaning).map_err(|error| anyhow!("{option} {value}: {error}"))?);
            }
        }
        let statuses =
            self.status.iter().map(|status| field("status", status, &meaning).map_err(|error| anyhow!(error)));
        match statuses.collect::<anyhow::Result<Vec<_>>>()? {
            none if none.is_empty() => {}
            some => parts.push(Expression::Any(some)),
        }
        for wanted in &self.text {
            parts.push(text(wanted, &meaning).map_err(|error| anyhow!("--text {wanted}: {error}"))?);
        }
        for expression in expressions {
            parts.push(parse(expression, &meaning).map_err(|error| anyhow!("{error}"))?);
        }
        Ok(Expression::all(parts))
    }
}

/// Whether a word that names no file is meant as an expression: it has a sign in it, and is no path that is missing.
pub(super) fn looks_like_expression(word: &str) -> bool {
    let is_pattern = word.len() > 2 && word.starts_with('/') && word.ends_with('/');
    let is_quoted = word.starts_with(['"', '\'', '(', '!']) || word.starts_with("not ");
    let sign = word.find(['=', '<', '>', '~']);
    let is_test = sign.is_some_and(|at| at > 0 && !word[..at].contains('/'));
    let is_path = Path::new(word).extension().is_some_and(|extension| extension == "log") && sign.is_none();
    !is_path && (is_pattern || is_quoted || is_test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_told_from_paths() {
        let check = |word, expected| assert_eq!(looks_like_expression(word), expected, "{word}");
        check("status=5xx", true);
        check("duration_ms>500", true);
        check("message~time", true);
        check("path=/a/b.log", true);
        check("/time.?out/", true);
        check("\"two words\"", true);
        check("not level=error", true);
        check("missing.log", false);
        check("logs/api.log", false);
        check("logs/a=b.log", false);
        check("word", false);
        check("/var/log", false);
    }
}
