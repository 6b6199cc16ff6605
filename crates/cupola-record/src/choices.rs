//! Choices: what one request, or one route, wants to be recorded otherwise than the rest.

use cupola_context::{Context, current};
use tracing::Level;

/// What is wanted of one request. What is not chosen stays as the layer has it.
///
/// A layer applies them to a route; a handler says them of its own request, before its response ends:
///
/// ```
/// use cupola_record::{Choices, choose};
/// use tracing::Level;
///
/// // In a handler; here is no request, so nobody listens.
/// assert!(!choose(Choices::new().level(Level::DEBUG).bodies(false)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices(u16);

const MUTE: u16 = 1;
const BODIES: Switch = Switch(1);
const SAMPLED: Switch = Switch(3);
const LEVEL_SHIFT: u32 = 5;
const LEVEL: u16 = 0b111 << LEVEL_SHIFT;

/// Two bits: whether something is chosen, and what.
#[derive(Clone, Copy)]
struct Switch(u32);

impl Switch {
    const fn mask(self) -> u16 {
        0b11 << self.0
    }

    const fn bits(self, on: bool) -> u16 {
        (1 | (on as u16) << 1) << self.0
    }

    const fn read(self, bits: u16) -> Option<bool> {
        match bits >> self.0 & 0b11 {
            0b01 => Some(false),
            0b11 => Some(true),
            _ => None,
        }
    }
}

impl Choices {
    /// Nothing is chosen.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Nothing is recorded: no line, no count, no span, however it ends.
    #[must_use]
    pub const fn mute(self) -> Self {
        Self(self.0 | MUTE)
    }

    /// The level of the access line where all went well, INFO otherwise; what failed or was slow keeps its own.
    #[must_use]
    pub const fn level(self, level: Level) -> Self {
        let number = match level {
            Level::ERROR => 1,
            Level::WARN => 2,
            Level::INFO => 3,
            Level::DEBUG => 4,
            Level::TRACE => 5,
        };
        Self(self.0 & !LEVEL | number << LEVEL_SHIFT)
    }

    /// Whether captured bodies are shown. `true` overrules what routes are chosen for bodies; where the layer captures
    /// none, there is nothing to show.
    #[must_use]
    pub const fn bodies(self, shown: bool) -> Self {
        Self(self.0 & !BODIES.mask() | BODIES.bits(shown))
    }

    /// Whether the server span is recorded. Chosen for a route when the request begins, it decides the trace's sampled
    /// flag; chosen later, `false` still drops the span, and `true` comes too late.
    #[must_use]
    pub const fn sampled(self, sampled: bool) -> Self {
        Self(self.0 & !SAMPLED.mask() | SAMPLED.bits(sampled))
    }

    /// These, and where they say nothing, the others.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0 & !self.said())
    }

    /// All bits of what is chosen.
    const fn said(self) -> u16 {
        let mut said = self.0 & MUTE;
        if self.0 & BODIES.mask() != 0 {
            said |= BODIES.mask();
        }
        if self.0 & SAMPLED.mask() != 0 {
            said |= SAMPLED.mask();
        }
        if self.0 & LEVEL != 0 {
            said |= LEVEL;
        }
        said
    }

    /// What was chosen of a request so far.
    #[inline]
    pub fn of(context: &Context) -> Self {
        Self(context.chosen())
    }

    /// Chooses for a request; over what was chosen before.
    pub fn apply(self, context: &Context) {
        context.choose(|before| self.or(Self(before)).0);
    }

    /// Whether nothing is recorded.
    #[inline]
    pub const fn is_muted(self) -> bool {
        self.0 & MUTE != 0
    }

    /// The level where all went well, if it is chosen.
    #[inline]
    pub const fn usual_level(self) -> Option<Level> {
        match (self.0 & LEVEL) >> LEVEL_SHIFT {
            1 => Some(Level::ERROR),
            2 => Some(Level::WARN),
            3 => Some(Level::INFO),
            4 => Some(Level::DEBUG),
            5 => Some(Level::TRACE),
            _ => None,
        }
    }

    /// Whether bodies are shown, if it is chosen.
    pub const fn shows_bodies(self) -> Option<bool> {
        BODIES.read(self.0)
    }

    /// Whether the span is recorded, if it is chosen.
    pub const fn is_sampled(self) -> Option<bool> {
        SAMPLED.read(self.0)
    }
}

/// Chooses for the request that is being worked on; `false` where there is none.
pub fn choose(choices: Choices) -> bool {
    current().is_some_and(|context| {
        choices.apply(&context);
        true
    })
}

/// Nothing is to be recorded of the request that is being worked on: [`Choices::mute`]. `false` where there is none.
pub fn mute() -> bool {
    choose(Choices::new().mute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_context::{Fresh, RequestIdFormat};

    #[test]
    fn each_choice_reads_back_and_no_other_does() {
        let none = Choices::new();
        assert_eq!(
            (none.is_muted(), none.usual_level(), none.shows_bodies(), none.is_sampled()),
            (false, None, None, None)
        );
        for level in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
            for on in [false, true] {
                let all = none.mute().level(Level::ERROR).level(level).bodies(!on).bodies(on).sampled(on);
                assert_eq!((all.is_muted(), all.usual_level()), (true, Some(level)));
                assert_eq!((all.shows_bodies(), all.is_sampled()), (Some(on), Some(on)));
                assert_eq!((none.bodies(on).is_sampled(), none.sampled(on).shows_bodies()), (None, None));
            }
        }
    }

    #[test]
    fn the_last_word_of_a_request_counts_choice_by_choice() {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        assert_eq!(Choices::of(&context), Choices::new());
        Choices::new().level(Level::DEBUG).bodies(true).apply(&context);
        context.enter(|| assert!(choose(Choices::new().bodies(false)) && mute()));
        assert_eq!(Choices::of(&context), Choices::new().level(Level::DEBUG).bodies(false).mute());
        assert!(!mute(), "here is no request");
    }
}
