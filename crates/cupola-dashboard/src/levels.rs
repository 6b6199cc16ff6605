//! What a process logs, to be seen and changed on the pages.

use std::fmt;
use std::time::Duration;

/// What a process logs, and how that is changed while it runs. Whoever serves the pages has it; they know no log of their own.
pub trait LogLevels: fmt::Debug + Send + Sync {
    /// What its configuration says: `info,hyper=warn`.
    fn configured(&self) -> String;

    /// What is in force.
    fn directives(&self) -> String;

    /// How long a change still stands over the configuration; `None` where it ends by nobody's doing, or there is none.
    fn expires_in(&self) -> Option<Duration>;

    /// Whether a change stands over the configuration.
    fn is_changed(&self) -> bool;

    /// Puts these directives over the configuration for a while.
    ///
    /// # Errors
    /// They cannot be read, or the change could not be made: says which of them is wrong and what is accepted.
    fn set_for(&self, directives: &str, time: Duration) -> Result<(), String>;

    /// From now on the configuration is in force again.
    fn reset(&self);
}
