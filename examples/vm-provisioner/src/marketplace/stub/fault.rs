//! What can go wrong.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 429 with a plain text, and by choice with `Retry-After`, in seconds. Nothing is done.
    TooMany {
        /// When the caller may come again; the real marketplace does not say.
        retry_after: Option<u32>,
    },
    /// A status such as 500, with a page for people. Nothing is done.
    Failing(u16),
    /// The body comes in pieces, with a wait before each.
    Slow(Duration),
    /// The connection is reset in the middle of the body.
    Reset,
    /// The body is no JSON, though its head says so.
    Garbage,
}

/// A text that names no fault.
#[derive(Debug, PartialEq, Eq)]
pub struct NoFault(String);

impl fmt::Display for NoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no fault; accepted: a status, 429;SECONDS, slow;MILLISECONDS, reset, garbage", self.0)
    }
}

impl std::error::Error for NoFault {}

/// `429`, `429;2`, `503`, `slow;40`, `reset`, `garbage`.
impl FromStr for Fault {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let fault = match text.split_once(';').unwrap_or((text, "")) {
            ("429", "") => Some(Self::TooMany { retry_after: None }),
            ("429", seconds) => seconds.parse().ok().map(|seconds| Self::TooMany { retry_after: Some(seconds) }),
            ("slow", wait) => wait.parse().ok().map(|wait| Self::Slow(Duration::from_millis(wait))),
            ("reset", "") => Some(Self::Reset),
            ("garbage", "") => Some(Self::Garbage),
            (status, "") => status.parse().ok().filter(|status| (400..=599).contains(status)).map(Self::Failing),
            _ => None,
        };
        fault.ok_or_else(|| NoFault(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_texts() {
        let check = |text: &str, fault: Fault| assert_eq!(text.parse(), Ok(fault));
        check("429", Fault::TooMany { retry_after: None });
        check("429;2", Fault::TooMany { retry_after: Some(2) });
        check("503", Fault::Failing(503));
        check("slow;40", Fault::Slow(Duration::from_millis(40)));
        check("reset", Fault::Reset);
        check("garbage", Fault::Garbage);
        for text in ["", "200", "600", "slow", "reset;1", "429;x", "fire"] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no fault; accepted: a status")), "{error}");
        }
    }
}
