//! `cupola index`.

use std::fs;

use super::logs::{Log, Packing};
use super::support::{Folder, entry};

#[test]
fn what_has_none_gets_one_and_what_has_one_keeps_it() {
    let folder = Folder::new();
    let file = folder.write("api.log", entry("03:46:01", "INFO", r#""message":"one""#));
    assert_eq!(folder.run(&["index", "--check", &file]).code, 1);
    let made = folder.run(&["index", &file]);
    assert_eq!((made.stdout, made.code), (format!("{file}: 1 line in 1 block\n"), 0));
    let again = folder.run(&["index", &file]);
    assert_eq!((again.stdout, again.code), (format!("{file}: its index fits\n"), 0));
    assert_eq!(folder.run(&["index", "--force", &file]).stdout, format!("{file}: 1 line in 1 block\n"));
    let checked = folder.run(&["index", "--check", "-q", &file]);
    assert_eq!((checked.stdout, checked.stderr, checked.code), (String::new(), String::new(), 0));
    // It is no log, for whoever is given the folder.
    assert_eq!(folder.run(&["view", ".", "--json"]).stdout.lines().count(), 1);
}

#[test]
fn a_check_tells_what_is_wrong() {
    let folder = Folder::new();
    let log = Log::random(1);
    let file = folder.write("a.log", &log.api);
    let beside = folder.path().join("a.log.idx");
    let check = |why: &str| {
        let checked = folder.run(&["index", "--check", &file]);
        assert_eq!((checked.stderr, checked.code), (format!("cupola: {file}: {why}\n"), 1));
    };
    check("it has no index");
    fs::write(&beside, "not one").unwrap();
    check("its index is damaged");
    folder.run(&["index", &file]);
    folder.write("a.log", [&log.api[..], b"{}\n"].concat());
    check("its index is not of the file as it is");
    let mut text = log.api.clone();
    let middle = text.len() / 2;
    text[middle..middle + 400].fill(b'x');
    folder.write("a.log", &log.api);
    folder.run(&["index", &file]);
    folder.write("a.log", text);
    check("its index does not say what the file says");
}

#[test]
fn frames_are_found_again() {
    let folder = Folder::new();
    let log = Log::random(2);
    let file = folder.write("a.log.zst", Packing::Frames.pack(&log.api));
    assert_eq!(folder.run(&["index", &file]).code, 0);
    let bytes = fs::read(folder.path().join("a.log.zst.idx")).unwrap();
    let index = cupola_line::index::Index::read(&bytes).unwrap();
    assert!(index.blocks().len() > 3 && index.blocks().iter().all(|block| block.frame.is_some()));
    // In one piece there are none.
    let file = folder.write("b.log.zst", zstd::encode_all(&log.api[..], 3).unwrap());
    assert_eq!(folder.run(&["index", &file]).code, 0);
    let bytes = fs::read(folder.path().join("b.log.zst.idx")).unwrap();
    let index = cupola_line::index::Index::read(&bytes).unwrap();
    assert!(index.blocks().len() > 3 && index.blocks().iter().all(|block| block.frame.is_none()));
}

#[test]
fn what_cannot_be_is_an_error() {
    let folder = Folder::new();
    folder.write("torn.log.gz", b"\x1f\x8b\x08\0\0\0");
    for (arguments, part) in [
        (&["index"][..], "FILE"),
        (&["index", "missing.log"], "missing.log"),
        (&["index", "-"], "standard input has no index"),
        (&["index", "torn.log.gz"], "torn.log.gz"),
        (&["index", "--check", "--force", "torn.log.gz"], "cannot be used with"),
    ] {
        let shown = folder.run(arguments);
        assert!(shown.code == 2 && shown.stderr.contains(part), "{arguments:?}: {}", shown.stderr);
    }
    assert!(!folder.path().join("torn.log.gz.idx").exists());
}

/// What somebody has locked, as services lock what they write to, is left out of a folder; named, it is not.
#[test]
fn what_is_being_written_to_is_left_out() {
    let folder = Folder::new();
    let file = folder.write("logs/api.log", entry("03:46:01", "INFO", r#""message":"one""#));
    let writer = fs::File::options().append(true).open(&file).unwrap();
    writer.lock_shared().unwrap();
    let shown = folder.run(&["index", "logs"]);
    assert_eq!((shown.stdout.as_str(), shown.code), ("logs/api.log: left out, it is being written to\n", 0));
    assert!(!folder.path().join("logs/api.log.idx").exists());
    assert_eq!(folder.run(&["index", "logs/api.log"]).stdout, "logs/api.log: 1 line in 1 block\n");
}
