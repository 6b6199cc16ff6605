//! Bytes, packed.

use std::fs::File;
use std::io;

use cupola_line::Packing;

#[cfg(feature = "pack")]
pub(super) use packing::Encoder;

#[cfg(feature = "pack")]
mod packing {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use zstd::stream::raw::{self, Operation, OutBuffer};

    use super::{File, Packing, io};

    const BUFFER_BYTES: usize = 128 * 1024;

    /// Packs into a file.
    pub(in crate::files::pack) struct Encoder {
        form: Form,
        /// Whether frames end where it is said that they do.
        pub(in crate::files::pack) has_frames: bool,
    }

    enum Form {
        Gzip(Box<GzEncoder<File>>),
        Zstd(Box<Zstd>),
    }

    impl Encoder {
        pub(in crate::files::pack) fn new(out: File, packing: Packing) -> io::Result<Self> {
            Ok(match packing {
                // Files of several members are read by few but gzip itself.
                Packing::Gzip => {
                    Self { form: Form::Gzip(Box::new(GzEncoder::new(out, Compression::default()))), has_frames: false }
                }
                _ => Self { form: Form::Zstd(Box::new(Zstd::new(out)?)), has_frames: true },
            })
        }

        pub(in crate::files::pack) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
            match &mut self.form {
                Form::Gzip(encoder) => encoder.write_all(bytes),
                Form::Zstd(encoder) => encoder.write_all(bytes),
            }
        }

        /// Ends a frame; returns where, in the packed file.
        pub(in crate::files::pack) fn end_frame(&mut self) -> io::Result<u64> {
            match &mut self.form {
                Form::Gzip(_) => Ok(0),
                Form::Zstd(encoder) => encoder.end_frame(),
            }
        }

        /// Ends the file; returns where.
        pub(in crate::files::pack) fn finish(&mut self) -> io::Result<u64> {
            match &mut self.form {
                Form::Gzip(encoder) => encoder.try_finish().map(|()| 0),
                Form::Zstd(encoder) if encoder.is_between_frames() => Ok(encoder.written),
                Form::Zstd(encoder) => encoder.end_frame(),
            }
        }
    }

    /// Frames of zstd, one behind the other, from the same memory.
    struct Zstd {
        out: File,
        encoder: raw::Encoder<'static>,
        buffer: Vec<u8>,
        written: u64,
        /// Bytes of the frame that is open.
        pending: u64,
    }

    impl Zstd {
        fn new(out: File) -> io::Result<Self> {
            let encoder = raw::Encoder::new(zstd::DEFAULT_COMPRESSION_LEVEL)?;
            Ok(Self { out, encoder, buffer: vec![0; BUFFER_BYTES], written: 0, pending: 0 })
        }

        /// Nothing is to be ended; a file without any frame would be none.
        fn is_between_frames(&self) -> bool {
            self.pending == 0 && self.written > 0
        }

        fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
            self.pending += bytes.len() as u64;
            while !bytes.is_empty() {
                let status = self.encoder.run_on_buffers(bytes, &mut self.buffer)?;
                bytes = &bytes[status.bytes_read..];
                self.put(status.bytes_written)?;
            }
            Ok(())
        }

        fn end_frame(&mut self) -> io::Result<u64> {
            loop {
                let mut out = OutBuffer::around(&mut self.buffer[..]);
                let left = self.encoder.finish(&mut out, true)?;
                let length = out.pos();
                self.put(length)?;
                if left == 0 {
                    break;
                }
            }
            self.encoder.reinit()?;
            self.pending = 0;
            Ok(self.written)
        }

        fn put(&mut self, length: usize) -> io::Result<()> {
            self.written += length as u64;
            self.out.write_all(&self.buffer[..length])
        }
    }
}

/// No configuration of such a build asks for it.
#[cfg(not(feature = "pack"))]
pub(super) struct Encoder {
    pub(super) has_frames: bool,
}

#[cfg(not(feature = "pack"))]
impl Encoder {
    pub(super) fn new(_: File, _: Packing) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn end_frame(&mut self) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn finish(&mut self) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
