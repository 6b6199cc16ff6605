//! The end of the world at a step, for tests of what is left of it.

use rustix::process::{Signal, getpid, kill_process};

use crate::vm::Step;

/// After which step the process kills itself, if at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct CrashAt(pub Option<Step>);

impl CrashAt {
    /// Ends here, if this is the step: no destructor runs, nothing is flushed.
    pub(super) fn after(self, step: Step) {
        if self.0 == Some(step) {
            // It does not come back from this, unless the system refuses.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
