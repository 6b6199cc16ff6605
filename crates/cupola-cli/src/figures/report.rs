//! Figures as text.
//!
//! ```text
//! 2,831,222 lines in 1 file  2026-09-21 14:13:20 to 16:11:38 UTC (1h 58m), 399 a second
//!
//! Level
//!   ERROR     15,334   0.5%  ▎
//!   INFO   2,596,213  91.7%  ████████████████████████████
//! ```

mod chart;
mod told;
mod when;

use std::io::{self, Write};

use cupola_store::Level;
use jiff::tz::TimeZone;

use super::survey::{By, Figures, SEPARATOR};
use super::tops::Tops;
use crate::terminal::paint::{Paint, Tone, bar};
use crate::terminal::table::{Cell, Side, Table};
use crate::terminal::{counted, grouped, milliseconds, percent, safe};

/// Charts are so wide where there is no terminal.
const WIDTH: usize = 100;
/// Bars are no longer than this.
const MAX_BAR: usize = 32;
/// What a table with bars needs beside them.
const BESIDE_BARS: usize = 44;
/// A request of which more than this many in a thousand fail is marked, and one of which more than the second.
const MARKED: [u64; 2] = [10, 50];

/// How figures are shown.
#[derive(Clone, Debug)]
pub(crate) struct Report<'a> {
    pub(crate) by: &'a By,
    /// So many rows of each table.
    pub(crate) rows: usize,
    pub(crate) files: usize,
    pub(crate) color: bool,
    /// The width of the terminal; without one nothing is cut.
    pub(crate) columns: Option<usize>,
    pub(crate) zone: TimeZone,
}

impl Report<'_> {
    pub(crate) fn print(&self, out: &mut impl Write, figures: &Figures) -> io::Result<()> {
        self.head(out, figures, &counted(self.files as u64, "file"))?;
        self.levels(out, figures)?;
        self.statuses(out, figures)?;
        let counts = &figures.counts;
        self.tops(out, "Error type", &counts.error_types, counts.entries)?;
        if let Some(chart) = counts.rate.chart(self.width().saturating_sub(chart::BESIDE)) {
            chart::print(out, &chart, self)?;
        }
        self.groups(out, figures)?;
        self.slowest(out, figures)?;
        self.tops(out, "Client", &counts.clients, counts.requests.count)?;
        self.tops(out, "User", &counts.users, counts.requests.count)?;
        self.foot(out, figures)
    }

    pub(crate) fn json(&self, figures: &Figures) -> serde_json::Value {
        super::json::of(figures, self.by, self.rows, self.files)
    }

    /// How wide bars and charts may be.
    fn width(&self) -> usize {
        self.columns.unwrap_or(WIDTH)
    }

    fn paint(&self) -> Paint {
        Paint(self.color)
    }

    fn title(&self, out: &mut impl Write, title: &str, note: &str) -> io::Result<()> {
        let note = if note.is_empty() { String::new() } else { format!("  {}", self.paint().text(Tone::Dim, note)) };
        writeln!(out, "\n{}{note}", self.paint().text(Tone::Bold, title))
    }

    fn bar(&self, part: u64, whole: u64) -> String {
        bar(part, whole, self.width().saturating_sub(BESIDE_BARS).min(MAX_BAR))
    }

    fn head(&self, out: &mut impl Write, figures: &Figures, place: &str) -> io::Result<()> {
        let entries = figures.counts.entries;
        let lines = format!("{} line{}", grouped(entries), if entries == 1 { "" } else { "s" });
        let mut when = String::new();
        if let Some((first, last)) = figures.counts.rate.span {
            when = format!("  {}", when::span(first, last, &self.zone));
            let seconds = (last - first) as f64 / 1e6;
            if seconds >= 1.0 {
                when.push_str(&format!(", {}", when::rate(entries as f64 / seconds)));
            }
        }
        writeln!(out, "{} in {place}{}", self.paint().text(Tone::Bold, &lines), self.paint().text(Tone::Dim, &when))
    }

    fn levels(&self, out: &mut impl Write, figures: &Figures) -> io::Result<()> {
        let mut table = Table::new(&COUNTED);
        let counts = &figures.counts;
        for (at, tone) in LEVELS {
            let name = Level::ALL.get(at).map_or("none", |level| level.as_str());
            if counts.levels[at] > 0 {
                table.row(self.counted(Cell::new(tone, name), tone, counts.levels[at], counts.entries));
            }
        }
        self.title(out, "Level", "")?;
        table.print(out, self.paint(), self.columns)
    }

    /// A class a row, and behind it the statuses that it is made of.
    fn statuses(&self, out: &mut impl Write, figures: &Figures) -> io::Result<()> {
        let statuses = &figures.counts.statuses;
        let all: u64 = statuses.iter().sum();
        if all == 0 {
            return Ok(());
        }
        let mut table = Table::new(&[COUNTED[0], COUNTED[1], COUNTED[2], COUNTED[3], ("", Side::Left)]);
        for (class, of_class) in statuses.chunks(100).enumerate() {
            let sum: u64 = of_class.iter().sum();
            if sum == 0 {
                continue;
            }
            let tone = [Tone::Dim, Tone::Dim, Tone::Green, Tone::Cyan, Tone::Yellow][class.min(4)];
            let tone = if class == 5 { Tone::Red } else { tone };
            let mut row = self.counted(Cell::new(tone, format!("{class}xx")), tone, sum, all);
            let each = of_class.iter().enumerate().filter(|(_, count)| **count > 0);
            let mut each: Vec<_> = each.map(|(at, count)| (class * 100 + at, *count)).collect();
            each.sort_by_key(|(status, count)| (std::cmp::Reverse(*count), *status));
            let each: Vec<_> = each.iter().map(|(status, count)| format!("{status}: {}", grouped(*count))).collect();
            row.push(Cell::new(Tone::Dim, each.join("  ")));
            table.row(row);
        }
        self.title(out, "Status", "of requests")?;
        table.print(out, self.paint(), self.columns)
    }

    fn counted(&self, name: Cell, tone: Tone, count: u64, whole: u64) -> Vec<Cell> {
        vec![name, grouped(count).into(), percent(count, whole).into(), Cell::new(tone, self.bar(count, whole))]
    }

    fn tops(&self, out: &mut impl Write, title: &str, tops: &Tops, whole: u64) -> io::Result<()> {
        if tops.is_empty() || self.rows == 0 {
            return Ok(());
        }
        let mut table = Table::new(&COUNTED);
        let first = tops.first(self.rows);
        let most = first.first().map_or(0, |top| top.count);
        for top in &first {
            let bar = Cell::new(Tone::Blue, self.bar(top.count, most));
            let share = percent(top.count, whole);
            table.row(vec![safe(&top.text).into(), grouped(top.count).into(), share.into(), bar]);
        }
        let excess = first.iter().map(|top| top.excess).max().unwrap_or_default();
        let mut notes = Vec::new();
        match tops.values() {
            Some(all) if all <= first.len() => {}
            Some(all) => notes.push(format!("the busiest {} of {}", first.len(), grouped(all as u64))),
            None => notes.push(format!("the busiest {} of very many", first.len())),
        }
        if excess > 0 {
            notes.push(format!("counts may be up to {} too high", grouped(excess)));
        }
        self.title(out, title, &notes.join(", "))?;
        table.print(out, self.paint(), self.columns)
    }

    fn groups(&self, out: &mut impl Write, figures: &Figures) -> io::Result<()> {
        let groups = &figures.counts.groups;
        if groups.len() == 0 || self.rows == 0 {
            return Ok(());
        }
        let (names, lines) = match self.by {
            By::Route => (vec!["route".to_owned()], "requests"),
            By::Fields(names) => (names.iter().map(|name| safe(name)).collect(), "lines"),
        };
        let mut columns: Vec<_> = names.iter().map(|name| (name.as_str(), Side::Left)).collect();
        columns.push((lines, Side::Right));
        columns.extend(NUMBERS.map(|name| (name, Side::Right)));
        let mut table = Table::new(&columns);
        let whole = if *self.by == By::Route { figures.counts.requests.count } else { figures.counts.entries };
        let first = groups.first(self.rows);
        for (key, group) in &first {
            let key = String::from_utf8_lossy(key);
            let mut row: Vec<Cell> = key.split(SEPARATOR).map(|part| safe(part).into()).collect();
            row.resize(names.len(), Cell::default());
            row.extend(numbers_of(group, whole, Tone::Plain));
            table.row(row);
        }
        if *self.by == By::Route {
            table.row(
                [vec![Cell::new(Tone::Bold, "all")], numbers_of(&figures.counts.requests, whole, Tone::Bold)].concat(),
            );
        }
        self.title(out, if *self.by == By::Route { "Route" } else { "Group" }, &self.note(figures, first.len()))?;
        table.print(out, self.paint(), self.columns)
    }

    /// What the table of groups does not show.
    fn note(&self, figures: &Figures, shown: usize) -> String {
        let (groups, without) = (&figures.counts.groups, figures.counts.without);
        let mut notes = Vec::new();
        if groups.excess > 0 {
            let excess = grouped(groups.excess);
            notes.push(format!("more than are remembered: counts may be up to {excess} too high"));
        } else if groups.len() > shown {
            notes.push(format!("the busiest {shown} of {}", grouped(groups.len() as u64)));
        }
        match self.by {
            _ if without == 0 => {}
            By::Route => notes.push(format!("{} requests have none", grouped(without))),
            By::Fields(_) => notes.push(format!("{} lines have none", grouped(without))),
        }
        notes.join(", ")
    }

    fn slowest(&self, out: &mut impl Write, figures: &Figures) -> io::Result<()> {
        let slowest = figures.counts.slowest.found();
        if slowest.is_empty() {
            return Ok(());
        }
        let columns = ["time", "duration", "", "request", "request id"];
        let sides = [Side::Right, Side::Right, Side::Right, Side::Left, Side::Whole];
        let columns: Vec<_> = columns.into_iter().zip(sides).collect();
        let mut table = Table::new(&columns);
        let is_one_day =
            figures.counts.rate.span.is_some_and(|(first, last)| when::is_one_day(first, last, &self.zone));
        for slow in slowest {
            let status = slow.status.map(|status| status.to_string()).unwrap_or_default();
            let tone = if slow.status.is_some_and(|status| status >= 500) { Tone::Red } else { Tone::Plain };
            table.row(vec![
                Cell::new(
                    Tone::Dim,
                    slow.time.map(|time| when::exact(time, is_one_day, &self.zone)).unwrap_or_default(),
                ),
                milliseconds(slow.duration).into(),
                Cell::new(tone, status),
                format!("{} {}", safe(&slow.method), safe(&slow.route)).trim().into(),
                Cell::new(Tone::Dim, safe(&slow.request_id)),
            ]);
        }
        self.title(out, "Slowest", "requests")?;
        table.print(out, self.paint(), self.columns)
    }

    /// What became of lines that are not counted.
    fn foot(&self, out: &mut impl Write, figures: &Figures) -> io::Result<()> {
        let mut notes = Vec::new();
        if figures.tally.missing() > 0 {
            notes.push(figures.tally.sentence_of("not counted", "counted once already"));
        }
        notes.extend(figures.warning.map(str::to_owned));
        if notes.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        notes.iter().try_for_each(|note| writeln!(out, "{}", self.paint().text(Tone::Yellow, note)))
    }
}

/// The most serious first, and last lines without one.
const LEVELS: [(usize, Tone); 6] =
    [(4, Tone::Red), (3, Tone::Yellow), (2, Tone::Green), (1, Tone::Blue), (0, Tone::Dim), (5, Tone::Dim)];
/// Name, count, share and bar.
const COUNTED: [(&str, Side); 4] = [("", Side::Left), ("", Side::Right), ("", Side::Right), ("", Side::Whole)];

/// What stands behind the count of a group.
const NUMBERS: [&str; 7] = ["share", "errors", "p50", "p90", "p95", "p99", "max"];

fn numbers_of(group: &super::groups::Group, whole: u64, tone: Tone) -> Vec<Cell> {
    let [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(|share| group.durations.quantile(share));
    numbers_cells((group.count, group.errors), [p50, p90, p95, p99, group.durations.most()], whole, tone)
}

fn numbers_cells((count, errors): (u64, u64), durations: [Option<f64>; 5], whole: u64, tone: Tone) -> Vec<Cell> {
    let failed = match errors * 1_000 / count.max(1) {
        share if share >= MARKED[1] => Tone::Red,
        share if share >= MARKED[0] => Tone::Yellow,
        _ => Tone::Dim,
    };
    let mut cells = vec![
        Cell::new(tone, grouped(count)),
        Cell::new(Tone::Dim, percent(count, whole)),
        Cell::new(failed, percent(errors, count)),
    ];
    cells.extend(durations.map(|value| Cell::new(tone, value.map(milliseconds).unwrap_or_default())));
    cells
}
