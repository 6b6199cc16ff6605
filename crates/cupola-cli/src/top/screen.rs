//! The terminal while it is ours, and the loop that draws.

use std::io::{self, Stdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event};
use tokio::sync::watch;
use tokio::time::Instant;

use super::draw::draw;
use super::key::{Wanted, press};
use super::news::News;
use super::poll::OfAlerts;
use super::range::Range;
use super::state::State;
use super::tail::Filter;
use crate::alerts::now;

/// What comes within this time is drawn together.
const FRAME: Duration = Duration::from_millis(50);
/// Times that are told are those of the second.
const TICK: Duration = Duration::from_secs(1);

/// The terminal: as it was once this is dropped, and when anything panics.
struct Screen(Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    fn enter() -> io::Result<Self> {
        Ok(Self(ratatui::try_init()?))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        _ = ratatui::try_restore();
        _ = self.0.show_cursor();
    }
}

/// To those who ask.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) routes: Sender<Range>,
    pub(super) alerts: Sender<OfAlerts>,
    pub(super) filter: watch::Sender<Filter>,
}

/// Draws what is told until somebody quits.
pub(super) fn show(state: &mut State, has_colors: bool, orders: &Orders, news: &Receiver<News>) -> io::Result<()> {
    let mut screen = Screen::enter()?;
    loop {
        state.now = now();
        screen.0.draw(|frame| draw(frame, state, has_colors))?;
        if !listen(state, orders, news) {
            return Ok(());
        }
    }
}

/// Takes what comes until it is time to draw; `false` once it is to end.
fn listen(state: &mut State, orders: &Orders, news: &Receiver<News>) -> bool {
    let (mut wait, mut until) = (TICK, None::<Instant>);
    loop {
        let came = match news.recv_timeout(wait) {
            Ok(came) => came,
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        let is_urgent = matches!(came, News::Key(_) | News::Resized);
        if !apply(state, came, orders) {
            return false;
        }
        let until = *until.get_or_insert_with(|| Instant::now() + FRAME);
        wait = until.saturating_duration_since(Instant::now());
        if is_urgent || wait.is_zero() {
            return true;
        }
    }
}

fn apply(state: &mut State, news: News, orders: &Orders) -> bool {
    state.now = now();
    match news {
        News::Key(key) => return act(press(state, key), state, orders),
        News::Resized => {}
        News::Routes(range, told) if range == state.range => state.routes.learn(told, state.now),
        News::Routes(..) => {}
        News::Alerts(told) => state.alerts.learn(told, state.now),
        News::Done(what) => state.say(&what),
        News::Rows(number, rows) if number == orders.filter.borrow().number => state.log.push(rows),
        News::Rows(..) => {}
        News::Dropped(count) => state.log.dropped_elsewhere(count),
        News::Tail(told) => state.tail.learn(told, state.now),
        News::End => return false,
    }
    true
}

/// Those who are gone have said why.
fn act(wanted: Wanted, state: &mut State, orders: &Orders) -> bool {
    match wanted {
        Wanted::Nothing => {}
        Wanted::Quit => return false,
        Wanted::Refresh => {
            _ = orders.routes.send(state.range);
            _ = orders.alerts.send(OfAlerts::Look);
        }
        Wanted::Acknowledge { alert, is_taken_back } => {
            _ = orders.alerts.send(OfAlerts::Acknowledge { alert, is_taken_back });
        }
        Wanted::Tail => match state.expression() {
            Ok(expression) => {
                state.log.clear();
                orders.filter.send_modify(|filter| *filter = Filter { number: filter.number + 1, expression });
            }
            Err(why) => state.say(&why),
        },
    }
    true
}

/// Tells of keys, of another size, and that the process is to end.
pub(super) fn hear(news: &SyncSender<News>) {
    let (keys, signals) = (news.clone(), news.clone());
    thread::spawn(move || {
        loop {
            let told = match event::read() {
                Ok(Event::Key(key)) if !key.is_release() => News::Key(key),
                Ok(Event::Resize(..)) => News::Resized,
                Ok(_) => continue,
                // The terminal is gone.
                Err(_) => News::End,
            };
            let is_end = matches!(told, News::End);
            if keys.send(told).is_err() || is_end {
                return;
            }
        }
    });
    thread::spawn(move || {
        // Without it the process ends as it would without us.
        _ = ended();
        signals.send(News::End)
    });
}

#[cfg(unix)]
fn ended() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let of = |kind| signal(kind);
        let mut all = (of(SignalKind::terminate())?, of(SignalKind::interrupt())?, of(SignalKind::hangup())?);
        tokio::select! {
            _ = all.0.recv() => {}
            _ = all.1.recv() => {}
            _ = all.2.recv() => {}
        }
        Ok(())
    })
}

#[cfg(not(unix))]
fn ended() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c())
}
