//! The watchdog: tells of requests that are still running when they should long have ended.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cupola_context::{Context, SpanId};
use cupola_record::{Choices, Duties, Exchange, Record, Sink, TARGET};
use rustc_hash::FxHashMap;
use tracing::Dispatch;

use crate::background::Background;
use crate::thread_state;

/// The message of the line that says that a request has not ended.
const RUNNING: &str = "request still running";

/// Requests on different threads seldom wait for one another.
const SHARDS: usize = 16;

/// The most requests that are watched at once: what comes on top is counted.
const MAX_WATCHED: usize = 64 * 1024;

/// A sink that knows which requests are running, and a task beside it that tells of those over a limit.
///
/// Each has one line at WARN when the limit has passed, and one more whenever that time has doubled: at 1, 2, 4, 8 …
/// times the limit, a little late rather than early (an eighth of the limit, a second at most). The line says method,
/// route, masked path, ids and `elapsed_ms`, and the context's fields as they are then. It is written from a thread of
/// Cupola's own, so that a handler that blocks its thread, or all threads, is told of too.
///
/// A request runs until the last byte of its response. Two kinds only until the head: a stream of events, and a
/// connection that speaks another protocol from then on. A request that is muted has no line. Up to 65,536 requests are watched at once; a line tells how
/// many were not.
#[derive(Clone, Debug)]
pub struct Watchdog(Arc<Watched>);

struct Watched {
    limit: Duration,
    shards: [Mutex<FxHashMap<SpanId, Running>>; SHARDS],
    /// How many found no room since the last look.
    unwatched: AtomicU64,
}

#[derive(Debug)]
struct Running {
    request: Request,
    began: Instant,
    /// When it is told of next, since it began.
    due: Duration,
}

/// What a line says of a request.
#[derive(Clone, Debug)]
struct Request {
    context: Context,
    route: Option<Arc<str>>,
    /// The method, a space, and the masked path: one allocation.
    asked: Arc<str>,
}

impl Watchdog {
    pub(crate) fn start(limit: Duration, background: &Background, dispatch: Dispatch) -> Self {
        let watched = Arc::new(Watched::new(limit));
        let looked_at = watched.clone();
        background.every(period(limit), move || looked_at.tell(now(), &dispatch));
        Self(watched)
    }
}

/// How often it looks.
fn period(limit: Duration) -> Duration {
    (limit / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
}

#[allow(
    clippy::disallowed_methods,
    reason = "threads of different runtimes compare it, of which each could pause its own"
)]
fn now() -> Instant {
    Instant::now()
}

impl Sink for Watchdog {
    fn opened(&self, exchange: &Exchange) {
        if !exchange.served.contains(Duties::WATCH) {
            self.0.note(exchange, now());
        }
    }

    fn record(&self, record: Record<'_>) {
        match record {
            Record::Exchange(exchange, _) if !exchange.served.contains(Duties::WATCH) => {
                self.0.forget(&exchange.context);
            }
            _ => {}
        }
    }

    fn duties(&self) -> Duties {
        Duties::WATCH
    }
}

impl Watched {
    fn new(limit: Duration) -> Self {
        // No time at all has no double.
        let limit = limit.max(Duration::from_millis(1));
        Self { limit, shards: Default::default(), unwatched: AtomicU64::new(0) }
    }

    fn note(&self, exchange: &Exchange, began: Instant) {
        let asked = format!("{} {}", exchange.method_label(), exchange.path()).into();
        let request = Request { context: exchange.context.clone(), route: exchange.route.clone(), asked };
        let (id, due) = (span_of(&exchange.context), self.limit);
        let mut shard = self.shard(id);
        if shard.len() >= MAX_WATCHED / SHARDS {
            drop(shard);
            self.unwatched.fetch_add(1, Ordering::Relaxed);
            return;
        }
        shard.insert(id, Running { request, began, due });
    }

    fn forget(&self, context: &Context) {
        let id = span_of(context);
        // What it holds is dropped without the lock.
        let forgotten = self.shard(id).remove(&id);
        drop(forgotten);
    }

    /// Our own spans' ids are random bytes, which nobody else chooses: they differ, and spread by themselves.
    fn shard(&self, id: SpanId) -> MutexGuard<'_, FxHashMap<SpanId, Running>> {
        let index = usize::from(id.to_bytes()[7]) % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are due, and for how long each has been running.
    fn due(&self, now: Instant) -> Vec<(Request, Duration)> {
        let mut due = Vec::new();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, running| {
                let elapsed = now.saturating_duration_since(running.began);
                if elapsed >= running.due && !running.request.is_over() {
                    running.put_off(elapsed);
                    due.push((running.request.clone(), elapsed));
                }
                elapsed < self.limit || !running.request.is_over()
            });
        }
        due
    }

    fn tell(&self, now: Instant, dispatch: &Dispatch) {
        let (due, unwatched) = (self.due(now), self.unwatched.swap(0, Ordering::Relaxed));
        if due.is_empty() && unwatched == 0 {
            return;
        }
        tracing::dispatcher::with_default(dispatch, || {
            thread_state::aloud(|| {
                due.iter().for_each(|(request, elapsed)| request.tell(*elapsed));
                tell_of_unwatched(unwatched);
            });
        });
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("limit", &self.limit).finish_non_exhaustive()
    }
}

fn span_of(context: &Context) -> SpanId {
    context.trace().span_id
}

impl Running {
    /// Whoever was not asked for a while tells once, not once for each time that it has missed.
    fn put_off(&mut self, elapsed: Duration) {
        while self.due <= elapsed {
            self.due = self.due.saturating_mul(2);
        }
    }
}

impl Request {
    /// What is left of it says nothing of the server, or nothing is, or nobody wants to know.
    fn is_over(&self) -> bool {
        let claimed = Duties::from_bits(self.context.claim(0));
        claimed.contains(Duties::ENDLESS) || claimed.contains(Duties::ENDED) || Choices::of(&self.context).is_muted()
    }

    fn tell(&self, elapsed: Duration) {
        let route = self.route.as_ref().or_else(|| self.context.route());
        let (method, path) = self.asked.split_once(' ').unwrap_or((&self.asked, ""));
        let elapsed_ms = elapsed.as_micros() as f64 / 1000.0;
        self.context.enter(|| {
            // The ids are the ambient context's, and so are its fields.
            tracing::warn!(target: TARGET, method, route = route.map(|route| &**route), path, elapsed_ms, "{RUNNING}");
        });
    }
}

fn tell_of_unwatched(requests: u64) {
    if requests > 0 {
        let most = MAX_WATCHED;
        tracing::warn!(target: TARGET, requests, most, "too many requests at once: these are not watched");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_context::{Fresh, RequestIdFormat};
    use std::time::SystemTime;

    const LIMIT: Duration = Duration::from_millis(100);

    fn exchange(number: u32) -> Exchange {
        let mut random = [7; 40];
        random.chunks_exact_mut(4).for_each(|chunk| chunk.copy_from_slice(&(number + 1).to_be_bytes()));
        let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(0, random));
        Exchange::server(context, SystemTime::UNIX_EPOCH, http::Method::GET)
    }

    fn running(watched: &Watched) -> usize {
        watched.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }

    #[test]
    fn a_limit_of_no_time_has_an_end_to_its_doubling() {
        let (watched, began) = (Watched::new(Duration::ZERO), now());
        watched.note(&exchange(1), began);
        assert_eq!(watched.due(began + Duration::from_secs(1)).len(), 1);
    }

    #[test]
    fn a_request_is_due_at_the_limit_and_whenever_that_has_doubled() {
        let (watched, began) = (Watched::new(LIMIT), now());
        watched.note(&exchange(1), began);
        let mut told = Vec::new();
        for ms in (0..1700).step_by(10) {
            let due = watched.due(began + Duration::from_millis(ms));
            told.extend(due.iter().map(|(_, elapsed)| elapsed.as_millis()));
        }
        assert_eq!(told, [100, 200, 400, 800, 1600]);
        let late = watched.due(began + Duration::from_secs(3600));
        assert_eq!(late.len(), 1, "once, however much was missed");
    }

    #[test]
    fn what_has_ended_or_streams_events_is_not_running() {
        let (watched, began) = (Watched::new(LIMIT), now());
        let (ended, stream, slow) = (exchange(1), exchange(2), exchange(3));
        [&ended, &stream, &slow].iter().for_each(|exchange| watched.note(exchange, began));
        watched.forget(&ended.context);
        stream.context.claim(Duties::ENDLESS.bits());
        let due = watched.due(began + LIMIT);
        assert!(due.len() == 1 && due[0].0.context.is(&slow.context), "{due:?}");
        assert_eq!(running(&watched), 1, "a stream takes no room from requests that run");
    }

    #[test]
    fn over_the_bound_requests_are_counted_and_not_watched() {
        let (watched, began) = (Watched::new(LIMIT), now());
        let too_many = MAX_WATCHED as u32 + 1000;
        (0..too_many).for_each(|number| watched.note(&exchange(number), began));
        let unwatched = watched.unwatched.load(Ordering::Relaxed);
        assert_eq!((running(&watched), unwatched), (MAX_WATCHED, 1000));
    }

    #[test]
    fn it_looks_often_enough_and_not_too_often() {
        let check = |limit, expected| assert_eq!(period(Duration::from_millis(limit)).as_millis(), expected);
        check(1, 5);
        check(1000, 125);
        check(60_000, 1000);
    }
}
