//! The flags of a trace context (W3C Level 2).

/// What is known of a trace in one byte: sampled, and whether its id is random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// Nothing set.
    pub const NONE: Self = Self(0);
    /// The caller may have recorded this trace.
    pub const SAMPLED: Self = Self(1);
    /// The right-most 7 bytes of the trace id are random (Level 2).
    pub const RANDOM: Self = Self(2);

    /// Keeps the bits that are known; the others are zero, as Level 2 asks.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte & 3)
    }

    /// The byte as it goes into a header.
    pub const fn to_byte(self) -> u8 {
        self.0
    }

    /// Whether the sampled bit is set.
    pub const fn is_sampled(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the random bit is set.
    pub const fn is_random(self) -> bool {
        self.0 & 2 != 0
    }

    /// The same flags with the sampled bit as given.
    #[must_use]
    pub const fn with_sampled(self, sampled: bool) -> Self {
        Self(self.0 & 2 | sampled as u8)
    }
}
