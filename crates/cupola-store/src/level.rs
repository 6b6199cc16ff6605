//! How serious an entry is, in the words and numbers of every logger.

use std::fmt;

/// The five levels, the least serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What only its author can use.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What went as it should.
    Info,
    /// What may become a fault.
    Warn,
    /// What went wrong.
    Error,
}

impl Level {
    /// All of them, the least serious first.
    pub const ALL: [Self; 5] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// As our own lines have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    /// A level as our own lines have it.
    #[inline]
    pub fn canonical(text: &[u8]) -> Option<Self> {
        match text {
            b"INFO" => Some(Self::Info),
            b"WARN" => Some(Self::Warn),
            b"ERROR" => Some(Self::Error),
            b"DEBUG" => Some(Self::Debug),
            b"TRACE" => Some(Self::Trace),
            _ => None,
        }
    }

    /// A level in any logger's word: `warning`, `Fatal`, `ERROR+2` (slog's).
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.trim().split(['+', '-']).next().unwrap_or_default().to_ascii_lowercase();
        Some(match word.as_str() {
            "trace" | "verbose" | "silly" | "finest" => Self::Trace,
            "debug" | "dbg" | "fine" | "debug2" | "debug3" | "debug4" => Self::Debug,
            "info" | "information" | "informational" | "notice" | "default" | "log" | "http" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "err" | "severe" | "fatal" | "critical" | "crit" | "panic" | "dpanic" | "alert" | "emerg"
            | "emergency" => Self::Error,
            _ => return None,
        })
    }

    /// pino's and bunyan's numbers (10 to 60), and below them syslog's (0 to 7, the most serious first).
    pub fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0..=3 => Self::Error,
            4 => Self::Warn,
            5 | 6 => Self::Info,
            7 => Self::Debug,
            8..=10 => Self::Trace,
            11..=20 => Self::Debug,
            21..=30 => Self::Info,
            31..=40 => Self::Warn,
            41.. => Self::Error,
            _ => return None,
        })
    }

    /// OpenTelemetry's severity numbers, 1 to 24.
    pub fn from_severity(number: i64) -> Option<Self> {
        Some(match number {
            1..=4 => Self::Trace,
            5..=8 => Self::Debug,
            9..=12 => Self::Info,
            13..=16 => Self::Warn,
            17..=24 => Self::Error,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let check = |text, expected| assert_eq!(Level::parse(text), expected, "{text}");
        check("INFO", Some(Level::Info));
        check("warning", Some(Level::Warn));
        check("Fatal", Some(Level::Error));
        check("ERROR+2", Some(Level::Error));
        check("DEBUG-4", Some(Level::Debug));
        check("loud", None);
        for level in Level::ALL {
            check(level.as_str(), Some(level));
            assert_eq!(Level::canonical(level.as_str().as_bytes()), Some(level));
        }
    }

    #[test]
    fn numbers() {
        let check = |number, expected| assert_eq!(Level::from_number(number), expected, "{number}");
        check(10, Some(Level::Trace));
        check(20, Some(Level::Debug));
        check(30, Some(Level::Info));
        check(40, Some(Level::Warn));
        check(50, Some(Level::Error));
        check(60, Some(Level::Error));
        check(3, Some(Level::Error));
        check(6, Some(Level::Info));
        check(-4, None);
        assert_eq!(Level::from_severity(17), Some(Level::Error));
        assert_eq!(Level::from_severity(0), None);
    }
}
