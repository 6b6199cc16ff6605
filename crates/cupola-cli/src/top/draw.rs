//! A frame, from what is known and nothing else.

mod alerts;
mod help;
mod lines;
mod log;
mod routes;

use jiff::Timestamp;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::{Frame, Terminal};

use super::state::{Pane, State};
use crate::terminal::paint::{Tone, width};
use lines::Pen;

/// Draws a frame.
pub(super) fn draw(frame: &mut Frame<'_>, state: &mut State, has_colors: bool) {
    let area = frame.area();
    let parts = Parts::of(area, state);
    state.log_height = usize::from(parts.log.height.saturating_sub(1)).max(1);
    let (pen, buffer) = (Pen::new(has_colors), frame.buffer_mut());
    head(buffer, parts.head, state, pen);
    banner(buffer, parts.banner, state, pen);
    alerts::draw(buffer, parts.alerts, state, pen);
    routes::draw(buffer, parts.routes, state, pen);
    log::draw(buffer, parts.log, state, pen);
    if state.has_help {
        help::draw(buffer, area, pen);
    }
    foot(buffer, parts.foot, state, pen);
}

/// A frame as text, without spaces at the ends of lines and without empty lines at its end.
pub(super) fn text(state: &mut State, width: u16, height: u16) -> anyhow::Result<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height))?;
    terminal.draw(|frame| draw(frame, state, false))?;
    Ok(plain(terminal.backend().buffer()))
}

fn plain(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let (mut line, mut x) = (String::new(), area.left());
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(width(symbol)).unwrap_or(1).max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    format!("{}\n", text.trim_end())
}

/// Where everything stands.
#[derive(Debug, Default)]
struct Parts {
    head: Rect,
    banner: Rect,
    alerts: Rect,
    routes: Rect,
    log: Rect,
    foot: Rect,
}

impl Parts {
    /// What is below gets what those above do not need; of a small screen routes and log have about as much.
    fn of(area: Rect, state: &State) -> Self {
        let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let mut left = area;
        let head = take(&mut left, 1);
        let foot = Rect { y: left.bottom().saturating_sub(1), height: left.height.min(1), ..left };
        left.height -= foot.height;
        let banner = take(&mut left, u16::from(state.trouble().is_some()));
        let most = if state.pane == Pane::Alerts { left.height / 2 } else { left.height / 5 };
        let alerts = take(&mut left, 1 + rows(state.open().len()).min(most.max(1)));
        let most = if state.pane == Pane::Log { left.height / 3 } else { left.height / 2 };
        let routes = take(&mut left, (2 + rows(state.rows().len()).max(1)).min(most.max(3)));
        Self { head, banner, alerts, routes, log: left, foot }
    }
}

/// Takes rows off the top.
fn take(from: &mut Rect, height: u16) -> Rect {
    let taken = Rect { height: height.min(from.height), ..*from };
    from.y += taken.height;
    from.height -= taken.height;
    taken
}

fn head(buffer: &mut Buffer, area: Rect, state: &State, pen: Pen) {
    let time = Timestamp::from_nanosecond(state.now.into()).unwrap_or_default().to_zoned(state.zone.clone());
    let left = vec![
        pen.span(Tone::Bold, "cupola top"),
        pen.span(Tone::Plain, format!("  {}  ", state.source)),
        pen.span(Tone::Dim, format!("last {}", state.range.name())),
    ];
    pen.ends(buffer, area, Line::from(left), pen.span(Tone::Dim, time.strftime("%H:%M:%S %Z").to_string()).into());
}

/// Why nothing is new.
fn banner(buffer: &mut Buffer, area: Rect, state: &State, pen: Pen) {
    let Some(trouble) = state.trouble() else { return };
    let seconds = (trouble.again - state.now).max(0) / 1_000_000_000;
    let again = if seconds > 0 { format!("again in {seconds} s") } else { "asking again".to_owned() };
    let old = state.routes.stale(state.now).map_or(String::new(), |age| format!(", shown is what was {age} s ago"));
    pen.line(buffer, area, 0, pen.bar(Tone::Red, &format!(" no answer: {} ({again}{old}) ", trouble.why)).into());
}

const KEYS: &str =
    "q quit  ? keys  Tab part  ↑↓ choose  Enter its log  / filter  e errors  p pause  s order  +- time  a acknowledge";

/// The filter as it is typed, or what has just happened, or keys.
fn foot(buffer: &mut Buffer, area: Rect, state: &State, pen: Pen) {
    let note = state.note();
    let line = match &state.typed {
        Some(typed) => {
            let shown = crate::terminal::safe(typed);
            let why = note.map_or_else(|| "Enter filters the log, Esc does not".to_owned(), str::to_owned);
            let tone = if note.is_some() { Tone::Red } else { Tone::Dim };
            vec![
                pen.span(Tone::Bold, format!("/{shown}")),
                pen.bar(Tone::Plain, " "),
                pen.span(tone, format!("  {why}")),
            ]
        }
        None => match note {
            Some(note) => vec![pen.span(Tone::Bold, note.to_owned())],
            None => vec![pen.span(Tone::Dim, KEYS)],
        },
    };
    pen.line(buffer, area, 0, line.into());
}

#[cfg(test)]
mod tests;
