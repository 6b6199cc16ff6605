//! The files of a log under a clock of the test: sizes, days, renames, faults.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::*;

const DAY: u64 = 86_400;

/// 2026-11-21, noon.
const NOON: u64 = 1_795_262_400;

struct Log {
    files: Files,
    seconds: Arc<AtomicU64>,
    accounts: Accounts,
}

impl Log {
    fn open(config: FilesConfig) -> Self {
        let seconds = Arc::new(AtomicU64::new(NOON));
        let (read, accounts) = (seconds.clone(), Accounts::default());
        let clock = Arc::new(move || UNIX_EPOCH + Duration::from_secs(read.load(Ordering::Relaxed)));
        Self { files: Files::with_clock(config, accounts.clone(), clock).unwrap(), seconds, accounts }
    }

    /// Gives how many lines were lost.
    fn write(&mut self, lines: &[String]) -> u64 {
        let mut lost = Lost::default();
        lost.begin(lines.len() as u64);
        self.files.write(lines.concat().as_bytes(), lines.len() as u64, &mut lost, &|| true);
        lost.count()
    }

    fn at(&self, seconds: u64) {
        self.seconds.store(seconds, Ordering::Relaxed);
    }
}

fn line(level: &str, category: &str, number: usize) -> String {
    let head = r#"{"timestamp":"2026-11-21T12:00:00.000000Z""#;
    format!(
        "{head},\"level\":\"{level}\",\"target\":\"app\",\"category\":\"{category}\",\"message\":\"{number:08}\"}}\n"
    )
}

fn lines(count: usize) -> Vec<String> {
    (0..count).map(|number| line("INFO", "api", number)).collect()
}

fn config(folder: &Path) -> FilesConfig {
    FilesConfig { packing: cupola_line::Packing::None, index: false, ..FilesConfig::in_folder(folder) }
}

fn flat(folder: &Path) -> FilesConfig {
    FilesConfig { layout: Layout::Files, ..config(folder) }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "another thread is waited for, whose time nobody can pause")]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn each_line_goes_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(config(folder.path()));
    let batch = [line("INFO", "api", 1), line("ERROR", "errors", 2), line("WARN", "../x", 3), line("ERROR", "api", 4)];
    assert_eq!(log.write(&batch), 0);
    let check = |name: &str, numbers: &[usize]| {
        let expected: String = numbers.iter().map(|number| batch[number - 1].as_str()).collect();
        assert_eq!(text(folder.path().join(name)), expected, "{name}");
    };
    check("api.log", &[1, 2, 3, 4]);
    check("errors.log", &[2, 4]);
    check("api/2026-11-21.jsonl", &[1, 4]);
    check("errors/2026-11-21.jsonl", &[2]);
    check("general/2026-11-21.jsonl", &[3]);
    let written: Vec<_> = log.accounts.read().iter().map(|counts| (counts.output.clone(), counts.written)).collect();
    let expected = [("api.log", 4), ("errors.log", 2), ("api/", 2), ("errors/", 1), ("general/", 1)];
    assert_eq!(written, expected.map(|(output, written)| (output.to_owned(), written)));
}

#[test]
fn categories_beyond_all_measure_are_general() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(FilesConfig { layout: Layout::Categories, ..config(folder.path()) });
    let batch: Vec<_> = (0..100).map(|number| line("INFO", &format!("c{number}"), number)).collect();
    assert_eq!(log.write(&batch), 0);
    assert_eq!(names(folder.path()).len(), MAX_CATEGORIES + 1);
    assert_eq!(text(folder.path().join("general/2026-11-21.jsonl")).lines().count(), 100 - MAX_CATEGORIES);
}

#[test]
fn a_full_file_is_closed_between_two_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(FilesConfig { max_bytes: 1024, backup_count: 100, ..flat(folder.path()) });
    let batch = lines(100);
    assert_eq!(log.write(&batch), 0);
    let files = names(folder.path());
    let (active, closed) = files.split_last().map(|(_, _)| files.split_at(files.len() - 1)).unwrap();
    assert!(files.contains(&"api.2026-11-21.001.log".to_owned()) && !active.is_empty() && !closed.is_empty());
    let all: String =
        files.iter().filter(|name| name.starts_with("api.")).map(|name| text(folder.path().join(name))).collect();
    assert_eq!(all, batch.concat(), "{files:?}");
    assert!(files.iter().all(|name| fs::metadata(folder.path().join(name)).unwrap().len() <= 1024));
    // A line that is larger than a file has one of its own.
    let giant = line("INFO", &"x".repeat(2000), 1);
    assert_eq!(log.write(&[giant.clone(), lines(1).concat()]), 0);
    assert!(names(folder.path()).iter().any(|name| text(folder.path().join(name)) == giant));
}

#[test]
fn a_day_that_is_over_closes_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(config(folder.path()));
    log.write(&lines(1));
    log.at(NOON + DAY);
    log.write(&lines(2));
    let at = |name: &str| text(folder.path().join(name)).lines().count();
    assert_eq!((at("api.2026-11-21.001.log"), at("api.log")), (1, 2));
    assert_eq!((at("api/2026-11-21.jsonl"), at("api/2026-11-22.jsonl")), (1, 2));
    // A clock that is put right by some hours makes no file of yesterday.
    log.at(NOON + DAY - DAY / 2 - 60);
    log.write(&lines(3));
    assert_eq!((at("api.log"), at("api/2026-11-22.jsonl")), (5, 5));
    // One that was wrong by years is followed, there and back.
    log.at(NOON + 3650 * DAY);
    log.write(&lines(1));
    log.at(NOON + DAY);
    log.write(&lines(1));
    assert_eq!(at("api.log"), 1);
    assert_eq!((at("api/2026-11-22.jsonl"), at("api/2036-11-18.jsonl")), (6, 1));
}

#[test]
fn a_file_of_an_earlier_day_is_closed_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let old = File::create(folder.path().join("api.log")).unwrap();
    fs::write(folder.path().join("api.log"), lines(1).concat()).unwrap();
    old.set_modified(UNIX_EPOCH + Duration::from_secs(NOON - 3 * DAY)).unwrap();
    let mut log = Log::open(flat(folder.path()));
    log.write(&lines(2));
    assert_eq!(names(folder.path()), ["api.2026-11-18.001.log", "api.log"]);
}

#[test]
fn a_line_that_a_crash_has_torn_stays_apart() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("api.log"), "{\"timestamp\":\"2026-11").unwrap();
    let torn = File::options().append(true).open(folder.path().join("api.log")).unwrap();
    torn.set_modified(UNIX_EPOCH + Duration::from_secs(NOON - 60)).unwrap();
    let mut log = Log::open(flat(folder.path()));
    log.write(&lines(1));
    assert_eq!(text(folder.path().join("api.log")), format!("{{\"timestamp\":\"2026-11\n{}", lines(1).concat()));
}

#[test]
fn too_many_and_too_old_files_go_and_no_neighbour_does() {
    let folder = tempfile::tempdir().unwrap();
    let neighbours = [
        "api-access.2026-11-01.001.log",
        "api.old.log",
        "api.2026-11-01.log",
        "api.2026-11-01.001.log.bak",
        "api-access.2026-11-01.001.log.idx",
        "apix.log",
    ];
    neighbours.iter().for_each(|name| fs::write(folder.path().join(name), "mine").unwrap());
    for day in 1..=9 {
        fs::write(folder.path().join(format!("api.2026-11-0{day}.001.log")), "old").unwrap();
        fs::write(folder.path().join(format!("api.2026-11-0{day}.001.log.idx")), "old").unwrap();
    }
    let config = FilesConfig { backup_count: 4, max_age_days: Some(13), ..flat(folder.path()) };
    let mut log = Log::open(config);
    log.write(&lines(1));
    // By number the last four stay, of which one is more than 13 days old.
    eventually("old files go", || !folder.path().join("api.2026-11-07.001.log").exists());
    drop(log);
    let mut expected: Vec<_> = neighbours.iter().map(|name| (*name).to_owned()).collect();
    expected.extend((8..=9).flat_map(|day| ["", ".idx"].map(|end| format!("api.2026-11-0{day}.001.log{end}"))));
    expected.push("api.log".to_owned());
    expected.sort();
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn all_logs_together_have_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in
        [("api.2026-11-01.001.log", 600), ("errors.2026-11-02.001.log", 600), ("api.2026-11-03.001.log", 600)]
    {
        fs::write(folder.path().join(name), vec![b'x'; bytes]).unwrap();
    }
    let log = Log::open(FilesConfig { total_bytes: Some(1200), ..flat(folder.path()) });
    eventually("the oldest goes", || !folder.path().join("api.2026-11-01.001.log").exists());
    drop(log);
    assert_eq!(names(folder.path()), ["api.2026-11-03.001.log", "errors.2026-11-02.001.log"]);
}

#[test]
fn a_file_that_is_renamed_from_outside_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(flat(folder.path()));
    log.write(&lines(1));
    fs::rename(folder.path().join("api.log"), folder.path().join("rotated")).unwrap();
    log.write(&lines(2));
    assert_eq!(text(folder.path().join("rotated")), lines(1).concat());
    assert_eq!(text(folder.path().join("api.log")), lines(2).concat());
    // Emptied in place, as `copytruncate` does.
    File::create(folder.path().join("api.log")).unwrap();
    log.write(&lines(3));
    assert_eq!(text(folder.path().join("api.log")), lines(3).concat());
}

#[test]
#[cfg(unix)]
fn a_name_may_be_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("elsewhere");
    std::os::unix::fs::symlink(&target, folder.path().join("api.log")).unwrap();
    let mut log = Log::open(flat(folder.path()));
    assert_eq!((log.write(&lines(1)), log.write(&lines(2))), (0, 0));
    assert_eq!(text(target), lines(1).concat() + &lines(2).concat());
}

#[test]
fn a_folder_that_is_removed_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let mut log = Log::open(config(&logs));
    log.write(&lines(1));
    fs::remove_dir_all(&logs).unwrap();
    assert_eq!(log.write(&lines(2)), 0);
    assert_eq!(text(logs.join("api.log")), lines(2).concat());
}

#[test]
fn lines_that_no_file_takes_are_counted_until_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let mut log = Log::open(flat(&logs));
    log.write(&lines(1));
    // Nobody can make a folder where a file is, root included.
    fs::rename(&logs, folder.path().join("away")).unwrap();
    fs::write(&logs, "").unwrap();
    assert_eq!(log.write(&lines(3)), 3);
    log.at(NOON + 1);
    assert_eq!(log.write(&lines(2)), 2);
    let counts = log.accounts.read().swap_remove(0);
    assert_eq!((counts.written, counts.dropped, counts.failing), (1, 5, true));
    fs::remove_file(&logs).unwrap();
    log.at(NOON + 60);
    assert_eq!(log.write(&lines(4)), 0);
    let counts = log.accounts.read().swap_remove(0);
    assert_eq!((counts.written, counts.dropped, counts.failing), (5, 5, false));
    assert_eq!(text(logs.join("api.log")), lines(4).concat());
}

#[test]
fn only_one_output_may_fail_and_its_lines_are_lost_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(config(folder.path()));
    fs::write(folder.path().join("operations"), "no folder").unwrap();
    let batch = [line("INFO", "api", 1), line("INFO", "operations", 2), line("INFO", "operations", 3)];
    assert_eq!(log.write(&batch), 2);
    assert_eq!(text(folder.path().join("api.log")), batch.concat());
}

mod indexes;

#[cfg(feature = "pack")]
mod packing {
    use std::io::Read;

    use super::*;

    pub(super) fn unpacked(path: &Path) -> String {
        let mut text = String::new();
        let file = File::open(path).unwrap();
        if path.extension().is_some_and(|end| end == "gz") {
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        } else {
            zstd::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap();
        }
        text
    }

    fn check(packing: cupola_line::Packing) {
        let folder = tempfile::tempdir().unwrap();
        let config = FilesConfig { packing, max_bytes: 4096, backup_count: 100, ..flat(folder.path()) };
        let mut log = Log::open(config);
        let batch = lines(100);
        assert_eq!(log.write(&batch), 0);
        let is_packed = |name: &String| name == "api.log" || name.ends_with(packing.suffix());
        eventually("closed files are packed", || names(folder.path()).iter().all(is_packed));
        drop(log);
        let (packed, active): (Vec<_>, Vec<_>) = names(folder.path()).into_iter().partition(|name| name != "api.log");
        let all: String = packed.iter().map(|name| unpacked(&folder.path().join(name))).collect();
        assert_eq!(all + &text(folder.path().join(&active[0])), batch.concat());
    }

    #[test]
    fn closed_files_are_packed_and_nothing_is_missing() {
        check(cupola_line::Packing::Zstd);
        check(cupola_line::Packing::Gzip);
    }

    #[test]
    fn what_somebody_still_writes_to_is_not_packed() {
        let folder = tempfile::tempdir().unwrap();
        let closed = folder.path().join("api.2026-11-20.001.log");
        fs::write(&closed, lines(1).concat()).unwrap();
        let writer = File::options().append(true).open(&closed).unwrap();
        writer.lock_shared().unwrap();
        let log = Log::open(FilesConfig::in_folder(folder.path()));
        // The next file is packed, so this one was looked at.
        fs::write(folder.path().join("api.2026-11-20.002.log"), lines(1).concat()).unwrap();
        log.files.keeper.poke();
        eventually("the other file is packed", || folder.path().join("api.2026-11-20.002.log.zst").exists());
        assert!(closed.exists());
        drop(writer);
        eventually("and then this one", || !closed.exists());
        assert_eq!(unpacked(&folder.path().join("api.2026-11-20.001.log.zst")), lines(1).concat());
    }

    #[test]
    fn what_a_crash_has_left_half_packed_is_packed_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("api.2026-11-20.001.log"), lines(3).concat()).unwrap();
        fs::write(folder.path().join("api.2026-11-20.001.log.zst.tmp"), "half").unwrap();
        fs::write(folder.path().join("api.2026-11-19.001.log.zst.tmp"), "half").unwrap();
        let log = Log::open(FilesConfig::in_folder(folder.path()));
        eventually("it is packed", || {
            names(folder.path()) == ["api.2026-11-20.001.log.zst", "api.2026-11-20.001.log.zst.idx"]
        });
        drop(log);
        assert_eq!(unpacked(&folder.path().join("api.2026-11-20.001.log.zst")), lines(3).concat());
    }
}
