//! Propagators: in which headers traces and baggage travel.

use std::fmt;
use std::str::FromStr;

use crate::b3;
use crate::carrier::{Extract, extract_trace};
use crate::trace_context::TraceContext;

/// The formats in which traces and baggage come in and go out, as `OTEL_PROPAGATORS` names them.
///
/// What comes in is read in a fixed order, and the first that is there counts: `traceparent`, then `b3`, then
/// `x-b3-…`. All of them go out.
///
/// ```
/// use cupola_context::Propagators;
///
/// let both: Propagators = "tracecontext,b3".parse()?;
/// assert_eq!(both, Propagators::TRACE_CONTEXT.with(Propagators::B3));
/// assert!("jaeger".parse::<Propagators>().is_err());
/// # Ok::<(), cupola_context::UnknownPropagator>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Propagators(u8);

const NAMES: [(&str, Propagators); 4] = [
    ("tracecontext", Propagators::TRACE_CONTEXT),
    ("baggage", Propagators::BAGGAGE),
    ("b3", Propagators::B3),
    ("b3multi", Propagators::B3_MULTI),
];

impl Propagators {
    /// None: every request starts a trace of its own, and tells nobody.
    pub const NONE: Self = Self(0);
    /// W3C `traceparent` and `tracestate`.
    pub const TRACE_CONTEXT: Self = Self(1);
    /// W3C `baggage`.
    pub const BAGGAGE: Self = Self(2);
    /// B3's single header, `b3`.
    pub const B3: Self = Self(4);
    /// B3's `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled` and `x-b3-flags`.
    pub const B3_MULTI: Self = Self(8);
    /// The default: `tracecontext,baggage`.
    pub const W3C: Self = Self::TRACE_CONTEXT.with(Self::BAGGAGE);

    /// These and the others.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether all the others are among these.
    pub const fn contain(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Reads the trace of whoever sent this, in the first of these formats that is there. A B3 trace whose sampling is
    /// left to the receiver is given as not sampled.
    pub fn extract_trace(self, carrier: &(impl Extract + ?Sized)) -> Option<TraceContext> {
        self.caller(carrier).trace
    }

    pub(crate) fn caller(self, carrier: &(impl Extract + ?Sized)) -> Caller {
        let w3c = || self.contain(Self::TRACE_CONTEXT).then(|| extract_trace(carrier).map(Caller::of)).flatten();
        let single = || self.contain(Self::B3).then(|| b3::single(carrier)).flatten();
        let multi = || self.contain(Self::B3_MULTI).then(|| b3::multi(carrier)).flatten();
        w3c().or_else(single).or_else(multi).unwrap_or_default()
    }
}

/// What a caller says of its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) trace: Option<TraceContext>,
    /// Its decision; `None` where it leaves it to us.
    pub(crate) sampled: Option<bool>,
}

impl Caller {
    pub(crate) fn of(trace: TraceContext) -> Self {
        let sampled = Some(trace.flags.is_sampled());
        Self { trace: Some(trace), sampled }
    }
}

impl Default for Propagators {
    fn default() -> Self {
        Self::W3C
    }
}

impl FromStr for Propagators {
    type Err = UnknownPropagator;

    fn from_str(list: &str) -> Result<Self, UnknownPropagator> {
        if list.trim().eq_ignore_ascii_case("none") {
            return Ok(Self::NONE);
        }
        list.split(',').map(str::trim).filter(|name| !name.is_empty()).try_fold(Self::NONE, |propagators, name| {
            let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            known.map(|(_, one)| propagators.with(*one)).ok_or_else(|| UnknownPropagator(name.into()))
        })
    }
}

impl fmt::Display for Propagators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.pad("none");
        }
        let mut names = NAMES.iter().filter(|(_, one)| self.contain(*one)).map(|(name, _)| *name);
        f.write_str(names.next().unwrap_or_default())?;
        names.try_for_each(|name| write!(f, ",{name}"))
    }
}

impl fmt::Debug for Propagators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Propagators({self})")
    }
}

/// A list of propagators has a name that is not known, or `none` beside others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPropagator(Box<str>);

impl UnknownPropagator {
    /// What is known.
    pub const ACCEPTED: &'static str = "tracecontext, baggage, b3 and b3multi, separated by commas, or none";

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnknownPropagator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            "none" => f.write_str("none stands alone"),
            name => write!(f, "`{name}` is no propagator that is known here"),
        }
    }
}

impl std::error::Error for UnknownPropagator {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_they_are_written() {
        let check = |list: &str, shown: &str| assert_eq!(list.parse::<Propagators>().unwrap().to_string(), shown);
        check("tracecontext,baggage", "tracecontext,baggage");
        check(" B3multi , b3,b3 ", "b3,b3multi");
        check("none", "none");
        check("baggage,", "baggage");
        let error = |list: &str| list.parse::<Propagators>().unwrap_err().to_string();
        assert_eq!(error("tracecontext,jaeger"), "`jaeger` is no propagator that is known here");
        assert_eq!(error("b3,none"), "none stands alone");
        assert_eq!(Propagators::default().to_string(), "tracecontext,baggage");
    }
}
