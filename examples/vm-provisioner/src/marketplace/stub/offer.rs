//! What is offered for rent.

use serde::Serialize;

use super::dice::Dice;

/// An offer, under the marketplace's own names.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Offer {
    pub(super) id: u64,
    pub(super) machine_id: u64,
    pub(super) gpu_name: &'static str,
    pub(super) num_gpus: u64,
    /// Of one of them, in MiB.
    pub(super) gpu_ram: u64,
    pub(super) cpu_cores: u64,
    /// In GB.
    pub(super) disk_space: u64,
    /// Dollars an hour.
    pub(super) dph_total: f64,
    pub(super) reliability: f64,
    pub(super) verified: bool,
    pub(super) rentable: bool,
    pub(super) geolocation: &'static str,
    pub(super) r#type: &'static str,
}

/// Name, memory of one, cents an hour for one.
const GPUS: [(&str, u64, u64); 6] = [
    ("RTX 3090", 24_576, 18),
    ("RTX 4090", 24_564, 36),
    ("RTX A6000", 49_140, 47),
    ("L40S", 46_068, 68),
    ("A100 SXM4", 81_920, 102),
    ("H100 SXM", 81_559, 212),
];
const PLACES: [&str; 5] = ["Sweden, SE", "Texas, US", "Quebec, CA", "Germany, DE", "Japan, JP"];

impl Offer {
    pub(super) fn made(number: u64, dice: &mut Dice) -> Self {
        let (gpu_name, gpu_ram, cents) = dice.one_of(&GPUS);
        let num_gpus = dice.one_of(&[1, 1, 2, 4, 8]);
        // Some hosts are cheaper than others, by a fifth each way.
        let cents = cents * num_gpus * dice.within(80..=120);
        Self {
            id: 10_000_000 + number * 101,
            machine_id: dice.within(1_000..=99_999),
            gpu_name,
            num_gpus,
            gpu_ram,
            cpu_cores: 8 * num_gpus,
            disk_space: dice.within(40..=2_000),
            dph_total: cents as f64 / 10_000.0,
            reliability: dice.within(9_000..=9_999) as f64 / 10_000.0,
            verified: dice.within(0..=3) > 0,
            rentable: true,
            geolocation: dice.one_of(&PLACES),
            r#type: "on-demand",
        }
    }
}
