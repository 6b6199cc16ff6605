//! The way into the store: `store [--quick] [ENTRIES]`.
//!
//! Entries of about 429 bytes as JSON lines, spread over 24 hours, are kept durably (each batch is in the journal before it counts) and
//! sealed: how many in a second, how many in a second of a core, and how many bytes each takes in the files. The entries are made beforehand.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cupola_store::{Batch, Settings, Signal, Store};

#[path = "../entries.rs"]
mod entries;
#[path = "../folder.rs"]
mod folder;
#[path = "../into_batch.rs"]
mod into_batch;
#[path = "../used.rs"]
mod used;

use entries::{Dice, Entries};
use folder::bytes_below;
use into_batch::put;
use used::cpu_seconds;

const AT_ONCE: u64 = 2_000;
const DAY: u64 = 86_400_000_000_000;
/// What a compressed request has for an entry.
const RAW: u64 = 52;
/// The store's queue has room for as many bytes of entries, and a batch more.
const MOST_WAITING: u64 = 60 << 20;

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
    let (mut dice, mut all) = (Dice(7), Entries::new(7));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let first = u64::try_from(now).expect("before 2262") - DAY;
    let batch = |number: u64| {
        let mut batch = Batch::new(Signal::Logs);
        for entry in number..entries.min(number + AT_ONCE) {
            // In the order of time, nearly.
            let time = first + DAY / entries * entry + dice.below(2_000_000);
            put(&mut batch, i64::try_from(time).expect("before 2262"), all.next());
        }
        batch
    };
    (0..entries).step_by(usize::try_from(AT_ONCE).expect("small")).map(batch).collect()
}

#[allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints figures")]
fn measure(dir: &Path, batches: Vec<Batch>, entries: u64) {
    let store = Store::open(dir, &Settings::default(), &|_, _| Ok(Vec::new())).expect("it is opened");
    let writer = store.writer();
    let mut dice = Dice(3);
    let raw: Vec<u8> = (0..RAW * AT_ONCE).map(|_| dice.roll().to_le_bytes()[0]).collect();
    let (start, cpu) = (clock(), cpu_seconds("self"));
    for batch in batches {
        while store.stats().waiting_bytes > MOST_WAITING {
            std::thread::sleep(Duration::from_millis(1));
        }
        writer.keep(1, &raw, vec![batch]).expect("there is room");
    }
    assert!(store.flush(), "{:?}", store.stats().trouble);
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds("self") - cpu);
    store.close().expect("all is sealed");
    let bytes = bytes_below(&dir.join("logs"));
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
