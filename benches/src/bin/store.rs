//! The way into the store: `store [--quick] [ENTRIES]`.
//!
//! Entries of about 429 bytes as JSON lines, spread over 24 hours, are kept durably (each batch is in the journal before it counts) and
//! sealed: how many in a second, how many in a second of a core, and how many bytes each takes in the files. The entries are made beforehand.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cupola_store::{Batch, Settings, Signal, Store, Value};

const AT_ONCE: u64 = 2_000;
const DAY: u64 = 86_400_000_000_000;
/// What a compressed request has for an entry.
const RAW: u64 = 52;
/// The store's queue has room for as many bytes of entries, and a batch more.
const MOST_WAITING: u64 = 60 << 20;

const LEVELS: [&str; 20] = {
    let mut levels = ["INFO"; 20];
    (levels[0], levels[1], levels[2], levels[3], levels[4], levels[5]) =
        ("ERROR", "WARN", "WARN", "DEBUG", "DEBUG", "DEBUG");
    levels
};
const SERVICES: [&str; 5] = ["gateway", "vm-provisioner", "billing", "scheduler", "templates"];
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

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn pick(&mut self, all: &[&'static str]) -> &'static str {
        all[usize::try_from(self.below(all.len() as u64)).expect("small")]
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let quick = args.iter().any(|arg| arg == "--quick");
    let asked = args.iter().find_map(|arg| arg.parse().ok());
    let entries: u64 = asked.unwrap_or(if quick { 20_000 } else { 2_000_000 });
    let batches = batches(entries);
    let dir = std::env::temp_dir().join(format!("cupola-bench-store-{}", std::process::id()));
    measure(&dir, batches, entries);
    fs::remove_dir_all(&dir).expect("it is ours");
}

/// All entries, in batches as a collector sends them.
fn batches(entries: u64) -> Vec<Batch> {
    let mut dice = Dice(7);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let first = u64::try_from(now).expect("before 2262") - DAY;
    let mut trace = [0; 16];
    let mut text = String::new();
    let batch = |number: u64| {
        let mut batch = Batch::new(Signal::Logs);
        for entry in number..entries.min(number + AT_ONCE) {
            if entry % 4 == 0 {
                trace = std::array::from_fn(|_| dice.roll().to_le_bytes()[0]);
            }
            // In the order of time, nearly.
            let time = first + DAY / entries * entry + dice.below(2_000_000);
            put(&mut batch, i64::try_from(time).expect("before 2262"), &trace, &mut dice, &mut text);
        }
        batch
    };
    (0..entries).step_by(usize::try_from(AT_ONCE).expect("small")).map(batch).collect()
}

fn put(batch: &mut Batch, time: i64, trace: &[u8; 16], dice: &mut Dice, text: &mut String) {
    let mut row = batch.row(time);
    let mut set = |text: &mut String, name: &str, value: std::fmt::Arguments<'_>| {
        text.clear();
        text.write_fmt(value).expect("a text takes what is written");
        row.set(name, Value::Text(text));
    };
    let (subject, event) = (dice.pick(&SUBJECTS), dice.pick(&EVENTS));
    let (id, took) = (dice.below(100_000), dice.below(60_000));
    set(text, "message", format_args!("{subject} vm-{id:05} {event} ({took} ms, attempt {})", dice.below(4)));
    set(text, "target", format_args!("vm_provisioner::{}", dice.pick(&["api", "queue", "pool", "host", "db", "http"])));
    set(
        text,
        "route",
        format_args!("/api/v1/{}", dice.pick(&["vms/{id}", "vms", "templates", "volumes/{id}", "jobs", "users"])),
    );
    set(text, "vm_id", format_args!("vm-{id:05}"));
    set(text, "user_id", format_args!("u-{:04}", dice.below(3_000)));
    set(text, "session_id", format_args!("s-{:08x}", dice.below(1 << 20)));
    set(text, "host_name", format_args!("hv-{:03}.eu-west-2.example", dice.below(200)));
    set(text, "template_name", format_args!("ubuntu-24.04-v{}", dice.below(6)));
    row.set("level", Value::Text(dice.pick(&LEVELS))).set("service", Value::Text(dice.pick(&SERVICES)));
    row.set("status", Value::Int([200, 200, 200, 201, 204, 404, 500][usize::try_from(dice.below(7)).expect("small")]));
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    row.set("duration_ms", Value::Float((dice.below(400) * dice.below(400)) as f64 / 1_000.0 + 0.25));
    row.set("attempt", Value::Int(i64::try_from(dice.below(4)).expect("small")));
    row.set("trace_id", Value::Id(trace)).set("span_id", Value::Id(&dice.roll().to_le_bytes()));
}

#[allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints figures")]
fn measure(dir: &Path, batches: Vec<Batch>, entries: u64) {
    let store = Store::open(dir, &Settings::default(), &|_, _| Ok(Vec::new())).expect("it is opened");
    let writer = store.writer();
    let mut dice = Dice(3);
    let raw: Vec<u8> = (0..RAW * AT_ONCE).map(|_| dice.roll().to_le_bytes()[0]).collect();
    let (start, cpu) = (clock(), cpu_seconds());
    for batch in batches {
        while store.stats().waiting_bytes > MOST_WAITING {
            std::thread::sleep(Duration::from_millis(1));
        }
        writer.keep(1, &raw, vec![batch]).expect("there is room");
    }
    assert!(store.flush(), "{:?}", store.stats().trouble);
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    store.close().expect("all is sealed");
    let files = fs::read_dir(dir.join("logs")).expect("it is there");
    let bytes: u64 = files.map(|file| file.and_then(|file| file.metadata()).expect("a file").len()).sum();
    let entries = entries as f64;
    println!(
        "kept and sealed: {:.0} entries a second, {:.0} in a second of a core, {:.1} bytes an entry",
        entries / wall,
        entries / cpu,
        bytes as f64 / entries
    );
}

#[allow(clippy::disallowed_methods, reason = "a bench measures time")]
fn clock() -> Instant {
    Instant::now()
}

/// What the process has used, as Linux tells it in hundredths.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("this bench needs Linux");
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
