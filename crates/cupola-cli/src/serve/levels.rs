//! What the server itself logs, as the pages ask for it.

use std::fmt;
use std::time::Duration;

use cupola::telemetry::Levels;
use cupola_dashboard::LogLevels;

/// What this process logs.
pub(super) struct OwnLevels(pub(super) Levels);

impl LogLevels for OwnLevels {
    fn configured(&self) -> String {
        self.0.configured().to_owned()
    }

    fn directives(&self) -> String {
        self.0.directives()
    }

    fn expires_in(&self) -> Option<Duration> {
        self.0.expires_in()
    }

    fn is_changed(&self) -> bool {
        self.0.is_changed()
    }

    fn set_for(&self, directives: &str, time: Duration) -> Result<(), String> {
        self.0.set_for(directives, time).map_err(|error| error.to_string())
    }

    fn reset(&self) {
        self.0.reset();
    }
}

impl fmt::Debug for OwnLevels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnLevels").field(&self.0.directives()).finish()
    }
}
