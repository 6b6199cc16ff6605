//! Colours, bars, and texts of a given width.

use unicode_width::UnicodeWidthStr;

/// How a text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Dim,
    Bold,
    Red,
    Yellow,
    Green,
    Blue,
    Cyan,
}

/// Paints, where colours are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    pub(crate) fn text(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Dim => "2",
            Tone::Bold => "1",
            Tone::Red => "31",
            Tone::Yellow => "33",
            Tone::Green => "32",
            Tone::Blue => "34",
            Tone::Cyan => "36",
        };
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Eighths of a cell, from the left.
const ACROSS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Eighths of a cell, from below.
const UP: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A bar of a share of so many cells; what is there is seen.
pub(crate) fn bar(part: u64, whole: u64, cells: usize) -> String {
    let eighths = (part as f64 / whole.max(1) as f64 * (cells * 8) as f64).round() as usize;
    let eighths = eighths.clamp(usize::from(part > 0), cells * 8);
    format!("{}{}", "█".repeat(eighths / 8), ACROSS[eighths % 8])
}

/// The part of an upright bar that lies in one row of `rows`, the lowest of them is 0.
pub(crate) fn upright(part: u64, whole: u64, row: usize, rows: usize) -> &'static str {
    let eighths = (part as f64 / whole.max(1) as f64 * (rows * 8) as f64).round() as usize;
    let eighths = eighths.clamp(usize::from(part > 0), rows * 8);
    UP[eighths.saturating_sub(row * 8).min(8)]
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text of at most so many columns.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 1);
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > columns {
            break;
        }
        out.push(c);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        assert_eq!(bar(1, 2, 4), "██");
        assert_eq!((bar(0, 9, 4).as_str(), bar(1, 1_000_000, 4).as_str()), ("", "▏"));
        assert_eq!((bar(9, 9, 3).as_str(), bar(3, 8, 1).as_str()), ("███", "▍"));
        assert_eq!([0, 1, 2].map(|row| upright(1, 2, row, 3)), ["█", "▄", " "]);
        assert_eq!([upright(1, 1_000_000, 0, 3), upright(0, 5, 0, 3)], ["▁", " "]);
    }

    #[test]
    fn widths() {
        assert_eq!(cut("/vms/{id}", 9), "/vms/{id}");
        assert_eq!(cut("/vms/{id}", 6), "/vms/…");
        assert_eq!(cut("東京都", 5), "東京…");
        assert_eq!(cut("abc", 0), "");
    }
}
