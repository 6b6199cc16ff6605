//! What is asked of the store: rules that ask the same share the answer.

use cupola_store::{How, Level, Signal};

use super::Span;
use crate::rule::Apart;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// All services and routes, so that rules for each of them ask the same.
    Requests {
        signal: Option<Signal>,
        by: Apart,
        span: Span,
    },
    Counts {
        signal: Signal,
        filter: Option<String>,
        by: Option<String>,
        span: Span,
    },
    Failures {
        filter: Option<String>,
        level: Level,
        span: Span,
    },
    Points {
        metric: String,
        how: HowKey,
        service: Option<String>,
        only: Vec<(String, String)>,
        by: Vec<String>,
        span: Span,
    },
}

/// What is told of points, comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HowKey(u8, u64);

impl HowKey {
    pub(crate) fn of(how: How) -> Self {
        match how {
            How::Last => Self(0, 0),
            How::Mean => Self(1, 0),
            How::Least => Self(2, 0),
            How::Most => Self(3, 0),
            How::Sum => Self(4, 0),
            How::Rate => Self(5, 0),
            How::Quantile(share) => Self(6, share.to_bits()),
        }
    }

    pub(crate) fn how(self) -> How {
        match self.0 {
            0 => How::Last,
            1 => How::Mean,
            2 => How::Least,
            3 => How::Most,
            4 => How::Sum,
            5 => How::Rate,
            _ => How::Quantile(f64::from_bits(self.1)),
        }
    }
}
