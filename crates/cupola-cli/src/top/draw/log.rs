//! The log as it comes in, the newest at the bottom.

use cupola_store::Level;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::lines::{Pen, from_column};
use crate::terminal::grouped;
use crate::terminal::paint::Tone;
use crate::terminal::safe;
use crate::top::log::Row;
use crate::top::state::{Pane, State};

/// So long is the time that a row begins with.
const TIME: usize = 12;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, state: &State, pen: Pen) {
    let title = Rect { height: area.height.min(1), ..area };
    let chosen = pen.span(Tone::Cyan, chosen(state));
    pen.title(buffer, title, ("Log", state.pane == Pane::Log), chosen.into(), told(state, pen));
    let height = area.height.saturating_sub(1);
    if state.log.is_empty() {
        return pen.line(buffer, area, 1, pen.span(Tone::Dim, format!(" {}", nothing(state))).into());
    }
    for (row, shown) in (1..).zip(state.log.shown(usize::from(height))) {
        pen.line(buffer, area, row, line(shown, state.shift, pen));
    }
}

/// Of what it is.
fn chosen(state: &State) -> String {
    let route = state.log_of.as_ref().map(|named| named.shown().0);
    let errors = state.errors_only.then(|| "errors only".to_owned());
    let filter = (!state.filter.is_empty()).then(|| safe(&state.filter));
    [route, errors, filter].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Whether it moves, what waits, and what is lost.
fn told(state: &State, pen: Pen) -> Line<'static> {
    let log = &state.log;
    let mut spans = Vec::new();
    if log.dropped() > 0 {
        spans.push(pen.span(Tone::Red, format!("{} dropped  ", grouped(log.dropped()))));
    }
    spans.push(match (log.is_paused(), &state.tail.trouble, &state.tail.value) {
        (true, ..) => pen.span(Tone::Yellow, format!("paused, {} waiting", grouped(log.waiting()))),
        (false, Some(_), _) => pen.span(Tone::Red, "not connected"),
        (false, None, Some(())) => pen.span(Tone::Green, "live"),
        (false, None, None) => Span::raw(""),
    });
    Line::from(spans)
}

/// Why there is no entry.
fn nothing(state: &State) -> &'static str {
    match chosen(state).is_empty() {
        true => "nothing was logged in the last hour",
        false => "nothing in the last hour matches: Esc shows all",
    }
}

fn line(row: &Row, shift: usize, pen: Pen) -> Line<'_> {
    let split = |text: &str, at: usize| if row.is_first { text.char_indices().nth(at).map(|(at, _)| at) } else { None };
    let Some(at) = split(&row.text, TIME) else {
        return pen.span(Tone::Dim, from_column(&row.text, shift)).into();
    };
    let (time, rest) = row.text.split_at(at);
    let level = row.level.filter(|level| rest.trim_start().starts_with(level.as_str()));
    let end = level.map_or(0, |level| 1 + level.as_str().len());
    let (level_text, rest) = rest.split_at(end.min(rest.len()));
    Line::from(vec![
        pen.span(Tone::Dim, time),
        pen.span(level.map_or(Tone::Plain, tone), level_text),
        pen.span(Tone::Plain, from_column(rest, shift)),
    ])
}

fn tone(level: Level) -> Tone {
    match level {
        Level::Error => Tone::Red,
        Level::Warn => Tone::Yellow,
        Level::Info => Tone::Green,
        Level::Debug | Level::Trace => Tone::Dim,
    }
}
