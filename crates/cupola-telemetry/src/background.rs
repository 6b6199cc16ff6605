//! The thread on which everything runs that is not the application's: exports and background samples.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior};

use crate::thread_state;

/// One thread with a tokio runtime of its own, so that `init` needs none and an export waits for nobody's.
///
/// What runs here is muted: it writes no lines and records no spans, so that Cupola never observes itself. Only the
/// watchdog speaks from here, of others.
pub struct Background {
    handle: Handle,
    /// Taken by the stop: there is one.
    thread: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Background {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(2)
            .thread_name("cupola-blocking")
            .on_thread_start(thread_state::mute)
            .build()?;
        let (handle, (stop, stopped)) = (runtime.handle().clone(), oneshot::channel());
        let thread = Builder::new().name("cupola-background".to_owned()).spawn(move || {
            thread_state::mute();
            // An error says that the handle is gone, and so that nobody wants anything more.
            let _ = suppressed(|| runtime.block_on(stopped));
            // A name that is still being looked up is left alone.
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, thread: Mutex::new(Some((stop, thread))) })
    }

    /// Runs a task until it ends or Cupola does.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// Calls `sample` once in each period, the first time after one has passed, until Cupola ends. A sample that panics
    /// is called again; one that takes long delays the next.
    pub fn every(&self, period: Duration, mut sample: impl FnMut() + Send + 'static) {
        self.spawn(async move {
            let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                // The panic hook has told of it.
                let _ = catch_unwind(AssertUnwindSafe(&mut sample));
            }
        });
    }

    /// Ends what is still running.
    pub(crate) fn stop(&self) {
        let taken = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((stop, thread)) = taken else { return };
        let _ = stop.send(());
        // Whoever is called on the thread itself cannot wait for its end.
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

/// Spans of OpenTelemetry's own that are begun on this thread are none.
#[cfg(feature = "otel_0_33")]
fn suppressed<R>(work: impl FnOnce() -> R) -> R {
    let _suppressed = opentelemetry::Context::enter_telemetry_suppressed_scope();
    work()
}

#[cfg(not(feature = "otel_0_33"))]
fn suppressed<R>(work: impl FnOnce() -> R) -> R {
    work()
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn work_runs_on_one_thread_that_is_muted() {
        let background = Background::start().unwrap();
        let (send, receive) = channel();
        background.spawn(async move { send.send(thread_state::with(0, |state| state.muted)).unwrap() });
        assert!(receive.recv().unwrap());
        background.stop();
        background.spawn(async { unreachable!("nothing runs any more") });
    }

    #[test]
    fn a_sample_that_panics_is_taken_again() {
        let background = Background::start().unwrap();
        let (send, receive) = channel();
        let mut first = true;
        background.every(Duration::from_millis(1), move || {
            let _ = send.send(());
            assert!(!std::mem::take(&mut first), "the first sample panics");
        });
        assert!(receive.recv().is_ok() && receive.recv().is_ok());
    }
}
