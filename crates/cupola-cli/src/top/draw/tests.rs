//! Frames of several sizes, as they are read.

use ratatui::style::Modifier;
use serde_json::json;

use super::*;
use crate::top::alerts::Alert;
use crate::top::log::{Log, Row};
use crate::top::range::Range;
use crate::top::routes::{Bar, Named, Route, Routes};
use crate::top::state::Trouble;

/// 2026-11-21T03:46:02Z.
const NOW: i64 = 1_795_232_762_000_000_000;

fn route(name: &str, service: &str, rate: f64, failed: f64, bars: &[f64]) -> Route {
    let named = Named { service: service.to_owned(), route: name.to_owned() };
    let trend = bars.iter().map(|rate| Bar { rate: *rate, has_errors: *rate > 4.0 }).collect();
    Route { named, rate, failed, quantiles_ms: [8.123, 48.12, 1_234.5], busy: rate, trend }
}

fn state() -> State {
    let zone = jiff::tz::TimeZone::UTC;
    let mut state = State::new("http://127.0.0.1:4318", zone, Range::default(), NOW);
    let rows = vec![
        route("/vms/{id}", "shop", 12.5, 0.0, &[1.0, 2.0, 4.0, 3.0]),
        route("/pay", "shop", 2.0, 0.25, &[1.0, 8.0]),
        route("/a/very/long/route/{that}/nobody/can/read/at/once", "billing", 0.02, 0.001, &[]),
    ];
    state.routes.learn(Ok(Routes { rows, is_partial: false }), NOW);
    let alert = |id: &str, phase: &str| {
        json!({ "id": id, "rule": "payments fail", "phase": phase, "severity": "critical", "since": "2026-11-21T03:34:02Z",
            "labels": { "route": "/pay" }, "value": 25, "threshold": 5, "unit": "%", "silences": [] })
    };
    state.alerts.learn(Ok(Alert::open(&[alert("p/2", "pending"), alert("p/1", "firing")])), NOW);
    state.tail.learn(Ok(()), NOW);
    let row = |text: &str, level, is_first| Row { text: text.to_owned(), level, is_first };
    let error = Some(cupola_store::Level::Error);
    state.log.push([
        row("03:46:01.000 INFO  GET /vms/{id} 200 8.1ms  path=/vms/7", Some(cupola_store::Level::Info), true),
        row("03:46:01.500 ERROR 支払いに失敗しました、もう一度お試しください  tries=3  (shop::pay)", error, true),
        row("    error │ not now", error, false),
    ]);
    state
}

fn frame(state: &mut State, width: u16, height: u16) -> String {
    text(state, width, height).unwrap()
}

#[test]
fn eighty_columns() {
    let expected = "\
cupola top  http://127.0.0.1:4318  last 15 min                      03:46:02 UTC
 Alerts  1 firing, 1 pending
 firing     critical  12m  payments fail  25% (limit 5%)  route=/pay
 pending    critical  12m  payments fail  25% (limit 5%)  route=/pay
 Routes  3                                                             by impact
 route                      req/s  err %  p50 ms  p95 ms  p99 ms  trend
 /pay shop                   2.00   25.0    8.12    48.1   1,235  ▁█
 /a/very/long/route/{th…    0.020    0.1    8.12    48.1   1,235
 /vms/{id} shop              12.5      0    8.12    48.1   1,235  ▂▄█▆
 Log                                                                        live
03:46:01.000 INFO  GET /vms/{id} 200 8.1ms  path=/vms/7
03:46:01.500 ERROR 支払いに失敗しました、もう一度お試しください  tries=3  (shop…
    error │ not now










q quit  ? keys  Tab part  ↑↓ choose  Enter its log  / filter  e errors  p pause…
";
    assert_eq!(frame(&mut state(), 80, 24), expected);
}

#[test]
fn sixty_columns() {
    let expected = "\
cupola top  http://127.0.0.1:4318  last 15 min  03:46:02 UTC
 Alerts  1 firing, 1 pending
 firing     critical  12m  payments fail  25% (limit 5%)  r…
 pending    critical  12m  payments fail  25% (limit 5%)  r…
 Routes  3                                         by impact
 route                  req/s  err %  p50 ms  p95 ms  p99 ms
 /pay shop               2.00   25.0    8.12    48.1   1,235
 Log                                                    live
03:46:01.000 INFO  GET /vms/{id} 200 8.1ms  path=/vms/7
03:46:01.500 ERROR 支払いに失敗しました、もう一度お試しくだ…
    error │ not now
q quit  ? keys  Tab part  ↑↓ choose  Enter its log  / filte…
";
    assert_eq!(frame(&mut state(), 60, 12), expected);
}

#[test]
fn every_size_is_drawn() {
    for (width, height) in (0..70).step_by(3).flat_map(|width| (0..26).map(move |height| (width, height))) {
        for pane in [Pane::Alerts, Pane::Routes, Pane::Log] {
            let mut state = state();
            state.pane = pane;
            state.has_help = width % 2 == 0;
            state.routes.learn(Err(Trouble { why: "gone".to_owned(), again: NOW }), NOW);
            frame(&mut state, width, height);
        }
    }
}

#[test]
fn what_is_old_says_so_and_why() {
    let mut state = state();
    state.now = NOW + 12_000_000_000;
    let why = anyhow::anyhow!("http://127.0.0.1:4318: \u{1b}[31mrefused");
    state.routes.learn(Err(Trouble::new(&why, state.now + 4_000_000_000)), state.now);
    state.tail.learn(Err(Trouble::new(&why, state.now)), state.now);
    let shown = frame(&mut state, 120, 20);
    let banner = " no answer: http://127.0.0.1:4318: \\u001b[31mrefused (again in 4 s, shown is what was 12 s ago)";
    assert_eq!(shown.lines().nth(1), Some(banner), "{shown}");
    assert!(shown.contains("stale for 12 s  by impact") && shown.contains("not connected"), "{shown}");
    assert!(shown.contains("/vms/{id}"), "what was known is kept: {shown}");
    state.routes.learn(Ok(Routes::default()), state.now);
    state.tail.learn(Ok(()), state.now);
    let shown = frame(&mut state, 120, 20);
    assert!(!shown.contains("no answer") && shown.contains("no request was told of in the last 15 min"), "{shown}");
}

#[test]
fn a_paused_log_tells_what_waits_and_what_was_dropped() {
    let mut state = state();
    state.log.pause(true);
    state.log.push((0..1_234).map(|at| Row { text: at.to_string(), level: None, is_first: true }));
    state.log.dropped_elsewhere(56);
    let shown = frame(&mut state, 80, 24);
    assert!(shown.contains("56 dropped  paused, 1,234 waiting\n") && !shown.contains("\n1233"), "{shown}");
    state.log = Log::default();
    (state.filter, state.errors_only) = ("level>=warn".to_owned(), true);
    let shown = frame(&mut state, 80, 24);
    assert!(shown.contains(" Log  errors only, level>=warn") && shown.contains("Esc shows all"), "{shown}");
    assert!(!shown.contains("/vms/{id}") && shown.contains("2, with errors only"), "{shown}");
}

#[test]
fn hostile_names_move_nothing() {
    let mut state = state();
    let rows = vec![route("/\u{1b}[2J\u{202e}\u{9b}x\n", "s\u{7}", 1.0, 0.0, &[]), route("/b", "b", 1.0, 0.0, &[])];
    state.routes.learn(Ok(Routes { rows, is_partial: true }), NOW);
    state.say("done\u{1b}[2J");
    let shown = frame(&mut state, 100, 20);
    assert!(shown.contains("/\\u001b[2J\\u202e\\u") && shown.contains("done\\u001b[2J"), "{shown}");
    assert!(shown.contains("not all has been read"), "{shown}");
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
}

#[test]
fn colours_are_left_out_where_they_are_not_wanted() {
    let colors = |has_colors| {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut state = state();
        terminal.draw(|frame| draw(frame, &mut state, has_colors)).unwrap();
        let cells = terminal.backend().buffer().content.clone();
        let painted = cells.iter().filter(|cell| cell.fg != ratatui::style::Color::Reset).count();
        (painted, cells.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count())
    };
    let (with, without) = (colors(true), colors(false));
    assert!(with.0 > 50 && without.0 == 0, "{with:?} {without:?}");
    assert_eq!((with.1, without.1), (88, 88), "the chosen part and row stand out all the same");
}
