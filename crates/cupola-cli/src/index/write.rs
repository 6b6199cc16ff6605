//! An index in its place: written under another name, forced to the disk, renamed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cupola_line::UNFINISHED_SUFFIX;
use cupola_line::index::Index;

/// It bears the time of its file, by which the service that owns the file knows that it is of it.
pub(super) fn write(index: &Index<'_>, path: &Path, modified: SystemTime) -> io::Result<()> {
    let mut unfinished = OsString::from(path);
    unfinished.push(UNFINISHED_SUFFIX);
    let unfinished = PathBuf::from(unfinished);
    let written = put(index, &unfinished, path, modified);
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn put(index: &Index<'_>, unfinished: &Path, path: &Path, modified: SystemTime) -> io::Result<()> {
    let mut out = File::create(unfinished)?;
    out.write_all(&index.to_bytes())?;
    out.set_modified(modified)?;
    out.sync_all()?;
    fs::rename(unfinished, path)
}
