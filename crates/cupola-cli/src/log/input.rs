//! Which files are read: files, folders, standard input.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use cupola_line::{Day, FileFamily, INDEX_SUFFIX};

/// One file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// `None` is standard input.
    pub(crate) path: Option<PathBuf>,
    /// The folder whose files may hold the same entries: `LOG_DIR`, for what lies in one of its category folders too.
    pub(crate) group: PathBuf,
    /// Whether it is an older part of the log that the input before it belongs to.
    pub(crate) is_older: bool,
}

impl Input {
    pub(crate) fn stdin() -> Self {
        Self { path: None, group: PathBuf::new(), is_older: false }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let group = group_of(&path);
        Self { path: Some(path), group, is_older: false }
    }

    /// Whether more may come of it at any time, so that what is there is not to wait for it.
    pub(crate) fn is_live(&self) -> bool {
        self.path.as_ref().is_none_or(|path| fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()))
    }

    /// Where its index is, if it has one.
    pub(crate) fn index(&self) -> Option<PathBuf> {
        let mut path = self.path.clone()?.into_os_string();
        path.push(INDEX_SUFFIX);
        Some(path.into())
    }

    /// How it is called in messages.
    pub(crate) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
    }
}

/// A category folder's own folder holds `api.log` and `errors.log` with the same entries.
fn group_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_dated = path.file_name().and_then(OsStr::to_str).is_some_and(begins_with_date);
    if is_dated { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() }
}

/// `2026-11-21.jsonl`: a file of a category folder.
fn begins_with_date(name: &str) -> bool {
    name.split_once('.').is_some_and(|(date, _)| Day::parse(date).is_some())
}

/// What the arguments name: `-` is standard input, a folder all the log files in it and in the folders right below it.
pub(crate) fn expand(paths: &[PathBuf]) -> io::Result<Vec<Input>> {
    let mut found = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            found.push(Input::stdin());
        } else if path.is_dir() {
            let mut files = Vec::new();
            folder(path, 1, &mut files)?;
            files.sort();
            found.extend(files.into_iter().map(Input::file));
        } else {
            found.push(Input::file(path));
        }
    }
    found.dedup();
    Ok(found)
}

/// A log of a folder, `api.log`, and what was closed of it before, the newest first: `api.2026-11-21.002.log`, `api.log.1.gz`. Empty
/// where there is none of them.
pub(crate) fn with_older(folder_path: &Path, name: &str) -> io::Result<Vec<Input>> {
    let mut files = Vec::new();
    folder(folder_path, 0, &mut files)?;
    let mut parts: Vec<_> =
        files.into_iter().filter_map(|path| Some((age_of(path.file_name()?.to_str()?, name)?, path))).collect();
    parts.sort();
    let part = |(number, (_, path)): (usize, (_, PathBuf))| Input { is_older: number > 0, ..Input::file(path) };
    Ok(parts.into_iter().enumerate().map(part).collect())
}

/// How old a part of a log is, by its name: the current one, then `api.log.1` and so on, which others write, then our own closed ones,
/// the newest first.
fn age_of(file: &str, name: &str) -> Option<(u32, Reverse<(i64, u32)>)> {
    let unpacked = file.strip_suffix(".gz").or_else(|| file.strip_suffix(".zst")).unwrap_or(file);
    if let Some(number) = unpacked.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) {
        return Some((number.parse().ok()?, Reverse((0, 0))));
    }
    let (stem, extension) = name.split_once('.')?;
    let part = FileFamily::named(stem, extension).parse(file)?;
    let group = if part.day.is_none() { 0 } else { u32::MAX };
    Some((group, Reverse(part.order())))
}

fn folder(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() && depth > 0 {
            folder(&path, depth - 1, found)?;
        } else if path.is_file() && path.file_name().and_then(OsStr::to_str).is_some_and(is_log_name) {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a name is that of a log, of a rotated one, or of a compressed one: `api.log`, `api.log.3.gz`, `2026-11-21.jsonl.zst`.
fn is_log_name(name: &str) -> bool {
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    let mut parts = name.rsplit('.').skip_while(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(parts.next(), Some("log" | "jsonl" | "ndjson" | "json"))
        && parts.next().is_some_and(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs() {
        let check = |name, expected| assert_eq!(is_log_name(name), expected, "{name}");
        check("api.log", true);
        check("api.log.1", true);
        check("api.log.12.gz", true);
        check("api.2026-11-21.003.log.zst", true);
        check("2026-11-21.jsonl", true);
        check("api.log.idx", false);
        check(".log", false);
        check("notes.txt", false);
        check("log", false);
        check("1", false);
    }

    #[test]
    fn a_log_and_what_was_closed_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let expected =
            ["api.log", "api.log.1", "api.log.10.gz", "api.2026-11-21.1000.log", "api.2026-11-21.999.log.zst"];
        for name in
            expected.into_iter().chain(["api-v2.log", "api.old.log", "errors.log", "api.log.idx", "api.log.1.bak"])
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = with_older(folder.path(), "api.log").unwrap();
        let names: Vec<_> =
            found.iter().map(|input| input.path.as_ref().unwrap().file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, expected);
        assert_eq!(found.iter().filter(|input| input.is_older).count(), 4);
        assert!(with_older(folder.path(), "other.log").unwrap().is_empty());
    }

    #[test]
    fn groups() {
        let check = |path: &str, expected: &str| assert_eq!(Input::file(path).group, Path::new(expected), "{path}");
        check("logs/api.log", "logs");
        check("logs/api/2026-11-21.jsonl", "logs");
        check("logs/api/2026-11-21.jsonl.1.gz", "logs");
        check("api.log", "");
    }

    #[test]
    fn folders_are_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("api/deep")).unwrap();
        for name in ["b.log", "a.log.1.gz", "notes.txt", "api/2026-11-21.jsonl", "api/deep/c.log"] {
            fs::write(at(name), "").unwrap();
        }
        let inputs = expand(&[folder.path().to_owned(), PathBuf::from("-")]).unwrap();
        let names: Vec<_> = inputs.iter().map(|input| input.path.clone()).collect();
        let expected = ["a.log.1.gz", "api/2026-11-21.jsonl", "b.log"].map(|name| Some(at(name)));
        assert_eq!(names, [&expected[..], &[None]].concat());
    }
}
