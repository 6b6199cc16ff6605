//! Overflow: what was counted under `_OTHER`, by instrument.

use crate::encoder::Encoder;
use crate::family::Family;

pub(crate) const OVERFLOW: Family = Family::counter(
    "cupola.metrics.overflow",
    "Updates counted under _OTHER because their instrument had all the series, or their label all the values, that it may have.",
)
.unit("{update}");

pub(crate) fn encode(encoder: &mut Encoder<'_>, family: &Family, count: u64) {
    encoder.family(&OVERFLOW).value(&[("instrument", family.name)], count);
}
