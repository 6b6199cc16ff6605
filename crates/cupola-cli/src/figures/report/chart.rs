//! How many lines there were when, as upright bars, and below them the errors.

use std::io::{self, Write};

use super::{Report, when};
use crate::figures::rate::{Bucket, Chart};
use crate::terminal::grouped;
use crate::terminal::paint::{Tone, upright};

/// What stands beside the bars.
pub(super) const BESIDE: usize = 10;
const ROWS: usize = 5;
/// A bar is no wider than this.
const MAX_WIDTH: usize = 6;
/// From one mark of the axis to the next there are at least so many columns.
const TICK: usize = 16;

pub(super) fn print(out: &mut impl Write, chart: &Chart, report: &Report<'_>) -> io::Result<()> {
    let room = report.width().saturating_sub(BESIDE);
    let bars = Bars { chart, width: (room / chart.buckets.len().max(1)).clamp(1, MAX_WIDTH) };
    let (paint, peak) = (report.paint(), chart.peak());
    let most = chart.buckets[peak].lines;
    let at = when::tick(chart.start + chart.step * peak as i64, chart.step, chart.span(), &report.zone);
    let title = format!("Lines per {}", when::length(chart.step).replace("1m", "minute").replace("1s", "second"));
    report.title(out, &title, &format!("at most {} at {at}", grouped(most)))?;
    for row in (0..ROWS).rev() {
        let label = if row == ROWS - 1 { short(most) } else { String::new() };
        let line = bars.row(|bucket| upright(bucket.lines, most, row, ROWS));
        writeln!(out, "{label:>7} {} {}", paint.text(Tone::Dim, "│"), paint.text(Tone::Blue, line.trim_end()))?;
    }
    let axis = format!("└{}", "─".repeat(1 + bars.columns()));
    writeln!(out, "{:>7} {}", 0, paint.text(Tone::Dim, &axis))?;
    let errors = chart.buckets.iter().map(|bucket| bucket.errors).max().unwrap_or_default();
    if errors > 0 {
        let line = bars.row(|bucket| upright(bucket.errors, errors, 0, 1));
        let label = format!("{} err", short(errors));
        writeln!(out, "{} {}", paint.text(Tone::Red, &format!("{label:>9}")), paint.text(Tone::Red, line.trim_end()))?;
    }
    writeln!(out, "{}", paint.text(Tone::Dim, &bars.ticks(report)))
}

impl Chart {
    /// The bucket with the most lines.
    fn peak(&self) -> usize {
        let most = self.buckets.iter().enumerate().max_by_key(|(at, bucket)| (bucket.lines, std::cmp::Reverse(*at)));
        most.map_or(0, |(at, _)| at)
    }

    fn span(&self) -> i64 {
        self.step * self.buckets.len() as i64
    }
}

struct Bars<'a> {
    chart: &'a Chart,
    /// In columns; from three on the last one is a gap.
    width: usize,
}

impl Bars<'_> {
    fn columns(&self) -> usize {
        self.chart.buckets.len() * self.width
    }

    fn row(&self, cell: impl Fn(&Bucket) -> &'static str) -> String {
        let gap = usize::from(self.width >= 3);
        let cells = self.chart.buckets.iter().map(|bucket| cell(bucket).repeat(self.width - gap) + &" ".repeat(gap));
        cells.collect()
    }

    fn ticks(&self, report: &Report<'_>) -> String {
        let mut line = " ".repeat(BESIDE);
        let every = TICK.div_ceil(self.width);
        for at in (0..self.chart.buckets.len()).step_by(every) {
            let chart = self.chart;
            let tick = when::tick(chart.start + chart.step * at as i64, chart.step, chart.span(), &report.zone);
            let column = BESIDE + at * self.width;
            // Where there is no room behind the last bar for it, a mark is left out.
            if at > 0 && column + tick.len() > report.width() {
                break;
            }
            line.push_str(&" ".repeat(column.saturating_sub(line.len())));
            line.push_str(&tick);
        }
        line
    }
}

/// `950`, `24.9k`, `1.2M`.
fn short(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.1}k", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}M", number as f64 / 1e6),
        _ => format!("{:.1}G", number as f64 / 1e9),
    }
}
