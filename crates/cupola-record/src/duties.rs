//! Duties: what a sink does for an exchange, so that two layers around one request do it once.

use std::ops::BitOr;

/// A set of duties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duties(u8);

impl Duties {
    /// None: the sink does something of its own, and does it wherever it stands.
    pub const NONE: Self = Self(0);
    /// Writes the access line.
    pub const LOG: Self = Self(1);
    /// Counts the route metrics.
    pub const METRICS: Self = Self(2);
    /// Records spans: of a request that is served, and of each attempt of a call.
    pub const SPAN: Self = Self(4);
    /// Tells while the exchange is still running.
    pub const WATCH: Self = Self(8);
    /// Holds lines back until it is known how the exchange ends.
    pub const HOLD: Self = Self(16);
    /// Counts the bytes of the request's body: not a sink's, but of the layer that watches the body first.
    pub const BODY: Self = Self(128);

    /// Not a duty: the head of a stream of events is out, and the stream lasts for as long as somebody listens.
    pub const ENDLESS: Self = Self(32);
    /// Not a duty: the exchange has ended, and its context serves no other.
    pub const ENDED: Self = Self(64);

    /// The set as bits, as [`cupola_context::Context::claim`] takes them.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set of these bits.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether all of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Duties {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
