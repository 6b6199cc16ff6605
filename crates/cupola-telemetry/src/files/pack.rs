//! Packing a closed file: beside it under another name, forced to the disk, renamed, and only then the file is gone.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cupola_line::{Packing, UNFINISHED_SUFFIX};

/// Between two pieces it is looked whether the process ends.
const PIECE: usize = 256 * 1024;

/// What has become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Done,
    /// Somebody has it open.
    Busy,
    /// It stays as it is, and is tried again the next time.
    Failed,
    /// The process ends.
    Stopped,
}

pub(super) fn pack(path: &Path, packing: Packing, stop: &AtomicBool) -> Packed {
    // Another process may have been first.
    let Ok(file) = File::open(path) else { return Packed::Done };
    if matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        return Packed::Busy;
    }
    if !path.exists() {
        return Packed::Done;
    }
    let target = with_suffix(path, packing.suffix());
    let unfinished = with_suffix(&target, UNFINISHED_SUFFIX);
    let packed = write(&file, &unfinished, packing, stop).and_then(|is_whole| {
        if is_whole {
            fs::rename(&unfinished, &target)?;
            fs::remove_file(path)?;
        }
        Ok(is_whole)
    });
    match packed {
        Ok(true) => Packed::Done,
        Ok(false) => {
            let _ = fs::remove_file(&unfinished);
            Packed::Stopped
        }
        Err(_) => {
            let _ = fs::remove_file(&unfinished);
            Packed::Failed
        }
    }
}

/// Removes what was begun and not finished, unless somebody is at it.
pub(super) fn clear(unfinished: &Path) {
    let Some(target) = without_suffix(unfinished, UNFINISHED_SUFFIX) else { return };
    let sources = [Packing::Gzip, Packing::Zstd].map(|packing| without_suffix(&target, packing.suffix()));
    let locked = sources.into_iter().flatten().any(|source| {
        File::open(source).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
    });
    if !locked {
        let _ = fs::remove_file(unfinished);
    }
}

/// `false` where it was stopped before the end.
fn write(mut file: &File, path: &Path, packing: Packing, stop: &AtomicBool) -> io::Result<bool> {
    let out = File::create(path)?;
    let mut encoder = Encoder::new(&out, packing)?;
    let mut piece = vec![0; PIECE];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => encoder.write_all(&piece[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    encoder.finish()?;
    if let Ok(modified) = file.metadata().and_then(|found| found.modified()) {
        let _ = out.set_modified(modified);
    }
    out.sync_all()?;
    Ok(true)
}

#[cfg(feature = "pack")]
enum Encoder<'f> {
    Gzip(flate2::write::GzEncoder<&'f File>),
    Zstd(zstd::Encoder<'static, &'f File>),
}

#[cfg(feature = "pack")]
impl<'f> Encoder<'f> {
    fn new(out: &'f File, packing: Packing) -> io::Result<Self> {
        Ok(match packing {
            Packing::Gzip => Self::Gzip(flate2::write::GzEncoder::new(out, flate2::Compression::default())),
            _ => Self::Zstd(zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?),
        })
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(bytes),
            Self::Zstd(encoder) => encoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.finish().map(drop),
            Self::Zstd(encoder) => encoder.finish().map(drop),
        }
    }
}

/// No configuration of such a build asks for it.
#[cfg(not(feature = "pack"))]
struct Encoder<'f>(std::marker::PhantomData<&'f File>);

#[cfg(not(feature = "pack"))]
impl<'f> Encoder<'f> {
    fn new(_: &'f File, _: Packing) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn finish(self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn without_suffix(path: &Path, suffix: &str) -> Option<PathBuf> {
    path.to_str()?.strip_suffix(suffix).map(PathBuf::from)
}
