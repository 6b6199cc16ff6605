//! What a job's trace is to the trace of whoever asked for it.

use std::fmt;

/// What a piece of work that is done later has to do with the request that asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Relation {
    /// The same request id and fields, a trace of its own, and a link to the span that asked. The default: a trace that ends days
    /// later, or of which a hundred thousand jobs are a part, is of use to nobody.
    #[default]
    Link,
    /// The same request id, fields and trace: the span that asked is the parent. Fit for one job that is done at once.
    Child,
    /// Nothing in common: a request id and a trace of its own, no fields.
    None,
}

impl Relation {
    /// The relation as fields name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Child => "child",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
