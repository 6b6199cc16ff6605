//! Where in a store's directory what lies: `logs/2026-11-27.cupola`, `journal/`, `lock`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::day::Day;
use crate::signal::Signal;

const EXTENSION: &str = "cupola";

/// The file of this signal and day.
pub(crate) fn day_file(dir: &Path, signal: Signal, day: Day) -> PathBuf {
    dir.join(signal.as_str()).join(format!("{day}.{EXTENSION}"))
}

/// Where the journal's segments are.
pub(crate) fn journal(dir: &Path) -> PathBuf {
    dir.join("journal")
}

/// What the one who writes holds locked.
pub(crate) fn lock(dir: &Path) -> PathBuf {
    dir.join("lock")
}

/// The days of which there are files, the oldest first. Other files in the folder are none of ours.
pub(crate) fn days(dir: &Path, signal: Signal) -> io::Result<Vec<Day>> {
    let entries = match fs::read_dir(dir.join(signal.as_str())) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut days = Vec::new();
    for entry in entries {
        days.extend(day_of(Path::new(&entry?.file_name())));
    }
    days.sort_unstable();
    Ok(days)
}

fn day_of(name: &Path) -> Option<Day> {
    let is_ours = name.extension() == Some(OsStr::new(EXTENSION));
    name.file_stem().filter(|_| is_ours).and_then(OsStr::to_str).and_then(Day::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_found_by_the_names_of_their_files() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(days(dir.path(), Signal::Logs).unwrap(), []);
        fs::create_dir(dir.path().join("logs")).unwrap();
        let both = [Day::parse("2026-11-27").unwrap(), Day::parse("2026-12-01").unwrap()];
        for day in [both[1], both[0]] {
            fs::write(day_file(dir.path(), Signal::Logs, day), "").unwrap();
        }
        for other in
            ["2026-11-28.cupola-wal", "2026-11-29.cupola.new", "2026-11-30", "notes.cupola", "2026-02-30.cupola"]
        {
            fs::write(dir.path().join("logs").join(other), "").unwrap();
        }
        assert_eq!(days(dir.path(), Signal::Logs).unwrap(), both);
    }
}
