//! Sampling: whether a trace is recorded, decided once, when it begins.

use crate::trace_flags::TraceFlags;
use crate::trace_id::TraceId;

/// Whether new traces are sampled; a trusted caller's decision is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Sampler {
    /// Every new trace. The default.
    #[default]
    On,
    /// No new trace.
    Off,
    /// This share of new traces, 0.0 to 1.0, chosen by trace id, so that all services choose alike.
    Ratio(f64),
}

impl Sampler {
    /// The flags of a request's trace: the trusted parent's decision, else our own for a new, random trace id.
    pub fn flags(self, parent: Option<TraceFlags>, trace: TraceId) -> TraceFlags {
        parent.unwrap_or_else(|| TraceFlags::RANDOM.with_sampled(self.samples(trace)))
    }

    fn samples(self, trace: TraceId) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Ratio(share) => {
                // The right-most 56 bits are the random ones (W3C Level 2).
                let random = u128::from_be_bytes(trace.to_bytes()) & ((1 << 56) - 1);
                (random as f64) < share * (1u64 << 56) as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_held_and_the_parent_decides_first() {
        let id =
            |n: u64| TraceId::from_random((u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1 << 100).to_be_bytes());
        let sampled = (0..10_000).filter(|n| Sampler::Ratio(0.25).flags(None, id(*n)).is_sampled()).count();
        assert!((2_300..2_700).contains(&sampled), "{sampled}");
        assert!(!Sampler::On.flags(Some(TraceFlags::NONE), id(1)).is_sampled());
        assert!(Sampler::Off.flags(Some(TraceFlags::SAMPLED), id(1)).is_sampled());
        assert!(Sampler::On.flags(None, id(1)).is_random());
    }
}
