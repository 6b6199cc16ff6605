//! A way for what runs on the thread of exports to be heard.

use tracing::Dispatch;

use crate::thread_state;

/// Writes lines from the thread of exports and background samples, of which none are written otherwise. For what is to be known, and
/// never for what tells of the exports themselves.
#[derive(Clone, Debug)]
pub struct Voice(Dispatch);

impl Voice {
    pub(crate) fn new(dispatch: Dispatch) -> Self {
        Self(dispatch)
    }

    /// Lets what happens meanwhile be lines of the log.
    pub fn aloud<R>(&self, work: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.0, || thread_state::aloud(work))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Memory, Telemetry};

    #[test]
    fn it_is_heard_on_a_thread_that_is_muted() {
        let lines = Memory::default();
        let telemetry = Telemetry::builder(Config::default()).output(lines.clone()).build().unwrap();
        let (voice, background) = (telemetry.voice(), telemetry.background().unwrap());
        let (done, told) = std::sync::mpsc::channel();
        background.spawn(async move {
            tracing::warn!("unheard");
            voice.aloud(|| tracing::warn!("heard"));
            tracing::warn!("unheard again");
            done.send(()).unwrap();
        });
        told.recv().unwrap();
        telemetry.shutdown(std::time::Duration::from_secs(10));
        let lines = lines.text();
        assert!(lines.contains("\"heard\"") && !lines.contains("unheard"), "{lines}");
    }
}
