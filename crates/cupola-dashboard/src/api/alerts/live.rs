//! What happens to alerts, as server-sent events that go on where a watcher was.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cupola_alert::{Alerts, Event};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use super::super::call::Call;
use super::super::document::Routes;
use super::super::live::{EVENTS, Source, stream};
use super::super::operation::Operation;
use super::super::parameter::AFTER;
use super::told;
use crate::desk::Desk;
use crate::problem::Problem;

/// So many watch at once.
const WATCHERS: usize = 32;
/// So often it is looked what has happened: other processes decide things, too.
const TURN: Duration = Duration::from_secs(1);
/// So many events are read at once, and no more of them wait for a watcher.
const PIECE: usize = 100;
/// By which a browser says what it has seen last.
const LAST: &str = "last-event-id";

/// Adds what can be watched.
pub(super) fn add(routes: &mut Routes, desk: &Desk, alerts: &Arc<Alerts>) {
    let places = Arc::new(Semaphore::new(WATCHERS));
    let (desk, alerts) = (desk.clone(), Arc::clone(alerts));
    routes.add(operation(), move |call| {
        let place = Arc::clone(&places).try_acquire_owned();
        let (desk, alerts) = (desk.clone(), Arc::clone(&alerts));
        async move {
            let many = |_| Problem::too_many(format!("{WATCHERS} watch already, and more may not"));
            let place = place.map_err(many)?;
            let after = begin(call, &desk, &alerts).await?;
            let (given, came) = mpsc::channel(1);
            tokio::spawn(follow(alerts, desk, after, given, place));
            Ok(stream(Came(came)))
        }
    });
}

fn operation() -> Operation {
    let live = Operation::get("/alerts/live", "watch_alerts", "What happens to alerts from now on, and what people do");
    let live = live.says(
        "Server-sent events: `change`, one for each, with the event as JSON, as `/alerts/history` has it, and its number as id. Who was away goes on \
         where they were, by the head `Last-Event-ID`, the number of the last event that was seen, as browsers send it, or by `after`, over which that wins: nothing is left out. It ends when the server does.",
    );
    live.asks([&AFTER])
        .gives("Events, until the watcher leaves or the server ends.", EVENTS)
        .fails(429, "Too many watch already.")
}

/// After which event it begins: the last one of all, unless somebody says otherwise.
async fn begin(mut call: Call, desk: &Desk, alerts: &Arc<Alerts>) -> Result<i64, Problem> {
    let accepted = "the number of an event";
    let after = call.asked.read_as::<i64>("after", accepted)?;
    let after = match call.heads.get(LAST) {
        None => after,
        Some(last) => {
            let number = last.to_str().ok().and_then(|last| last.parse().ok());
            Some(number.ok_or_else(|| Problem::bad("Last-Event-ID", "cannot be read", accepted))?)
        }
    };
    let alerts = Arc::clone(alerts);
    let newest = desk.ask(move |_| alerts.history(None, None, 1)).await??.first().map_or(0, |event| event.number);
    // Whoever knows of more than there is has seen another store.
    Ok(after.unwrap_or(newest).min(newest))
}

/// Reads what happens for one watcher, at the watcher's own pace, until the watcher has gone or nothing more happens.
async fn follow(
    alerts: Arc<Alerts>,
    desk: Desk,
    mut after: i64,
    given: mpsc::Sender<Bytes>,
    _place: OwnedSemaphorePermit,
) {
    // Whoever has seen no event yet goes on from here all the same.
    if given.send(Bytes::from(format!("id: {after}\n\n"))).await.is_err() {
        return;
    }
    let mut turn = interval(TURN);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !alerts.is_over() {
        tokio::select! {
            () = given.closed() => return,
            _ = turn.tick() => {}
        }
        loop {
            let asked = Arc::clone(&alerts);
            // What cannot be read now is read at another turn.
            let Ok(Ok(events)) = desk.ask(move |_| asked.history_after(after, PIECE)).await else { break };
            let Some(last) = events.last() else { break };
            after = last.number;
            if given.send(written(&events)).await.is_err() {
                return;
            }
            if events.len() < PIECE {
                break;
            }
        }
    }
}

fn written(events: &[Event]) -> Bytes {
    let one = |event: &Event| {
        // JSON has no line ends of its own but between its parts, and there are none.
        let json = serde_json::to_string(&told::Happening::from(event)).unwrap_or_default();
        format!("id: {}\nevent: change\ndata: {json}\n\n", event.number)
    };
    events.iter().map(one).collect::<String>().into()
}

/// What was read.
struct Came(mpsc::Receiver<Bytes>);

impl Source for Came {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_recv(context)
    }
}
