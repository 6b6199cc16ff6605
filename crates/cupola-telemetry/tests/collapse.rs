//! Lines that say the same, collapsed into one and a count.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::time::{Duration, Instant};

use cupola_telemetry::{Config, Counts, Memory, Telemetry};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3600);

fn start(window: Duration) -> (Telemetry, Memory) {
    let (memory, mut config) = (Memory::new(), Config::default());
    config.collapse = Some(window);
    (Telemetry::builder(config).output(memory.clone()).build().unwrap(), memory)
}

fn lines(memory: &Memory) -> Vec<Value> {
    memory.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `message repeated`, where there is a count.
fn told(memory: &Memory) -> Vec<String> {
    let told = |line: &Value| match &line["repeated"] {
        Value::Null => line["message"].as_str().unwrap().to_owned(),
        count => format!("{} {count}", line["message"].as_str().unwrap()),
    };
    lines(memory).iter().map(told).collect()
}

/// Every line that was said is written, lost or in a count, and so many lines tell of counts.
fn assert_closed(counts: &Counts, said: u64, telling: u64) {
    assert_eq!(counts.accepted, said + telling, "{counts:?}");
    assert_eq!(counts.accepted, counts.written + counts.dropped() + counts.collapsed, "{counts:?}");
}

#[test]
fn the_first_is_written_and_the_others_are_a_count() {
    let (telemetry, memory) = start(HOUR);
    tracing::dispatcher::with_default(telemetry.dispatch(), || {
        for number in 0..100 {
            let span = tracing::info_span!("request", number);
            span.in_scope(|| tracing::warn!(host = "db-1", attempt = 3, "no \"connection\""));
        }
    });
    let counts = telemetry.shutdown(PATIENCE);
    assert_closed(&counts, 100, 1);
    let lines = lines(&memory);
    let [first, count] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((first["number"].as_u64(), first["repeated"].as_u64()), (Some(0), None));
    for name in ["level", "target", "category", "message", "host", "attempt"] {
        assert_eq!(first[name], count[name], "{name}");
    }
    assert_eq!((count["repeated"].as_u64(), counts.collapsed), (Some(99), 99));
    assert!(count["timestamp"].as_str() >= first["timestamp"].as_str());
}

#[test]
fn what_differs_is_not_the_same() {
    let (telemetry, memory) = start(HOUR);
    tracing::dispatcher::with_default(telemetry.dispatch(), || {
        for _ in 0..2 {
            for host in ["db-1", "db-2"] {
                tracing::warn!(host, "no connection");
            }
            tracing::warn!("no connection");
            tracing::info!(repeated = 7, "of its own");
            tracing::info!(host = "db-1");
            // Too long to be watched.
            tracing::info!("{}", "x".repeat(5000));
        }
    });
    let counts = telemetry.shutdown(PATIENCE);
    assert_closed(&counts, 12, 4);
    let mut told = told(&memory);
    told.retain(|line| !line.starts_with('x'));
    told[5..].sort();
    let first = ["no connection", "no connection", "no connection", "of its own 7", ""];
    let rest = [" 1", "no connection 1", "no connection 1", "no connection 1", "of its own 7"];
    assert_eq!(told, [first, rest].concat());
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test's patience is real time")]
fn a_count_is_told_when_its_time_is_over_and_then_it_begins_anew() {
    let (telemetry, memory) = start(Duration::from_millis(20));
    let say = || tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::info!("again"));
    say();
    say();
    let began = Instant::now();
    while !memory.text().contains("repeated") && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(2));
    }
    say();
    let counts = telemetry.shutdown(PATIENCE);
    // Where this thread was not let run for so long, the second was no repetition.
    if counts.collapsed == 1 {
        assert_eq!(told(&memory), ["again", "again 1", "again"]);
    }
    assert_closed(&counts, 3, counts.collapsed);
}

#[test]
fn a_flush_leaves_no_count_untold() {
    let (telemetry, memory) = start(HOUR);
    tracing::dispatcher::with_default(telemetry.dispatch(), || (0..3).for_each(|_| tracing::info!("again")));
    assert!(telemetry.flush(PATIENCE));
    assert_eq!(told(&memory), ["again", "again 2"]);
    assert_closed(&telemetry.shutdown(PATIENCE), 3, 1);
}

#[test]
fn of_a_flood_from_many_threads_nothing_is_lost() {
    let (telemetry, memory) = start(Duration::from_millis(1));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                tracing::dispatcher::with_default(telemetry.dispatch(), || {
                    // More kinds than are watched at once.
                    (0..20_000).for_each(|number| tracing::info!(kind = number % 1500, "flood"));
                });
            });
        }
    });
    let counts = telemetry.shutdown(PATIENCE);
    let repeated: u64 = lines(&memory).iter().filter_map(|line| line["repeated"].as_u64()).sum();
    let telling = lines(&memory).iter().filter(|line| line["repeated"].is_u64()).count() as u64;
    assert_closed(&counts, 80_000, telling);
    assert_eq!((repeated, counts.dropped()), (counts.collapsed, 0));
    assert_eq!(lines(&memory).len() as u64 - telling + repeated, 80_000);
}

#[test]
fn without_the_variable_nothing_is_collapsed() {
    let memory = Memory::new();
    let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), || (0..3).for_each(|_| tracing::info!("again")));
    let counts = telemetry.shutdown(PATIENCE);
    assert_eq!((counts.written, counts.collapsed, told(&memory).len()), (3, 0, 3));
}
