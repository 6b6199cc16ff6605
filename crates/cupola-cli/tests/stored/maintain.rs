//! `cupola store`, while the store is written and when it is closed.

use std::fs;

use super::support::{Folder, Shown};
use super::{Service, batch_of};
use cupola_store::Signal;

fn run(folder: &Folder, arguments: &str) -> Shown {
    let mut words = vec!["store"];
    words.extend(arguments.split(' '));
    folder.run(&words)
}

fn done(folder: &Folder, arguments: &str, said: &str) {
    let shown = run(folder, arguments);
    assert!((shown.code, shown.stderr.as_str()) == (0, "") && shown.stdout.contains(said), "{arguments}: {shown:?}");
}

fn refused(folder: &Folder, arguments: &str, said: &str) {
    let shown = run(folder, arguments);
    assert!(shown.code == 2 && shown.stderr.contains(said) && shown.stdout.is_empty(), "{arguments}: {shown:?}");
}

#[test]
fn beside_a_writer_it_is_verified_and_copied_and_nothing_else() {
    let service = Service::new();
    let folder = &service.folder;
    done(
        folder,
        "verify --store data",
        "11 entries in 2 blocks of 2 files, 0 records of the journal: all can be read\n",
    );
    done(folder, "backup --store data --to copy", "2 files with ");
    done(folder, "verify --store copy --quiet", "");
    refused(folder, "backup --store data --to copy", "copy is not empty");
    let who = format!("(process {})", std::process::id());
    for writing in ["prune --store data --days 1", "compact --store data"] {
        refused(folder, writing, "another process writes the store in data");
        refused(folder, writing, &who);
    }
    done(folder, "prune --store data --before yesterday --dry-run", "0 files with 0 bytes would be deleted\n");
    refused(folder, "restore --from copy --store data", "data is not empty");
    done(folder, "restore --from copy --store new", "restored: 11 entries\n");
    let found = folder.run(&["search", "--store", "new"]);
    assert_eq!(found.stdout, service.lines(0..10));
    assert_eq!(folder.run(&["search", "--store", "new", "--signal", "spans"]).stdout.lines().count(), 1);
}

#[test]
fn a_closed_store_is_pruned_and_compacted() {
    let service = Service::new();
    let start = service.start - 3 * 86_400_000_000;
    for number in 0..20 {
        let time = cupola_line::Timestamp::new().unix_micros(start + number).as_str().to_owned();
        service.write(batch_of(Signal::Logs, &format!(r#"{{"timestamp":"{time}","level":"INFO","message":"old"}}"#)));
    }
    let Service { folder, store, .. } = service;
    store.close().unwrap();
    done(&folder, "compact --store data", "3 files: 20 small blocks merged, ");
    done(&folder, "verify --store data", "31 entries in 3 blocks of 3 files");
    done(&folder, "prune --store data --days 1 --dry-run", "1 file with ");
    done(&folder, "prune --store data --days 1", " deleted\n");
    done(&folder, "verify --store data", "11 entries in 2 blocks of 2 files");
    done(&folder, "prune --store data --max-bytes 0", "0 files with 0 bytes deleted\n");
}

#[test]
fn what_is_wrong_is_told() {
    let Service { folder, store, .. } = Service::new();
    store.close().unwrap();
    done(&folder, "backup --store data --to copy", "2 files");
    let file = fs::read_dir(folder.path().join("copy/logs")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let shown = run(&folder, "verify --store copy");
    assert!(shown.code == 1 && shown.stdout.contains("copy/logs/") && shown.stdout.contains(" problem"), "{shown:?}");
    refused(&folder, "restore --from copy --store new", "the backup in copy is damaged: copy/logs/");
    assert!(!folder.path().join("new/logs").exists());
    refused(&folder, "verify --store never", "no store in never");
    refused(&folder, "compact --store never", "no store in never");
    refused(&folder, "backup --store never --to x", "no store in never");
    refused(&folder, "restore --from never --store x", "no backup in never");
    refused(&folder, "prune --store data", "--before");
    refused(&folder, "prune --store data --before soon", "a time is one like");
    assert!(!folder.path().join("never").exists());
    for what in ["verify", "export", "prune", "compact", "backup", "restore"] {
        done(&folder, &format!("{what} --help"), "Examples:\n");
    }
}

#[test]
fn what_is_exported_is_taken_in_again() {
    let service = Service::new();
    let folder = &service.folder;
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    done(folder, "export --store data --to all.jsonl", "10 entries written to all.jsonl\n");
    assert_eq!(String::from_utf8(read("all.jsonl")).unwrap(), service.lines(0..10));
    done(folder, "export --store data --to some.jsonl.zst status=5xx --hours 1", "4 entries written");
    assert_eq!(folder.view(&["some.jsonl.zst", "--json"]).stdout, service.lines([0, 3, 6, 9]));
    done(folder, "export --store data --to spans.jsonl --signal spans", "1 entry written");
    assert!(String::from_utf8(read("spans.jsonl")).unwrap().contains(r#""message":"GET /vms""#));
    assert_eq!(folder.run(&["ingest", "all.jsonl", "--store", "new"]).stdout, "10 entries of 1 file\n");
    done(folder, "export --store new --to again.jsonl", "10 entries");
    assert_eq!(read("again.jsonl"), read("all.jsonl"));
    done(folder, "export --store data --to all.sqlite status=5xx", "4 entries written");
    assert!(read("all.sqlite").starts_with(b"SQLite format 3"));
    refused(folder, "export --store data --to all.jsonl", "it is there already");
    refused(folder, "export --store data --to all.csv", "something.jsonl");
    refused(folder, "export --store never --to x.jsonl", "no store in never");
    refused(folder, "export --store data --to no/where.jsonl", "no/where.jsonl: ");
    assert_eq!(run(folder, "export --store data --to none.jsonl level=trace").code, 1);
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| !name.ends_with(".tmp")));
}
