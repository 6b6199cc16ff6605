//! What the loop that draws is told, by whoever waits for it.

use ratatui::crossterm::event::KeyEvent;

use super::alerts::Alert;
use super::log::Row;
use super::range::Range;
use super::routes::Routes;
use super::state::Trouble;

/// Something that has happened.
#[derive(Debug)]
pub(super) enum News {
    Key(KeyEvent),
    /// The terminal has another size.
    Resized,
    Routes(Range, Result<Routes, Trouble>),
    Alerts(Result<Vec<Alert>, Trouble>),
    /// What became of what somebody did.
    Done(String),
    /// What the log of a number says.
    Rows(u64, Vec<Row>),
    /// So many entries are lost to whoever watches.
    Dropped(u64),
    /// Whether the log can be watched.
    Tail(Result<(), Trouble>),
    /// The process is to end.
    End,
}
