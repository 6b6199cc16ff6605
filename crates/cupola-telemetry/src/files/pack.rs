//! Packing a closed file: beside it under another name, forced to the disk, renamed, and only then the file is gone.

mod encoder;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use cupola_line::index::{Identity, Index, IndexBuilder};
use cupola_line::{INDEX_SUFFIX, Packing, UNFINISHED_SUFFIX};

use crate::files::beside::{self, Unfinished};
use encoder::Encoder;

/// Between two pieces it is looked whether the process ends.
pub(super) const PIECE: usize = 256 * 1024;

/// What has become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// Somebody has it open.
    Busy,
    /// It stays as it is, and is tried again the next time.
    Failed,
    /// The process ends.
    Stopped,
}

/// Does something with a closed file that nobody else has open; `false` from it where it was stopped.
pub(super) fn alone(path: &Path, work: impl FnOnce(&File) -> io::Result<bool>) -> End {
    // Another process may have been first.
    let Ok(file) = File::open(path) else { return End::Done };
    if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        return End::Busy;
    }
    if !path.exists() {
        return End::Done;
    }
    match work(&file) {
        Ok(true) => End::Done,
        Ok(false) => End::Stopped,
        Err(_) => End::Failed,
    }
}

/// Packs a file, and leaves an index beside it where that is wanted. Without one the packed file is as good.
pub(super) fn pack(path: &Path, packing: Packing, is_indexed: bool, stop: &AtomicBool) -> End {
    let target = with_suffix(path, packing.suffix());
    let unfinished = with_suffix(&target, UNFINISHED_SUFFIX);
    let done = alone(path, |file| {
        let mut writing = Writing::begin(&unfinished, packing, is_indexed)?;
        if !writing.take(file, stop)? {
            return Ok(false);
        }
        let modified = file.metadata()?.modified()?;
        let index = writing.finish(modified)?;
        let index = index.and_then(|index| Unfinished::write(&index, &target, modified).ok());
        fs::rename(&unfinished, &target)?;
        if let Some(index) = index {
            let _ = index.put();
        }
        fs::remove_file(path)?;
        beside::remove(path);
        Ok(true)
    });
    if matches!(done, End::Failed | End::Stopped) {
        let _ = fs::remove_file(&unfinished);
    }
    done
}

/// Removes what was begun and not finished, unless somebody is at it.
pub(super) fn clear(unfinished: &Path) {
    let Some(target) = without_suffix(unfinished, UNFINISHED_SUFFIX) else { return };
    let target = without_suffix(&target, INDEX_SUFFIX).unwrap_or(target);
    let sources =
        [Packing::None, Packing::Gzip, Packing::Zstd].map(|packing| without_suffix(&target, packing.suffix()));
    let locked = sources.into_iter().flatten().any(|source| {
        File::open(source).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
    });
    if !locked {
        let _ = fs::remove_file(unfinished);
    }
}

/// A file that is being packed.
struct Writing {
    out: File,
    encoder: Encoder,
    /// Where an index is wanted: its blocks, and where the frames end that hold them.
    index: Option<(IndexBuilder, Vec<u64>)>,
    /// How much was taken.
    offset: u64,
}

impl Writing {
    fn begin(path: &Path, packing: Packing, is_indexed: bool) -> io::Result<Self> {
        // It is read back, for what the index says of it.
        let out = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let encoder = Encoder::new(out.try_clone()?, packing)?;
        Ok(Self { out, encoder, index: is_indexed.then(Default::default), offset: 0 })
    }

    /// `false` where it was stopped before the end.
    fn take(&mut self, mut file: &File, stop: &AtomicBool) -> io::Result<bool> {
        let mut piece = vec![0; PIECE];
        while !stop.load(Ordering::Relaxed) {
            match file.read(&mut piece) {
                Ok(0) => return Ok(true),
                Ok(length) => self.push(&piece[..length])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Writes a piece; with an index, what is one block for it is one frame, so that it can be read alone.
    fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut rest = piece;
        if let Some((builder, ends)) = &mut self.index {
            builder.push(piece);
            for block in &builder.blocks()[ends.len()..] {
                let length = (block.offset + block.length - self.offset) as usize;
                self.encoder.write_all(&rest[..length])?;
                ends.push(self.encoder.end_frame()?);
                (rest, self.offset) = (&rest[length..], self.offset + length as u64);
            }
        }
        self.encoder.write_all(rest)?;
        self.offset += rest.len() as u64;
        Ok(())
    }

    /// Forces all of it to the disk, with the time of the file it was made of.
    fn finish(mut self, modified: SystemTime) -> io::Result<Option<Index<'static>>> {
        let end = self.encoder.finish()?;
        let _ = self.out.set_modified(modified);
        self.out.sync_all()?;
        let Some((builder, mut ends)) = self.index else { return Ok(None) };
        let (index, identity) = (builder.finish(), Identity::read(&mut self.out)?);
        if ends.len() < index.blocks().len() {
            ends.push(end);
        }
        if self.encoder.has_frames { Ok(index.packed(identity, &ends)) } else { Ok(Some(index.sealed(identity))) }
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn without_suffix(path: &Path, suffix: &str) -> Option<PathBuf> {
    path.to_str()?.strip_suffix(suffix).map(PathBuf::from)
}
