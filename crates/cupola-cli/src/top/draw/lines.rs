//! How lines are put on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use crate::terminal::paint::{Tone, cut, width};

/// Draws, with the colours of the terminal or without any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    has_colors: bool,
}

impl Pen {
    pub(super) const fn new(has_colors: bool) -> Self {
        Self { has_colors }
    }

    /// A look. Without colours what is red stands out all the same.
    pub(super) fn style(self, tone: Tone) -> Style {
        let color = |color| if self.has_colors { Style::new().fg(color) } else { Style::new() };
        match tone {
            Tone::Plain => Style::new(),
            Tone::Dim => Style::new().add_modifier(Modifier::DIM),
            Tone::Bold => Style::new().add_modifier(Modifier::BOLD),
            Tone::Red => color(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Yellow => color(Color::Yellow),
            Tone::Green => color(Color::Green),
            Tone::Blue => color(Color::Blue),
            Tone::Cyan => color(Color::Cyan),
        }
    }

    pub(super) fn span<'t>(self, tone: Tone, text: impl Into<std::borrow::Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.style(tone))
    }

    /// A text that stands in a bar.
    pub(super) fn bar(self, tone: Tone, text: &str) -> Span<'static> {
        Span::styled(text.to_owned(), self.style(tone).add_modifier(Modifier::REVERSED))
    }

    /// A line in a row of an area; what does not fit is left out.
    pub(super) fn line(self, buffer: &mut Buffer, area: Rect, row: u16, line: Line<'_>) {
        if row < area.height && area.width > 0 {
            buffer.set_line(area.x, area.y + row, &shortened(line, usize::from(area.width)), area.width);
        }
    }

    /// Texts at both ends of a row; where they do not fit, the left one gives way.
    pub(super) fn ends(self, buffer: &mut Buffer, area: Rect, left: Line<'_>, right: Line<'_>) {
        let room = usize::from(area.width);
        let taken = right.width().min(room);
        let left = shortened(left, room.saturating_sub(taken + usize::from(taken > 0)));
        let space = " ".repeat(room.saturating_sub(left.width() + taken));
        let spans = left.spans.into_iter().chain([Span::raw(space)]).chain(right.spans);
        self.line(buffer, area, 0, Line::from(spans.collect::<Vec<_>>()));
    }

    /// The line above a part of the screen, which tells whether keys go there.
    pub(super) fn title(
        self,
        buffer: &mut Buffer,
        area: Rect,
        (name, is_chosen): (&str, bool),
        more: Line<'_>,
        right: Line<'_>,
    ) {
        let name = format!(" {name} ");
        let name = if is_chosen { self.bar(Tone::Bold, &name) } else { self.span(Tone::Bold, name) };
        let left = [name, Span::raw(" ")].into_iter().chain(more.spans);
        self.ends(buffer, area, Line::from(left.collect::<Vec<_>>()), right);
    }

    /// Makes a row stand out.
    pub(super) fn choose(self, buffer: &mut Buffer, area: Rect, row: u16) {
        if row < area.height {
            buffer
                .set_style(Rect { y: area.y + row, height: 1, ..area }, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

/// A line of at most so many columns.
fn shortened(line: Line<'_>, columns: usize) -> Line<'static> {
    let (mut spans, mut left) = (Vec::new(), columns);
    for span in line.spans {
        let text = cut(&span.content, left);
        let is_cut = text.len() < span.content.len() || width(&span.content) > left;
        left -= width(&text).min(left);
        spans.push(Span::styled(text, span.style));
        if is_cut {
            break;
        }
    }
    Line::from(spans)
}

/// A text from a column on.
pub(super) fn from_column(text: &str, column: usize) -> &str {
    let mut passed = 0;
    let start = text.char_indices().find(|(_, c)| {
        let is_there = passed >= column;
        passed += width(c.encode_utf8(&mut [0; 4]));
        is_there
    });
    start.map_or("", |(at, _)| &text[at..])
}

/// From which row on a list is shown, so that the chosen one can be seen.
pub(super) fn first_shown(chosen: usize, height: usize) -> usize {
    (chosen + 1).saturating_sub(height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_a_whole_character() {
        assert_eq!(["abc", "東京都", "é"].map(|text| from_column(text, 1)), ["bc", "京都", ""]);
        assert_eq!((from_column("abc", 0), from_column("abc", 3)), ("abc", ""));
    }

    #[test]
    fn the_chosen_row_is_seen() {
        assert_eq!([(0, 3), (2, 3), (3, 3), (9, 3)].map(|(chosen, height)| first_shown(chosen, height)), [0, 0, 1, 7]);
    }
}
