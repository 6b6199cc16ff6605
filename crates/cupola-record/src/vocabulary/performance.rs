//! A measurement of how long something took, and whether that is long.

use std::time::Duration;

use tracing::Level;

use super::macros::{noun, say};
use crate::category::Category;
use crate::line_fields::Milliseconds;

const TARGET: &str = Category::Performance.target();

/// The class of a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Speed {
    /// Shorter than usual.
    Fast,
    /// As usual.
    Normal,
    /// Longer than it should be.
    Slow,
    /// So long that something is wrong.
    Critical,
}

impl Speed {
    /// The class as the field has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Normal => "normal",
            Self::Slow => "slow",
            Self::Critical => "critical",
        }
    }
}

/// From which duration on something is normal, slow, critical; what is shorter is fast.
///
/// | operation | normal from | slow from | critical from |
/// |---|---|---|---|
/// | `query`, or ending in `_query` | 10 ms | 100 ms | 1 s |
/// | `load_config` | 50 ms | 500 ms | 2 s |
/// | `file_operation` | 50 ms | 500 ms | 5 s |
/// | `prepare` | 500 ms | 5 s | 30 s |
/// | `sync` | 1 s | 10 s | 60 s |
/// | `llm_call` | 1 s | 5 s | 30 s |
/// | any other, `api_call` too | 100 ms | 1 s | 5 s |
///
/// ```
/// use std::time::Duration;
/// use cupola_record::{Speed, Thresholds};
///
/// assert_eq!(Thresholds::of("sync").class(Duration::from_secs(2)), Speed::Normal);
/// assert_eq!(Thresholds::millis(5, 50, 500).class(Duration::from_secs(2)), Speed::Critical);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    normal: Duration,
    slow: Duration,
    critical: Duration,
}

impl Thresholds {
    /// In milliseconds, in rising order.
    pub const fn millis(normal: u64, slow: u64, critical: u64) -> Self {
        let (normal, slow) = (Duration::from_millis(normal), Duration::from_millis(slow));
        Self { normal, slow, critical: Duration::from_millis(critical) }
    }

    /// Those of an operation, as the table has them.
    pub fn of(operation: &str) -> Self {
        match operation {
            "load_config" => Self::millis(50, 500, 2_000),
            "file_operation" => Self::millis(50, 500, 5_000),
            "prepare" => Self::millis(500, 5_000, 30_000),
            "sync" => Self::millis(1_000, 10_000, 60_000),
            "llm_call" => Self::millis(1_000, 5_000, 30_000),
            name if name == "query" || name.ends_with("_query") => Self::millis(10, 100, 1_000),
            _ => Self::millis(100, 1_000, 5_000),
        }
    }

    /// The class of a duration.
    pub fn class(&self, duration: Duration) -> Speed {
        match duration {
            long if long >= self.critical => Speed::Critical,
            long if long >= self.slow => Speed::Slow,
            usual if usual >= self.normal => Speed::Normal,
            _ => Speed::Fast,
        }
    }
}

noun! {
    /// How long something took, with its [`Speed`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use cupola_record::{Performance, Thresholds};
    ///
    /// let took = Duration::from_millis(180);
    /// Performance::new("render_report", took).thresholds(Thresholds::millis(50, 150, 1000)).items(20).emit();
    /// ```
    Performance(operation: &'a str, duration: Duration) {
        /// The function that was measured.
        function: &'a str,
        /// How many things were worked on.
        items: u64,
        /// Other limits than those of [`Thresholds::of`].
        thresholds: Thresholds,
    }
}

impl Performance<'_> {
    /// The class of its duration.
    pub fn speed(&self) -> Speed {
        self.thresholds.unwrap_or_else(|| Thresholds::of(self.operation)).class(self.duration)
    }

    /// Says it.
    pub fn emit(&self) {
        say!(self.scope, Level::INFO, [INFO], TARGET, {
            message = "performance",
            event = "performance",
            operation = self.operation,
            function = self.function,
            duration_ms = self.duration.milliseconds(),
            speed = self.speed().as_str(),
            items = self.items,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_class() {
        let check = |operation: &str, micros: u64, expected: Speed| {
            let performance = Performance::new(operation, Duration::from_micros(micros));
            assert_eq!(performance.speed(), expected, "{operation} {micros}");
        };
        check("build_crew", 0, Speed::Fast);
        check("build_crew", 99_999, Speed::Fast);
        check("build_crew", 100_000, Speed::Normal);
        check("build_crew", 1_000_000, Speed::Slow);
        check("build_crew", 5_000_000, Speed::Critical);
        check("offers_query", 100_000, Speed::Slow);
        check("load_config", 2_000_000, Speed::Critical);
        check("sync", 59_000_000, Speed::Slow);
        check("prepare", 600_000, Speed::Normal);
        check("llm_call", 900_000, Speed::Fast);
        check("file_operation", 50_000, Speed::Normal);
    }
}
