//! Rows of cells in columns.

use std::io::{self, Write};

use super::paint::{Paint, Tone, cut, width};

/// Between columns.
const GAP: usize = 2;
/// Before the first one.
const MARGIN: usize = 2;
/// A column that gives way keeps so much.
const LEAST: usize = 8;

/// One cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(Tone::Plain, text)
    }
}

/// On which side of a column its texts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// On the left; where the table is too wide they are cut.
    Left,
    /// On the left, and never cut: bars, and ids, which are there to be copied.
    Whole,
    Right,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The columns' names and sides; a table whose names are all empty has no head.
    pub(crate) fn new(columns: &[(&str, Side)]) -> Self {
        let sides = columns.iter().map(|(_, side)| *side).collect();
        let head: Vec<_> = columns.iter().map(|(name, _)| Cell::new(Tone::Dim, *name)).collect();
        let has_head = columns.iter().any(|(name, _)| !name.is_empty());
        Self { sides, rows: if has_head { vec![head] } else { Vec::new() } }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self, out: &mut impl Write, paint: Paint, columns: Option<usize>) -> io::Result<()> {
        let widths = self.widths(columns.unwrap_or(usize::MAX));
        for row in &self.rows {
            let mut line = String::new();
            let mut owed = MARGIN;
            for ((cell, side), room) in row.iter().zip(&self.sides).zip(&widths) {
                let text = cut(&cell.text, *room);
                let space = room - width(&text);
                let (before, behind) = if *side == Side::Right { (space, 0) } else { (0, space) };
                if !text.is_empty() {
                    line.push_str(&" ".repeat(owed + before));
                    line.push_str(&paint.text(cell.tone, &text));
                    owed = 0;
                } else {
                    owed += before;
                }
                owed += behind + GAP;
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// The widest cell of each column; if they are too wide together, the widest texts on the left give way.
    fn widths(&self, columns: usize) -> Vec<usize> {
        let of = |column: usize| self.rows.iter().filter_map(move |row| row.get(column)).map(|cell| width(&cell.text));
        let mut widths: Vec<_> = (0..self.sides.len()).map(|column| of(column).max().unwrap_or_default()).collect();
        let room = columns.saturating_sub(MARGIN + GAP * self.sides.len().saturating_sub(1));
        loop {
            let over = widths.iter().sum::<usize>().saturating_sub(room);
            let left = widths.iter_mut().zip(&self.sides).filter(|(_, side)| **side == Side::Left);
            match left.map(|(width, _)| width).max() {
                Some(widest) if over > 0 && *widest > LEAST => *widest -= over.min(*widest - LEAST).div_ceil(2),
                _ => return widths,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(columns: Option<usize>) -> String {
        let mut table = Table::new(&[("route", Side::Left), ("n", Side::Right), ("note", Side::Whole)]);
        table.row(vec!["/a/long/route/of/a/service".into(), "1,000".into(), "".into()]);
        table.row(vec!["東".into(), "7".into(), "x".into()]);
        let mut out = Vec::new();
        table.print(&mut out, Paint(false), columns).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_aligned_and_give_way() {
        let expected = "  route                           n  note\n  /a/long/route/of/a/service  1,000\n  東                              7  x\n";
        assert_eq!(printed(Some(80)), expected);
        assert_eq!(printed(None), expected);
        let expected = "  route                n  note\n  /a/long/route/…  1,000\n  東                   7  x\n";
        assert_eq!(printed(Some(30)), expected);
        assert!(printed(Some(1)).lines().all(|line| width(line) <= 30));
    }
}
