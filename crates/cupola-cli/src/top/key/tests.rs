//! What keys do.

use super::*;
use crate::top::alerts::Alert;
use crate::top::range::Range;
use crate::top::routes::{Named, Route, Routes, Sort};

fn state() -> State {
    let mut state = State::new("here", jiff::tz::TimeZone::UTC, Range::default(), 0);
    let route = |name: &str, rate| {
        let named = Named { service: "shop".to_owned(), route: name.to_owned() };
        Route { named, rate, busy: rate, ..Route::default() }
    };
    let rows = vec![route("/a", 3.0), route("/b", 2.0), route("/c", 1.0)];
    state.routes.learn(Ok(Routes { rows, is_partial: false }), 0);
    state
}

fn keys(state: &mut State, keys: &str) -> Wanted {
    keys.chars().map(|c| press(state, KeyCode::Char(c).into())).last().unwrap_or(Wanted::Nothing)
}

fn code(state: &mut State, code: KeyCode) -> Wanted {
    press(state, code.into())
}

fn chosen(state: &State) -> String {
    state.rows()[state.route_place()].named.route.clone()
}

fn meant(state: &State) -> String {
    state.expression().unwrap().map(|expression| expression.to_string()).unwrap_or_default()
}

#[test]
fn a_route_stays_chosen_wherever_it_stands() {
    let mut state = state();
    keys(&mut state, "jj");
    assert_eq!(chosen(&state), "/c");
    keys(&mut state, "jjj");
    assert_eq!(chosen(&state), "/c");
    state.sort = Sort::Quantile(2);
    if let Some(routes) = &mut state.routes.value {
        routes.rows[2].quantiles_ms = [9.0; 3];
    }
    assert_eq!((chosen(&state).as_str(), state.route_place()), ("/c", 0));
    keys(&mut state, "G");
    assert_eq!(chosen(&state), "/b");
    keys(&mut state, "g");
    assert_eq!(chosen(&state), "/c");
    keys(&mut state, "ksS");
    assert_eq!((chosen(&state).as_str(), state.sort), ("/c", Sort::Quantile(2)));
}

#[test]
fn the_log_is_of_a_route_of_errors_and_of_what_is_typed() {
    let mut state = state();
    keys(&mut state, "j");
    assert_eq!(code(&mut state, KeyCode::Enter), Wanted::Tail);
    assert_eq!(meant(&state), "route=/b service=shop");
    assert_eq!(keys(&mut state, "e"), Wanted::Tail);
    assert_eq!(keys(&mut state, "/status=5xq"), Wanted::Nothing, "q is a letter of what is typed");
    code(&mut state, KeyCode::Backspace);
    assert_eq!(code(&mut state, KeyCode::Char('x')), Wanted::Nothing);
    assert_eq!(code(&mut state, KeyCode::Enter), Wanted::Tail);
    assert_eq!(meant(&state), "route=/b service=shop level>=error status=5xx");
    assert_eq!(code(&mut state, KeyCode::Esc), Wanted::Tail);
    assert_eq!((meant(&state).as_str(), code(&mut state, KeyCode::Esc)), ("", Wanted::Nothing));
    code(&mut state, KeyCode::Enter);
    code(&mut state, KeyCode::Enter);
    assert_eq!(state.log_of, None, "once more is all again");
}

#[test]
fn a_filter_that_means_nothing_stays_to_be_corrected() {
    let mut state = state();
    keys(&mut state, "/(status=5xx");
    assert_eq!(code(&mut state, KeyCode::Enter), Wanted::Nothing);
    assert_eq!(state.typed.as_deref(), Some("(status=5xx"));
    assert!(state.note().is_some_and(|note| note.contains(')')), "{:?}", state.note());
    let control = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    press(&mut state, control('u'));
    assert_eq!(state.typed.as_deref(), Some(""));
    assert_eq!(press(&mut state, control('c')), Wanted::Quit);
    code(&mut state, KeyCode::Esc);
    assert_eq!((state.typed.clone(), state.filter.as_str()), (None, ""));
}

#[test]
fn time_grows_and_shrinks_within_bounds() {
    let mut state = state();
    assert_eq!((keys(&mut state, "-"), state.range.name()), (Wanted::Refresh, "5 min"));
    assert_eq!(keys(&mut state, "-"), Wanted::Nothing);
    assert_eq!((keys(&mut state, "+++++"), state.range.name()), (Wanted::Refresh, "7 d"));
    assert_eq!((keys(&mut state, "+"), keys(&mut state, "r")), (Wanted::Nothing, Wanted::Refresh));
}

#[test]
fn an_alert_is_acknowledged_and_that_is_taken_back() {
    let mut state = state();
    assert_eq!(keys(&mut state, "a"), Wanted::Nothing);
    assert_eq!(state.note(), Some("no alert is open"));
    let alert = |id: &str, acknowledged: Option<&str>| Alert {
        id: id.to_owned(),
        acknowledged: acknowledged.map(str::to_owned),
        ..Alert::default()
    };
    state.alerts.learn(Ok(vec![alert("x/1", None), alert("x/2", Some("ann"))]), 0);
    let wanted = |alert: &str, is_taken_back| Wanted::Acknowledge { alert: alert.to_owned(), is_taken_back };
    assert_eq!(keys(&mut state, "a"), wanted("x/1", false));
    code(&mut state, KeyCode::BackTab);
    keys(&mut state, "j");
    assert_eq!((state.pane, keys(&mut state, "a")), (Pane::Alerts, wanted("x/2", true)));
}

#[test]
fn parts_of_the_screen_follow_upon_one_another() {
    let mut state = state();
    let panes = [KeyCode::Tab, KeyCode::Tab, KeyCode::Tab, KeyCode::BackTab].map(|key| {
        code(&mut state, key);
        state.pane
    });
    assert_eq!(panes, [Pane::Log, Pane::Alerts, Pane::Routes, Pane::Alerts]);
    keys(&mut state, "p");
    assert!(state.log.is_paused());
    keys(&mut state, " ");
    assert!(!state.log.is_paused());
    keys(&mut state, "?");
    assert!(state.has_help);
    assert_eq!((keys(&mut state, "x"), state.has_help), (Wanted::Nothing, false));
    assert_eq!(keys(&mut state, "?q"), Wanted::Quit);
}
