//! What runs beside the log: the background thread, and the ways to collectors.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::background::Background;
#[cfg(feature = "otlp")]
use crate::deadline::Deadline;
#[cfg(feature = "otlp")]
use crate::otlp::{Config, ExportError, Exporter, Signal};
#[cfg(feature = "otlp")]
use crate::queue::Lines;

#[derive(Debug, Default)]
pub(crate) struct Exports {
    /// Started by the first that needs it.
    background: Mutex<Option<Arc<Background>>>,
    #[cfg(feature = "otlp")]
    exporters: Mutex<Vec<Exporter>>,
}

impl Exports {
    pub(crate) fn background(&self) -> io::Result<Arc<Background>> {
        let mut started = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        match &*started {
            Some(background) => Ok(background.clone()),
            None => Ok(started.insert(Arc::new(Background::start()?)).clone()),
        }
    }

    #[cfg(feature = "otlp")]
    pub(crate) fn start(&self, signal: Signal, config: &Config, lines: &Arc<Lines>) -> Result<Exporter, ExportError> {
        let background = self.background().map_err(ExportError::thread)?;
        let exporter = Exporter::start(signal, config, background, lines.clone())?;
        self.exporters.lock().unwrap_or_else(PoisonError::into_inner).push(exporter.clone());
        Ok(exporter)
    }

    #[cfg(feature = "otlp")]
    pub(crate) fn exporters(&self) -> Vec<Exporter> {
        self.exporters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends what there is, and waits for it.
    pub(crate) fn flush(&self, deadline: Duration) {
        #[cfg(feature = "otlp")]
        {
            let left = Deadline::in_time(deadline);
            for exporter in self.exporters() {
                exporter.flush(left.left());
            }
        }
        #[cfg(not(feature = "otlp"))]
        let _ = deadline;
    }

    /// Sends what there is, except for log records: there may be more of these until the log is closed.
    pub(crate) fn end_others(&self, deadline: Duration) {
        #[cfg(feature = "otlp")]
        self.end_exporters(deadline, |signal| signal != Signal::Logs);
        #[cfg(not(feature = "otlp"))]
        let _ = deadline;
    }

    /// Sends what there is, and ends the thread.
    pub(crate) fn end(&self, deadline: Duration) {
        #[cfg(feature = "otlp")]
        self.end_exporters(deadline, |_| true);
        #[cfg(not(feature = "otlp"))]
        let _ = deadline;
        let background = self.background.lock().unwrap_or_else(PoisonError::into_inner).take();
        background.iter().for_each(|background| background.stop());
    }

    #[cfg(feature = "otlp")]
    fn end_exporters(&self, deadline: Duration, which: impl Fn(Signal) -> bool) {
        let exporters: Vec<Exporter> =
            self.exporters().into_iter().filter(|exporter| which(exporter.signal())).collect();
        exporters.iter().for_each(Exporter::close);
        let left = Deadline::in_time(deadline);
        exporters.iter().for_each(|exporter| exporter.wait(left.left()));
    }

    /// The thread goes on for as long as the process does.
    pub(crate) fn leave_running(&self) {
        std::mem::forget(self.background.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
