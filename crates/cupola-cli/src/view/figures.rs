//! `cupola view --stats`: the lines that would be shown, counted.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use cupola_redact::KeyPolicy;
use jiff::Zoned;

use super::args::View;
use super::output::Output;
use super::render::{Form, Render};
use super::run::{Plan, Run};
use crate::clock::Clock;
use crate::figures::{By, Figures, Report, Survey, show};
use crate::log::filter::Filter;
use crate::log::input::Input;
use crate::terminal;

/// So many rows has each table.
const ROWS: usize = 10;

impl View {
    /// Counts all lines that match, or the last so many of them.
    pub(super) fn figures(&self, inputs: Vec<Input>, expressions: &[String], now: &Zoned) -> anyhow::Result<i32> {
        let files = inputs.len();
        let redact = self.redact.then(KeyPolicy::default);
        let survey = Survey { filter: self.filter(expressions, now)?, by: By::Route, slowest: ROWS, redact };
        let figures = match self.lines {
            None => survey.read(&inputs),
            Some(lines) => self.last(inputs, lines, expressions, now)?,
        };
        let report = Report {
            by: &survey.by,
            rows: ROWS,
            files,
            color: self.looks.color.colors(),
            columns: terminal::columns(),
            zone: now.time_zone().clone(),
        };
        Ok(show(&figures, &report, self.json)?)
    }

    /// The figures of the last lines: those that would be shown, as they would be written.
    fn last(&self, inputs: Vec<Input>, lines: usize, expressions: &[String], now: &Zoned) -> anyhow::Result<Figures> {
        let shown = Shown::default();
        let clock = Clock::new(now.time_zone().clone(), now);
        let render = self.render(expressions, &inputs, clock, now)?;
        let render = Render { form: Form::Json, to_terminal: false, ..render };
        let plan = Plan { lines: Some(lines), follow: false, around: 0 };
        let output = Output::memory(Box::new(shown.clone()));
        let outcome = Run { inputs, render, plan, output, title: None }.run()?;
        let survey = Survey { filter: Filter::default(), by: By::Route, slowest: ROWS, redact: None };
        let figures = survey.count(&shown.0.borrow());
        Ok(Figures { tally: outcome.tally, problems: outcome.problems, ..figures })
    }
}

/// Lines, kept.
#[derive(Clone, Debug, Default)]
struct Shown(Rc<RefCell<Vec<u8>>>);

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
