//! All keys, over everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::lines::Pen;
use crate::terminal::paint::Tone;

const KEYS: [(&str, &str); 17] = [
    ("q  ctrl-c", "quit"),
    ("Tab  shift-Tab", "another part of the screen: alerts, routes, log"),
    ("↑ ↓  k j", "choose a row; scroll the log, which pauses it"),
    ("PgUp PgDn  g G", "a page; the first, the last"),
    ("← →", "long lines of the log to the left, to the right"),
    ("Enter", "the log of the chosen route alone, or of all again"),
    ("/", "filter the log: level>=warn status=5xx \"text\" -word"),
    ("e", "errors only: routes that fail, and what the log says of errors"),
    ("Esc", "everything again"),
    ("p  space", "pause the log, or let it go on"),
    ("s  S", "another order of the routes, the one before"),
    ("+  -", "more time, less time"),
    ("r", "ask at once"),
    ("a", "acknowledge the chosen alert, or take that back"),
    ("", ""),
    ("impact", "failed requests a second, then the time that all take"),
    ("trend", "req/s, scaled for each route; red where something failed"),
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, pen: Pen) {
    let height = u16::try_from(KEYS.len() + 2).unwrap_or(u16::MAX).min(area.height.saturating_sub(1));
    let area = Rect { y: area.y + (area.height - height.min(area.height)) / 2, height, ..area };
    Clear.render(area, buffer);
    pen.title(
        buffer,
        Rect { height: area.height.min(1), ..area },
        ("Keys", true),
        "any key goes back".into(),
        "".into(),
    );
    for (row, (keys, what)) in (1..).zip(KEYS) {
        let line = vec![pen.span(Tone::Bold, format!(" {keys:<16}")), pen.span(Tone::Plain, what)];
        pen.line(buffer, area, row, line.into());
    }
}
