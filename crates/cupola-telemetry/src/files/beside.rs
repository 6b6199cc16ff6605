//! The index beside a closed file: written under another name, forced to the disk, renamed.
//!
//! It bears the file's own time, so that it is known without reading it whether it was made of the file as it is now. Whoever uses it
//! looks at more than that: see [`Identity`].

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use cupola_line::index::{Index, IndexBuilder};
use cupola_line::{INDEX_SUFFIX, UNFINISHED_SUFFIX};

use crate::files::pack::{self, End, PIECE};

/// Whether there is an index that was made of the file as it is.
pub(super) fn fits(file: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    modified(file).is_some_and(|time| modified(&path_of(file)) == Some(time))
}

/// Makes the index of a closed file that stays as it is.
pub(super) fn make(path: &Path, stop: &AtomicBool) -> End {
    pack::alone(path, |file| {
        let Some(index) = read(file, stop)? else { return Ok(false) };
        Unfinished::write(&index, path, file.metadata()?.modified()?)?.put()?;
        Ok(true)
    })
}

/// Removes the index of a file that is not there.
pub(super) fn remove(file: &Path) {
    let _ = fs::remove_file(path_of(file));
}

/// `None` where it was stopped before the end.
fn read(mut file: &File, stop: &AtomicBool) -> io::Result<Option<Index<'static>>> {
    let (mut builder, mut piece) = (IndexBuilder::new(), vec![0; PIECE]);
    while !stop.load(Ordering::Relaxed) {
        match file.read(&mut piece) {
            Ok(0) => return Ok(Some(builder.finish())),
            Ok(length) => builder.push(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// An index that is on the disk, but not yet under its name. One that is not put there is removed.
pub(super) struct Unfinished {
    path: PathBuf,
    target: PathBuf,
}

impl Unfinished {
    /// Writes the index of a file that was changed at this time.
    pub(super) fn write(index: &Index<'_>, file: &Path, modified: SystemTime) -> io::Result<Self> {
        let target = path_of(file);
        let unfinished = Self { path: pack::with_suffix(&target, UNFINISHED_SUFFIX), target };
        let mut out = File::create(&unfinished.path)?;
        out.write_all(&index.to_bytes())?;
        out.set_modified(modified)?;
        out.sync_all()?;
        Ok(unfinished)
    }

    pub(super) fn put(self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)
    }
}

/// After it was put into place there is nothing to remove.
impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn path_of(file: &Path) -> PathBuf {
    pack::with_suffix(file, INDEX_SUFFIX)
}
