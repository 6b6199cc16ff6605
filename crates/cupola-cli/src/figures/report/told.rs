//! Figures of a store as text.

use std::io::{self, Write};

use super::{NUMBERS, Report, chart, numbers_cells};
use crate::figures::survey::By;
use crate::figures::told::{Row, Told};
use crate::terminal::paint::Tone;
use crate::terminal::table::{Cell, Side, Table};
use crate::terminal::{grouped, safe};

impl Report<'_> {
    pub(crate) fn print_told(&self, out: &mut impl Write, told: &Told) -> io::Result<()> {
        let (figures, counts) = (&told.figures, &told.figures.counts);
        self.head(out, figures, &format!("the store {}", safe(&told.store)))?;
        self.levels(out, figures)?;
        self.statuses(out, figures)?;
        self.tops(out, "Error type", &counts.error_types, counts.entries)?;
        if let Some(chart) = counts.rate.chart(self.width().saturating_sub(chart::BESIDE)) {
            chart::print(out, &chart, self)?;
        }
        self.told_groups(out, told)?;
        self.tops(out, "Client", &counts.clients, told.requests.count)?;
        self.tops(out, "User", &counts.users, told.requests.count)?;
        let note =
            "A store does not tell which requests were the slowest: cupola search finds them, by duration_ms>1000.";
        writeln!(out, "\n{}", self.paint().text(Tone::Dim, note))
    }

    fn told_groups(&self, out: &mut impl Write, told: &Told) -> io::Result<()> {
        if told.rows.is_empty() {
            return Ok(());
        }
        let is_route = *self.by == By::Route;
        let (name, lines) = match self.by {
            By::Route => ("route".to_owned(), "requests"),
            By::Fields(names) => (safe(&names.join(",")), "lines"),
        };
        let mut columns = vec![(name.as_str(), Side::Left), (lines, Side::Right)];
        columns.extend(NUMBERS.map(|name| (name, Side::Right)));
        let mut table = Table::new(&columns);
        let whole = if is_route { told.requests.count } else { told.figures.counts.entries };
        for row in &told.rows {
            table.row([vec![safe(&row.value).into()], numbers(row, whole, Tone::Plain)].concat());
        }
        if is_route {
            table.row([vec![Cell::new(Tone::Bold, "all")], numbers(&told.requests, whole, Tone::Bold)].concat());
        }
        let mut notes = Vec::new();
        if told.groups > told.rows.len() {
            notes.push(format!("the busiest {} of {}", told.rows.len(), grouped(told.groups as u64)));
        }
        if told.without > 0 {
            notes.push(format!("{} {lines} have none", grouped(told.without)));
        }
        self.title(out, if is_route { "Route" } else { "Group" }, &notes.join(", "))?;
        table.print(out, self.paint(), self.columns)
    }
}

fn numbers(row: &Row, whole: u64, tone: Tone) -> Vec<Cell> {
    let [p50, p90, p95, p99] = row.spread.map_or([None; 4], |spread| spread.quantiles.map(Some));
    let max = row.spread.map(|spread| spread.max);
    numbers_cells((row.count, row.errors), [p50, p90, p95, p99, max], whole, tone)
}
