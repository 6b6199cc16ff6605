//! `cupola view`: logs, pretty, filtered, in one order of time.

mod args;
mod context;
mod figures;
mod follow;
mod html;
mod merge;
mod output;
mod render;
mod run;
mod tail;

pub use args::View;

use std::path::PathBuf;

use anyhow::{Context, bail};
use cupola_line::{Style, Theme};
use cupola_redact::KeyPolicy;
use jiff::Zoned;

use crate::Failure;
use crate::clock::Clock;
use crate::log::filter::Filter;
use crate::log::input::{self, Input};
use crate::options::select::files_and_expressions;
use crate::options::{FOLDER, When};
use args::{Kind, ThemeName};
use merge::Merge;
use output::Output;
use render::{Fields, Form, Render};
use run::{Plan, Run};

/// How many lines of a service's own files are shown, if nobody says how many.
const LINES: usize = 50;

const SHOWN: i32 = 0;
const NOTHING: i32 = 1;

impl View {
    /// Shows what was asked for; returns the exit code, as grep's is.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        // Whatever fails is an error; that nothing matched is none.
        self.show().map_err(Failure::Usage)
    }

    fn show(&self) -> anyhow::Result<i32> {
        let zone = self.looks.zone()?;
        let now = jiff::Timestamp::now().to_zoned(zone.clone());
        let (paths, expressions) = files_and_expressions(&self.what)?;
        let (inputs, lines) = self.inputs(&paths)?;
        if self.stats {
            return self.figures(inputs, &expressions, &now);
        }
        let render = self.render(&expressions, &inputs, Clock::new(zone, &now), &now)?;
        // What comes by itself is followed anyhow.
        let follow = self.follow && !inputs.iter().all(Input::is_live);
        let plan = Plan { lines, follow, around: self.context };
        let output = self.output()?;
        let title = self.html.as_ref().map(|_| self.title(&inputs, &expressions));
        let outcome = Run { inputs, render, plan, output, title }.run()?;
        for problem in &outcome.problems {
            crate::complain(problem, SHOWN);
        }
        if !self.quiet && outcome.tally.missing() > 0 {
            crate::complain(&anyhow::anyhow!("{}", outcome.tally.sentence()), SHOWN);
        }
        Ok(match (outcome.problems.is_empty(), outcome.tally.shown) {
            (false, _) => crate::USAGE,
            (true, 0) => NOTHING,
            (true, _) => SHOWN,
        })
    }

    /// What is read, and how many lines of it are shown.
    fn inputs(&self, paths: &[PathBuf]) -> anyhow::Result<(Vec<Input>, Option<usize>)> {
        if !paths.is_empty() {
            let inputs = input::expand(paths)?;
            let is_tail = self.follow && !inputs.iter().all(Input::is_live);
            return Ok((inputs, self.lines.or(is_tail.then_some(LINES))));
        }
        let folder = self.log_dir.clone().unwrap_or_else(|| PathBuf::from(FOLDER));
        let names: &[&str] = match self.kind {
            Some(Kind::Api) => &["api.log"],
            Some(Kind::Errors) => &["errors.log"],
            None => &["api.log", "errors.log"],
        };
        let mut inputs = Vec::new();
        for name in names {
            inputs
                .extend(input::with_older(&folder, name).with_context(|| format!("cannot read {}", folder.display()))?);
        }
        if inputs.is_empty() {
            bail!("there is no {} in {}", names.join(" or "), folder.display());
        }
        let lines = self.lines.or((!self.select.span.has_start() || self.follow).then_some(LINES));
        Ok((inputs, lines))
    }

    fn render(&self, expressions: &[String], inputs: &[Input], clock: Clock, now: &Zoned) -> anyhow::Result<Render> {
        let color = self.html.is_some() || self.looks.color.colors();
        let theme = match self.theme {
            _ if self.html.is_some() => Theme::Dark,
            ThemeName::Dark => Theme::Dark,
            ThemeName::Light => Theme::Light,
            ThemeName::Vivid => Theme::Vivid,
            ThemeName::Mono => Theme::Mono,
        };
        let twins = (0..inputs.len()).map(|input| Merge::may_have_twins(inputs, input)).collect();
        let mut filter = self.filter(expressions, now)?;
        filter.keep_others(self.unparsed);
        Ok(Render {
            filter,
            form: self.form(),
            to_terminal: self.html.is_none() && std::io::IsTerminal::is_terminal(&std::io::stdout()),
            style: Style::new().color(color).all_fields(self.all_fields),
            theme,
            fields: Fields { only: self.fields.clone(), hidden: self.hide.clone() },
            clock,
            redact: self.redact.then(KeyPolicy::default),
            twins,
        })
    }

    fn filter(&self, expressions: &[String], now: &Zoned) -> anyhow::Result<Filter> {
        let level = self.errors_only.then_some("error");
        Ok(Filter::new(self.select.expression(expressions, level, now)?))
    }

    fn form(&self) -> Form {
        match (&self.html, self.json, self.json_array) {
            (Some(_), ..) => Form::Html,
            (_, true, _) => Form::Json,
            (.., true) => Form::JsonArray,
            _ => Form::Pretty,
        }
    }

    fn output(&self) -> anyhow::Result<Output> {
        if let Some(path) = &self.html {
            return Output::file(path).map_err(|error| anyhow::anyhow!("cannot write {}: {error}", path.display()));
        }
        let wanted = match self.pager {
            When::Always => true,
            When::Never => false,
            When::Auto => std::io::IsTerminal::is_terminal(&std::io::stdout()) && !self.follow,
        };
        Ok(if wanted { Output::pager() } else { Output::stdout() })
    }

    /// What a page says above its lines. Of what was asked for nothing is told where it might be a secret.
    fn title(&self, inputs: &[Input], expressions: &[String]) -> (String, String) {
        let names: Vec<_> = inputs.iter().map(Input::name).collect();
        let about = if self.redact {
            "masked by cupola".to_owned()
        } else {
            [self.select.typed(), expressions].concat().join(", ")
        };
        (names.join(", "), about)
    }
}
