//! Questions to a store: `store_queries [--quick] [DIR [ENTRIES [RUNS [WHICH]]]]`.
//!
//! Asks what people ask of a dashboard, of ten million entries that are spread over 24 hours, and prints how long an answer takes on the wall
//! and on the processor: the median, and that below which 99 of 100 runs are. Where DIR is not there it is made and filled first; it is left
//! there for other runs. WHICH is a part of the names of those questions that are asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cupola_store::language::{Expression, Meaning, parse};
use cupola_store::{
    Batch, Counts, Failures, Level, Quantiles, Query, Reader, Requests, RequestsBy, Search, Selection, Settings,
    Signal, Store, Top, TraceOf,
};
use rustix::time::{ClockId, clock_gettime};

#[path = "../entries.rs"]
mod entries;
#[path = "../folder.rs"]
mod folder;
#[path = "../into_batch.rs"]
mod into_batch;

use entries::{Entries, WORDS};
use into_batch::put;

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;
const AT_ONCE: u64 = 4_096;
/// The store's queue has room for as many bytes of entries, and a batch more.
const MOST_WAITING: u64 = 50 << 20;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (quick, args): (Vec<&str>, Vec<&str>) = args.iter().map(String::as_str).partition(|arg| *arg == "--quick");
    let own = std::env::temp_dir().join(format!("cupola-bench-queries-{}", std::process::id()));
    let dir = args.first().map_or(own.clone(), PathBuf::from);
    let number = |at: usize, other: u64| args.get(at).map_or(other, |text| text.parse().expect("a number"));
    let entries = number(1, if quick.is_empty() { 10_000_000 } else { 30_000 });
    let runs = number(2, if quick.is_empty() { 101 } else { 2 });
    if !dir.exists() {
        fill(&dir, entries);
    }
    ask(&dir, runs, args.get(3).copied().unwrap_or_default());
    if dir == own {
        fs::remove_dir_all(&dir).expect("it is ours");
    }
}

#[allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints figures")]
fn fill(dir: &Path, entries: u64) {
    let store = Store::open(dir, &Settings::default(), &|_, _| Ok(Vec::new())).expect("it is opened");
    let (writer, mut all) = (store.writer(), Entries::new(7));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let first = i64::try_from(now).expect("before 2262") - DAY;
    let apart = DAY / i64::try_from(entries).expect("not so many");
    for number in (0..entries).step_by(usize::try_from(AT_ONCE).expect("small")) {
        let mut batch = Batch::new(Signal::Logs);
        for entry in number..entries.min(number + AT_ONCE) {
            put(&mut batch, first + apart * i64::try_from(entry).expect("not so many"), all.next());
        }
        while store.stats().waiting_bytes > MOST_WAITING {
            std::thread::sleep(Duration::from_millis(1));
        }
        writer.offer(batch);
    }
    assert!(store.flush(), "{:?}", store.stats().trouble);
    assert_eq!(store.stats().dropped, 0);
    store.close().expect("all is sealed");
    println!("{entries} entries, {:.1} bytes each\n", folder::bytes_below(dir) as f64 / entries as f64);
}

/// What is asked, and of what.
struct Asker<'a> {
    reader: Reader,
    until: i64,
    runs: u64,
    which: &'a str,
}

fn ask(dir: &Path, runs: u64, which: &str) {
    let reader = Reader::open(dir).expect("it is there");
    let newest = Search { selection: Selection::of(Signal::Logs), limit: 1, cursor: None };
    let newest = reader.search(&newest).expect("it is found").entries.remove(0);
    let trace = newest.get("trace_id").expect("it has one").text().into_owned();
    let asker = Asker { reader, until: newest.time() + 1, runs, which };
    head();
    asker.time("open, and the newest entry", || {
        let found = Reader::open(dir).expect("it is there").search(&asker.search("", DAY, 1)).expect("it is read");
        found.entries.len()
    });
    first_screen(&asker);
    drill_down(&asker);
    asker.time("newest 100 ERROR", || asker.found("level>=error", DAY, 100));
    asker.time("newest 100 ERROR of a service with 500", || {
        asker.found("level>=error service=billing status=500", DAY, 100)
    });
    for (word, share) in WORDS {
        asker.time(&format!("newest 100 by a word in {share} of 10,000"), || asker.found(word, DAY, 100));
    }
    asker.time("absent word, 24 h", || asker.found("nowhere_to_be_seen", DAY, 100));
    asker.time("absent text, 24 h", || asker.found("\"ueue-nowher\"", DAY, 100));
    asker.time("absent text, 1 h", || asker.found("\"ueue-nowher\"", HOUR, 100));
    asker
        .time("trace by id, of all time", || asker.reader.trace(&TraceOf::id(&*trace)).expect("it is read").logs.len());
    let middle = asker.found_trace(asker.until - 11 * HOUR);
    asker.time("trace by id, eleven hours ago", || {
        let trace = asker.reader.trace(&TraceOf::id(&*middle)).expect("it is read").logs.len();
        assert!(trace >= 1);
        trace
    });
}

/// What a dashboard begins with: routes, levels over time, errors.
fn first_screen(asker: &Asker<'_>) {
    for (hours, step) in [(1, 60), (24, 3_600)] {
        let span = hours * HOUR;
        let routes = || asker.reader.requests(&asker.requests(span, None)).expect("it is read").rows.len();
        let levels = || {
            let counted = asker.reader.counts(&asker.counts(span, step, Some("level"))).expect("it is read");
            counted.series.len()
        };
        let failures = || {
            let failures = Failures {
                selection: asker.of("", span),
                level: Level::Error,
                besides: Vec::new(),
                step: None,
                examples: true,
                limit: 50,
            };
            asker.reader.failures(&failures).expect("it is read").groups.len()
        };
        asker.time(&format!("requests by route, {hours} h"), routes);
        asker.time(&format!("counts by level over time, {hours} h"), levels);
        asker.time(&format!("groups of errors, {hours} h"), failures);
        asker.time(&format!("FIRST SCREEN: all three, {hours} h"), || routes() + levels() + failures());
    }
}

fn drill_down(asker: &Asker<'_>) {
    for hours in [1, 24] {
        let span = hours * HOUR;
        asker.time(&format!("requests of a route over time, {hours} h"), || {
            let step = if hours == 1 { 60 } else { 3_600 };
            asker.reader.requests(&asker.requests(span, Some(step))).expect("it is read").rows.len()
        });
        asker.time(&format!("p95 by route of entries, {hours} h"), || {
            let quantiles = Quantiles {
                selection: asker.of("", span),
                field: "duration_ms".to_owned(),
                by: Some("route".to_owned()),
                step: None,
                shares: vec![0.95],
                values: 10,
            };
            asker.reader.quantiles(&quantiles).expect("it is read").measures.len()
        });
        asker.time(&format!("top hosts, {hours} h"), || {
            let top = Top { selection: asker.of("", span), field: "host_name".to_owned(), limit: 10 };
            asker.reader.top(&top).expect("it is read").values.len()
        });
        asker.time(&format!("counts by service over time, {hours} h"), || {
            let step = if hours == 1 { 60 } else { 3_600 };
            asker.reader.counts(&asker.counts(span, step, Some("service"))).expect("it is read").series.len()
        });
    }
}

impl Asker<'_> {
    fn of(&self, expression: &str, span: i64) -> Selection {
        let meaning = Meaning { now: jiff::Zoned::now(), ignore_case: false };
        let expression = (!expression.is_empty()).then(|| parse(expression, &meaning).expect("it is an expression"));
        self.of_expression(expression, span)
    }

    fn of_expression(&self, expression: Option<Expression>, span: i64) -> Selection {
        let (since, until) = (Some(self.until - span), Some(self.until));
        Selection { expression, since, until, deadline: Duration::from_secs(100), ..Selection::of(Signal::Logs) }
    }

    fn search(&self, expression: &str, span: i64, limit: usize) -> Search {
        Search { selection: self.of(expression, span), limit, cursor: None }
    }

    fn found(&self, expression: &str, span: i64, limit: usize) -> usize {
        let found = self.reader.search(&self.search(expression, span, limit)).expect("it is read");
        assert!(found.partial.is_none());
        found.entries.len()
    }

    fn counts(&self, span: i64, step: u64, by: Option<&str>) -> Counts {
        Counts { selection: self.of("", span), step: Duration::from_secs(step), by: by.map(str::to_owned), values: 10 }
    }

    fn requests(&self, span: i64, step: Option<u64>) -> Requests {
        Requests {
            signal: Signal::Logs,
            since: self.until - span,
            until: self.until,
            step: step.map(Duration::from_secs),
            service: None,
            route: step.map(|_| "/api/v1/jobs".to_owned()),
            by: RequestsBy::Route,
            shares: vec![0.5, 0.95, 0.99],
            limit: 50,
        }
    }

    /// The trace of the last entry before a time.
    fn found_trace(&self, until: i64) -> String {
        let selection = Selection { until: Some(until), ..self.of("", DAY) };
        let found = self.reader.search(&Search { selection, limit: 1, cursor: None }).expect("it is read");
        found.entries[0].get("trace_id").expect("it has one").text().into_owned()
    }

    #[allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]
    fn time(&self, name: &str, answer: impl Fn() -> usize) {
        if !name.contains(self.which) {
            return;
        }
        let (mut walls, mut cpus) = (Vec::new(), Vec::new());
        let (mut found, begin) = (0, Instant::now());
        for run in 0..=self.runs {
            let (wall, cpu) = (Instant::now(), cpu_ms());
            found = answer();
            // The first finds nothing of it in memory.
            if run > 0 {
                walls.push(wall.elapsed().as_secs_f64() * 1e3);
                cpus.push(cpu_ms() - cpu);
            }
            if run > 5 && begin.elapsed() > Duration::from_secs(20) {
                break;
            }
        }
        let [wall, cpu] = [walls, cpus].map(|mut all| {
            all.sort_by(f64::total_cmp);
            (all[all.len() / 2], all[all.len() * 99 / 100])
        });
        println!("| {name} | {found} | {:.2} | {:.2} | {:.2} | {:.2} |", wall.0, wall.1, cpu.0, cpu.1);
    }
}

#[allow(clippy::print_stdout, reason = "a bench prints figures")]
fn head() {
    println!("| question | found | ms | ms, p99 | CPU ms | CPU ms, p99 |\n|---|---|---|---|---|---|");
}

/// Of all threads of this process.
#[allow(clippy::cast_precision_loss, reason = "it is far less")]
fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
