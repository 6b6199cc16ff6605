//! The options that say which lines are wanted, as one expression.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;
use cupola_store::Level;
use cupola_store::language::{Expression, Meaning, Relation, Test, field, parse, text};
use jiff::Zoned;

use super::Span;

const FILTERS: &str = "Which lines";

/// What lines must be.
#[derive(Debug, Default, Args)]
pub(crate) struct Select {
    /// This level and those above it: trace, debug, info, warn, error
    #[arg(short, long, value_name = "LEVEL", help_heading = FILTERS)]
    level: Option<String>,

    #[command(flatten)]
    pub(crate) span: Span,

    /// Of one request
    #[arg(short, long, value_name = "ID", help_heading = FILTERS)]
    request: Option<String>,

    /// Of one trace
    #[arg(long, value_name = "ID", help_heading = FILTERS)]
    trace: Option<String>,

    /// Of one route; `*` stands for anything
    #[arg(long, value_name = "ROUTE", help_heading = FILTERS)]
    route: Option<String>,

    /// With one of these statuses: 404, 5xx, 404,5xx
    #[arg(short, long, value_name = "STATUS", value_delimiter = ',', help_heading = FILTERS)]
    status: Vec<String>,

    /// That match an expression: field=value, field!=, field>500, field~regex, "text", /regex/, and, or, not, -word, ( )
    #[arg(short, long, value_name = "EXPRESSION", help_heading = FILTERS)]
    filter: Vec<String>,

    /// With this text anywhere
    #[arg(short = 'g', long, value_name = "TEXT", help_heading = FILTERS)]
    text: Vec<String>,

    /// Texts and patterns match in small letters and capitals
    #[arg(short, long, help_heading = FILTERS)]
    ignore_case: bool,
}

impl Select {
    /// What an entry has to be; `None` wants everything. Besides the options there are expressions that stand alone, and a level that
    /// goes for none that is named.
    pub(crate) fn expression(
        &self,
        alone: &[String],
        level: Option<&str>,
        now: &Zoned,
    ) -> anyhow::Result<Option<Expression>> {
        let meaning = Meaning { now: now.clone(), ignore_case: self.ignore_case };
        let mut parts = Vec::new();
        if let Some(level) = self.level.as_deref().or(level) {
            let known = Level::parse(level);
            let level =
                known.ok_or_else(|| anyhow!("--level {level}: a level is trace, debug, info, warn or error"))?;
            parts.push(Test::Level(Relation::GreaterOrEqual, level).into());
        }
        parts.extend(self.span.tests(now)?);
        self.fields(&meaning, &mut parts)?;
        for wanted in &self.text {
            parts.push(text(wanted, &meaning).map_err(|error| anyhow!("--text {wanted}: {error}"))?);
        }
        for expression in self.filter.iter().chain(alone) {
            parts.push(parse(expression, &meaning).map_err(|error| anyhow!("{error}"))?);
        }
        Ok(Expression::all(parts))
    }

    fn fields(&self, meaning: &Meaning, parts: &mut Vec<Expression>) -> anyhow::Result<()> {
        for (option, name, value) in [
            ("--request", "request_id", &self.request),
            ("--trace", "trace_id", &self.trace),
            ("--route", "route", &self.route),
        ] {
            if let Some(value) = value {
                parts.push(field(name, value, meaning).map_err(|error| anyhow!("{option} {value}: {error}"))?);
            }
        }
        let statuses =
            self.status.iter().map(|status| field("status", status, meaning).map_err(|error| anyhow!(error)));
        match statuses.collect::<anyhow::Result<Vec<_>>>()? {
            none if none.is_empty() => {}
            some => parts.push(Expression::Any(some)),
        }
        Ok(())
    }

    /// The expressions of the options, as they were typed.
    pub(crate) fn typed(&self) -> &[String] {
        &self.filter
    }
}

/// Sorts words: what names a file is one, what has the look of an expression is one.
pub(crate) fn files_and_expressions(words: &[String]) -> anyhow::Result<(Vec<PathBuf>, Vec<String>)> {
    let (mut paths, mut expressions) = (Vec::new(), Vec::new());
    for word in words {
        if word == "-" || Path::new(word).exists() {
            paths.push(PathBuf::from(word));
        } else if looks_like_expression(word) {
            expressions.push(word.clone());
        } else {
            bail!("no such file: {word} (a text to look for goes behind --text)");
        }
    }
    Ok((paths, expressions))
}

/// Whether a word that names no file is meant as an expression: it has a sign in it, and is no path that is missing.
fn looks_like_expression(word: &str) -> bool {
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
