//! Log entries as services write them: about 429 bytes each as JSON lines, the same ones for the same seed.

use std::fmt::Write as _;

const SERVICES: [&str; 5] = ["gateway", "vm-provisioner", "billing", "scheduler", "templates"];
const TARGETS: [&str; 6] = [
    "vm_provisioner::api",
    "vm_provisioner::queue",
    "vm_provisioner::pool",
    "vm_provisioner::host",
    "vm_provisioner::db",
    "vm_provisioner::http",
];
const ROUTES: [&str; 6] =
    ["/api/v1/vms/{id}", "/api/v1/vms", "/api/v1/templates", "/api/v1/volumes/{id}", "/api/v1/jobs", "/api/v1/users"];
const SUBJECTS: [&str; 8] = [
    "machine",
    "volume",
    "snapshot",
    "network",
    "template",
    "hypervisor connection",
    "provisioning job",
    "billing record",
];
const EVENTS: [&str; 5] = [
    "was created after a wait in the queue",
    "could not be reached, retrying with backoff",
    "has reached the wanted state at last",
    "was released by its owner's request",
    "is being moved to another host now",
];
/// Words, and in how many of 10,000 messages they stand.
pub(crate) const WORDS: [(&str, u64); 4] = [("throttled", 800), ("evicted", 100), ("fenced", 10), ("quarantined", 1)];

/// SplitMix64.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn pick(&mut self, all: &[&'static str]) -> &'static str {
        all[usize::try_from(self.below(all.len() as u64)).expect("small")]
    }
}

/// An entry. Four that follow each other have a trace in common.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) level: &'static str,
    pub(crate) service: &'static str,
    pub(crate) target: &'static str,
    pub(crate) route: &'static str,
    pub(crate) status: i64,
    pub(crate) duration_ms: f64,
    pub(crate) attempt: i64,
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
    pub(crate) message: String,
    /// `vm_id`, `user_id` and so on.
    pub(crate) texts: [(&'static str, String); 5],
}

/// Entries without end.
#[derive(Debug)]
pub(crate) struct Entries {
    dice: Dice,
    number: u64,
    entry: Entry,
}

impl Entries {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice(seed), number: 0, entry: Entry::default() }
    }

    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    pub(crate) fn next(&mut self) -> &Entry {
        let (dice, entry) = (&mut self.dice, &mut self.entry);
        if self.number.is_multiple_of(4) {
            let halves = [dice.roll().to_le_bytes(), dice.roll().to_le_bytes()];
            entry.trace.copy_from_slice(halves.as_flattened());
        }
        self.number += 1;
        entry.span = dice.roll().to_le_bytes();
        entry.level = match dice.below(100) {
            0 => "ERROR",
            1..4 => "WARN",
            4..14 => "DEBUG",
            _ => "INFO",
        };
        entry.service = dice.pick(&SERVICES);
        entry.target = dice.pick(&TARGETS);
        entry.route = dice.pick(&ROUTES);
        entry.status = [200, 200, 200, 201, 204, 404, 500][usize::try_from(dice.below(7)).expect("small")];
        entry.duration_ms = (dice.below(400) * dice.below(400)) as f64 / 1_000.0 + 0.25;
        entry.attempt = i64::try_from(dice.below(4)).expect("small");
        let (id, took) = (dice.below(100_000), dice.below(60_000));
        let (subject, event) = (dice.pick(&SUBJECTS), dice.pick(&EVENTS));
        set(&mut entry.message, format_args!("{subject} vm-{id:05} {event} ({took} ms, attempt {})", entry.attempt));
        let mut share = dice.below(10_000);
        for (word, of) in WORDS {
            if share < of {
                entry.message.extend([" ", word]);
                break;
            }
            share -= of;
        }
        let values = [
            ("vm_id", format_args!("vm-{id:05}")),
            ("user_id", format_args!("u-{:04}", dice.below(3_000))),
            ("session_id", format_args!("s-{:08x}", dice.below(1 << 20))),
            ("host_name", format_args!("hv-{:03}.eu-west-2.example", dice.below(200))),
            ("template_name", format_args!("ubuntu-24.04-v{}", dice.below(6))),
        ];
        for (text, (name, value)) in entry.texts.iter_mut().zip(values) {
            text.0 = name;
            set(&mut text.1, value);
        }
        entry
    }
}

fn set(text: &mut String, value: std::fmt::Arguments<'_>) {
    text.clear();
    text.write_fmt(value).expect("a text takes what is written");
}
