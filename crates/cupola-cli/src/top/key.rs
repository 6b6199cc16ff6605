//! Keys, and what they change.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::state::{Pane, State};

/// So many columns the log goes to a side at once.
const SIDEWAYS: usize = 20;

/// What is to be done beyond what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Quit,
    /// Everything is to be asked at once.
    Refresh,
    /// The log is to be of other entries.
    Tail,
    /// Somebody is at an alert, or no longer.
    Acknowledge {
        alert: String,
        is_taken_back: bool,
    },
}

/// Does what a key says.
pub(super) fn press(state: &mut State, key: KeyEvent) -> Wanted {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        match (key.code, &mut state.typed) {
            (KeyCode::Char('c' | 'd'), _) => return Wanted::Quit,
            (KeyCode::Char('u'), Some(typed)) => typed.clear(),
            _ => {}
        }
        return Wanted::Nothing;
    }
    if state.typed.is_some() {
        return type_on(state, key.code);
    }
    if state.has_help {
        state.has_help = false;
        return if key.code == KeyCode::Char('q') { Wanted::Quit } else { Wanted::Nothing };
    }
    match key.code {
        KeyCode::Char('q') => Wanted::Quit,
        KeyCode::Char('r') => Wanted::Refresh,
        KeyCode::Char('+' | '=') => range(state, true),
        KeyCode::Char('-' | '_') => range(state, false),
        KeyCode::Char('e') => {
            state.errors_only = !state.errors_only;
            Wanted::Tail
        }
        KeyCode::Char('a') => acknowledge(state),
        KeyCode::Enter => of_route(state),
        KeyCode::Esc => back(state),
        code => {
            look(state, code);
            Wanted::Nothing
        }
    }
}

/// Keys that change nothing but what is looked at.
fn look(state: &mut State, code: KeyCode) {
    let page = isize::try_from(state.log_height.max(2) - 1).unwrap_or(1);
    match code {
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => state.has_help = true,
        KeyCode::Char('/') => state.typed = Some(state.filter.clone()),
        KeyCode::Char('s') => state.sort = state.sort.next(1),
        KeyCode::Char('S') => state.sort = state.sort.back(),
        KeyCode::Char('p' | ' ') => state.log.pause(!state.log.is_paused()),
        KeyCode::Tab => state.pane = beside(state.pane, true),
        KeyCode::BackTab => state.pane = beside(state.pane, false),
        KeyCode::Up | KeyCode::Char('k') => state.go(-1),
        KeyCode::Down | KeyCode::Char('j') => state.go(1),
        KeyCode::PageUp => state.go(-page),
        KeyCode::PageDown => state.go(page),
        KeyCode::Home | KeyCode::Char('g') => state.go(isize::MIN + 1),
        KeyCode::End | KeyCode::Char('G') if state.pane == Pane::Log => state.log.pause(false),
        KeyCode::End | KeyCode::Char('G') => state.go(isize::MAX),
        KeyCode::Left => state.shift = state.shift.saturating_sub(SIDEWAYS),
        KeyCode::Right => state.shift = (state.shift + SIDEWAYS).min(super::log::MOST / 2),
        _ => {}
    }
}

fn beside(pane: Pane, is_onward: bool) -> Pane {
    match (pane, is_onward) {
        (Pane::Alerts, true) | (Pane::Log, false) => Pane::Routes,
        (Pane::Routes, true) | (Pane::Alerts, false) => Pane::Log,
        (Pane::Log, true) | (Pane::Routes, false) => Pane::Alerts,
    }
}

fn range(state: &mut State, is_longer: bool) -> Wanted {
    let new = if is_longer { state.range.longer() } else { state.range.shorter() };
    let is_same = new == state.range;
    state.range = new;
    if is_same { Wanted::Nothing } else { Wanted::Refresh }
}

/// The log of the chosen route alone, or of all again.
fn of_route(state: &mut State) -> Wanted {
    if state.pane != Pane::Routes {
        return Wanted::Nothing;
    }
    let chosen = state.rows().get(state.route_place()).map(|route| route.named.clone());
    state.log_of = if chosen == state.log_of { None } else { chosen };
    Wanted::Tail
}

/// Leaves what was chosen last; there is always a way back to everything.
fn back(state: &mut State) -> Wanted {
    let was_filtered = !state.filter.is_empty() || state.log_of.is_some() || state.errors_only;
    state.filter.clear();
    (state.log_of, state.errors_only, state.shift) = (None, false, 0);
    if was_filtered { Wanted::Tail } else { Wanted::Nothing }
}

fn acknowledge(state: &mut State) -> Wanted {
    let Some(alert) = state.open().get(state.alert_place()) else {
        state.say("no alert is open");
        return Wanted::Nothing;
    };
    Wanted::Acknowledge { alert: alert.id.clone(), is_taken_back: alert.acknowledged.is_some() }
}

fn type_on(state: &mut State, code: KeyCode) -> Wanted {
    let mut typed = state.typed.take().unwrap_or_default();
    match code {
        KeyCode::Esc => return Wanted::Nothing,
        KeyCode::Enter => match state.parsed(&typed) {
            Ok(_) => {
                state.filter = typed.trim().to_owned();
                return Wanted::Tail;
            }
            Err(why) => state.say(&why),
        },
        KeyCode::Backspace => drop(typed.pop()),
        KeyCode::Char(c) if !c.is_control() => typed.push(c),
        _ => {}
    }
    state.typed = Some(typed);
    Wanted::Nothing
}

#[cfg(test)]
mod tests;
