//! Sampling: whether a trace is recorded, decided once, when it begins.

use crate::trace_flags::TraceFlags;
use crate::trace_id::TraceId;

/// Which traces are recorded.
///
/// ```
/// use cupola_context::{Sampler, TraceFlags, TraceId};
///
/// let trace = TraceId::from_hex(b"0af7651916cd43dd8448eb211c80319c").expect("32 digits");
/// let sampler = Sampler::ratio(0.0).parent_based();
/// assert!(!sampler.flags(None, trace).is_sampled());
/// assert!(sampler.flags(Some(TraceFlags::SAMPLED), trace).is_sampled());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    share: Share,
    parent_based: bool,
}

/// A share of all traces, chosen by trace id, so that all that ask about one trace get one answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    given: f64,
    /// What the random part of an id must reach.
    threshold: u64,
}

/// The right-most 56 bits of a trace id are the random ones (W3C Level 2).
const RANDOM_BITS: u32 = 56;

/// The default: every new trace, and a trusted caller's decision where there is one.
impl Default for Sampler {
    fn default() -> Self {
        Self::always_on().parent_based()
    }
}

impl Sampler {
    /// Every trace, whatever the caller has decided.
    pub fn always_on() -> Self {
        Self::ratio(1.0)
    }

    /// No trace.
    pub fn always_off() -> Self {
        Self::ratio(0.0)
    }

    /// This share of traces, 0.0 to 1.0, whatever the caller has decided.
    ///
    /// An id that is sampled at one share is sampled at each larger one too, here and in whatever else follows
    /// OpenTelemetry's consistent probability sampling.
    pub fn ratio(share: f64) -> Self {
        Self { share: Share::new(share), parent_based: false }
    }

    /// A trusted caller's decision is kept, and this sampler decides for new traces only.
    #[must_use]
    pub const fn parent_based(self) -> Self {
        Self { parent_based: true, ..self }
    }

    /// The flags of a trace: whether its id is random is for whoever made it to say.
    #[inline]
    pub fn flags(self, parent: Option<TraceFlags>, trace: TraceId) -> TraceFlags {
        match parent {
            Some(flags) if self.parent_based => flags,
            Some(flags) => flags.with_sampled(self.share.holds(trace)),
            None => TraceFlags::RANDOM.with_sampled(self.share.holds(trace)),
        }
    }
}

impl Share {
    /// This share, 0.0 to 1.0; what is outside is the nearest of both.
    pub fn new(share: f64) -> Self {
        let given = share.clamp(0.0, 1.0);
        Self { given, threshold: ((1.0 - given) * (1u64 << RANDOM_BITS) as f64) as u64 }
    }

    /// Whether this trace is in the share.
    #[inline]
    pub fn holds(self, trace: TraceId) -> bool {
        let bytes = trace.to_bytes();
        let low = u64::from_be_bytes(*bytes.last_chunk().expect("an id has 16 bytes"));
        low & ((1 << RANDOM_BITS) - 1) >= self.threshold
    }

    /// The share as a number.
    pub const fn as_f64(self) -> f64 {
        self.given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> TraceId {
        TraceId::from_random((u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1 << 100).to_be_bytes())
    }

    fn sampled(sampler: Sampler, parent: Option<TraceFlags>) -> usize {
        (0..10_000).filter(|n| sampler.flags(parent, id(*n)).is_sampled()).count()
    }

    #[test]
    fn a_ratio_is_held_and_the_parent_decides_only_where_it_may() {
        let (on, off) = (Some(TraceFlags::SAMPLED), Some(TraceFlags::NONE));
        let check = |sampler: Sampler, new: std::ops::Range<usize>, parent_decides: bool| {
            assert!(new.contains(&sampled(sampler, None)), "{sampler:?}");
            let with_parent = (sampled(sampler, on), sampled(sampler, off));
            let expected = if parent_decides { (10_000, 0) } else { (sampled(sampler, None), sampled(sampler, None)) };
            assert_eq!(with_parent, expected, "{sampler:?}");
        };
        check(Sampler::always_on(), 10_000..10_001, false);
        check(Sampler::always_off(), 0..1, false);
        check(Sampler::ratio(0.25), 2_300..2_700, false);
        check(Sampler::always_on().parent_based(), 10_000..10_001, true);
        check(Sampler::always_off().parent_based(), 0..1, true);
        check(Sampler::ratio(0.25).parent_based(), 2_300..2_700, true);
        assert_eq!(Sampler::default(), Sampler::always_on().parent_based());
    }

    #[test]
    fn the_random_flag_is_the_makers_to_set() {
        for sampler in [Sampler::always_on(), Sampler::always_off(), Sampler::default()] {
            assert!(sampler.flags(None, id(1)).is_random());
            assert!(sampler.flags(Some(TraceFlags::RANDOM), id(1)).is_random());
            assert!(!sampler.flags(Some(TraceFlags::NONE), id(1)).is_random());
        }
    }

    #[test]
    fn a_larger_share_holds_what_a_smaller_one_does() {
        let (small, large) = (Share::new(0.1), Share::new(0.11));
        assert!((0..10_000).all(|n| !small.holds(id(n)) || large.holds(id(n))));
        // As OpenTelemetry's specification works it out: at one half, the id's 14 last digits are 80… and above.
        let random = |digits: &str| TraceId::from_hex(format!("0af7651916cd43dd84{digits}").as_bytes()).unwrap();
        assert!(Share::new(0.5).holds(random("80000000000000")) && !Share::new(0.5).holds(random("7fffffffffffff")));
        assert!(Share::new(1.0).holds(random("00000000000000")) && !Share::new(0.0).holds(random("ffffffffffffff")));
        assert_eq!((Share::new(7.0).as_f64(), Share::new(-1.0).as_f64()), (1.0, 0.0));
    }
}
