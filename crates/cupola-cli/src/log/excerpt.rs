//! What is read of a closed file that has an index: the blocks that may hold a line that matches, and no others.
//!
//! Nothing of it changes what is found. Blocks that are passed over hold entries only, so that how many there are is all there is to
//! say of their lines. An index is used if it is that of the file as it is, by its [`Identity`], whole, and describes all of it, and if
//! the file's lines are near their places in time, so that their order does not hang on which of them are read; else the file is read
//! from its beginning to its end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cupola_line::index::{Answers, Identity, IndexBlock};

use super::filter::ask::Ask;
use super::input::Input;
use super::open::{decoded, is_packed, is_zstd};

/// A line is in its place in time if it comes less than so many bytes later.
pub(crate) const NEAR_BYTES: u64 = 1 << 20;

/// The parts of a file that are read.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    identity: Identity,
    form: Form,
    parts: Vec<Range<u64>>,
    passed: u64,
}

/// What is in the file at the places of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Lines,
    /// Frames of zstd.
    Frames,
    /// It is compressed in one piece: the places are in what it says unpacked.
    Stream,
}

/// What is read of each input; `None` for all of it.
pub(crate) fn excerpts(inputs: &[Input], ask: Option<&Ask>, workers: usize) -> Vec<Option<Excerpt>> {
    let Some(ask) = ask else { return vec![None; inputs.len()] };
    let (found, next) = (Mutex::new(vec![None; inputs.len()]), AtomicUsize::new(0));
    let work = || {
        while let Some((number, input)) = inputs.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            // Without an index, or with one that cannot be read, there is no more to know.
            let excerpt = Excerpt::of(input, ask).ok().flatten();
            found.lock().expect("nobody panics while the list is held")[number] = excerpt;
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers.min(inputs.len()) {
            scope.spawn(work);
        }
        work();
    });
    found.into_inner().expect("nobody panics while the list is held")
}

impl Excerpt {
    fn of(input: &Input, ask: &Ask) -> io::Result<Option<Self>> {
        let Some((path, index)) = input.path.as_ref().zip(input.index()) else { return Ok(None) };
        // A pipe would wait for somebody who writes to it.
        if ![path, &index].iter().all(|path| path.is_file()) {
            return Ok(None);
        }
        let (mut file, answers) = (File::open(path)?, Answers::read(&mut File::open(index)?, &ask.ids)?);
        if Identity::read(&mut file)? != answers.identity() {
            return Ok(None);
        }
        file.rewind()?;
        let mut head = Vec::new();
        file.take(4).read_to_end(&mut head)?;
        let blocks = answers.blocks();
        let Some(form) = form_of(blocks, &head, answers.identity().length).filter(|_| are_near(blocks)) else {
            return Ok(None);
        };
        let is_foreign = |place: usize| blocks.get(place).is_some_and(|block| !block.is_canonical);
        // A line without a time has that of the one before it, which may stand in the block before.
        let is_wanted = |place: &usize| is_foreign(place + 1) || ask.may_match(&answers, *place);
        let wanted: Vec<_> = (0..blocks.len()).filter(is_wanted).map(|place| &blocks[place]).collect();
        Ok((wanted.len() < blocks.len()).then(|| Self {
            identity: answers.identity(),
            form,
            parts: joined(wanted.iter().map(|block| place_of(block, form))),
            passed: lines(blocks.iter()) - lines(wanted.iter().copied()),
        }))
    }

    /// Whether a file is the one that it is of.
    pub(crate) fn is_of(&self, file: &mut File) -> io::Result<bool> {
        let is_same = Identity::read(file)? == self.identity;
        file.rewind()?;
        Ok(is_same)
    }

    /// How many lines are left out.
    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    /// The lines of the parts.
    pub(crate) fn reader(&self, file: File) -> io::Result<Box<dyn Read + Send>> {
        let parts = self.parts.clone().into_iter();
        Ok(match self.form {
            _ if self.parts.is_empty() => Box::new(io::empty()),
            Form::Lines => Box::new(Parts { input: file, at: 0, part: 0..0, parts }),
            Form::Frames => Box::new(zstd::Decoder::new(Parts { input: file, at: 0, part: 0..0, parts })?),
            Form::Stream => Box::new(Parts { input: Forward(decoded(file)?), at: 0, part: 0..0, parts }),
        })
    }
}

fn lines<'b>(blocks: impl Iterator<Item = &'b IndexBlock>) -> u64 {
    blocks.fold(0, |lines, block| lines.saturating_add(block.lines))
}

/// How the places of blocks are meant; `None` where they are not those of such a file.
fn form_of(blocks: &[IndexBlock], head: &[u8], length: u64) -> Option<Form> {
    if !is_packed(head) {
        let end = blocks.last().map_or(0, |block| block.offset + block.length);
        return (end == length && blocks.iter().all(|block| block.frame.is_none())).then_some(Form::Lines);
    }
    if blocks.iter().all(|block| block.frame.is_none()) {
        return Some(Form::Stream);
    }
    let end = blocks.last()?.frame.as_ref()?.end;
    let is_whole = end == length && blocks.iter().all(|block| block.frame.is_some());
    (is_whole && is_zstd(head)).then_some(Form::Frames)
}

fn place_of(block: &IndexBlock, form: Form) -> Range<u64> {
    let plain = block.offset..block.offset + block.length;
    if form == Form::Frames { block.frame.clone().unwrap_or(plain) } else { plain }
}

/// Whether no line comes [`NEAR_BYTES`] behind one that is later in time. Where in its block a line stands is not known: at worst one
/// stands at its block's end, and the other at the beginning of its own.
fn are_near(blocks: &[IndexBlock]) -> bool {
    let (mut far, mut settled) = (blocks.iter().peekable(), i64::MIN);
    blocks.iter().all(|block| {
        // What an index says of a packed file's places is bounded by nothing.
        let end = block.offset.saturating_add(block.length);
        let is_far =
            |before: &&IndexBlock| before.offset < block.offset && before.offset.saturating_add(NEAR_BYTES) < end;
        while let Some(before) = far.next_if(is_far) {
            settled = settled.max(before.times.map_or(i64::MIN, |(_, last)| last));
        }
        let is_late = block.times.is_some_and(|(first, _)| first < settled);
        !is_late && (block.is_ordered || block.length <= NEAR_BYTES)
    })
}

/// Places that follow upon one another as one.
fn joined(places: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut joined = Vec::<Range<u64>>::new();
    for place in places {
        match joined.last_mut().filter(|last| last.end == place.start) {
            Some(last) => last.end = place.end,
            None => joined.push(place),
        }
    }
    joined
}

/// Reads one part after the other.
struct Parts<I> {
    input: I,
    at: u64,
    /// What is left of the part that is read.
    part: Range<u64>,
    parts: std::vec::IntoIter<Range<u64>>,
}

/// What can be read on from a place that lies ahead.
trait GoTo: Read {
    fn go(&mut self, from: u64, to: u64) -> io::Result<()>;
}

impl GoTo for File {
    fn go(&mut self, _: u64, to: u64) -> io::Result<()> {
        self.seek(SeekFrom::Start(to)).map(drop)
    }
}

/// A stream, whose bytes are read to be passed over.
struct Forward<R>(R);

impl<R: Read> Read for Forward<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(room)
    }
}

impl<R: Read> GoTo for Forward<R> {
    fn go(&mut self, from: u64, to: u64) -> io::Result<()> {
        io::copy(&mut self.0.by_ref().take(to - from), &mut io::sink()).map(drop)
    }
}

impl<I: GoTo> Read for Parts<I> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.part.is_empty() {
            let Some(next) = self.parts.find(|part| !part.is_empty()) else { return Ok(0) };
            self.input.go(self.at, next.start)?;
            (self.at, self.part) = (next.start, next);
        }
        let most = usize::try_from(self.part.end - self.part.start).unwrap_or(usize::MAX).min(room.len());
        let length = self.input.read(&mut room[..most])?;
        if length == 0 && most > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than its index says"));
        }
        self.at += length as u64;
        self.part.start = self.at;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use cupola_line::index::IndexBuilder;

    use super::*;

    /// A file of so many seconds, one of which comes so many lines behind its place.
    fn is_near(length: usize, late: usize) -> bool {
        let mut seconds: Vec<usize> = (0..3_000).collect();
        let moved = seconds.remove(1_000);
        seconds.insert(1_000 + late, moved);
        let mut builder = IndexBuilder::new();
        for second in seconds {
            let time = format!("2026-11-21T{:02}:{:02}:{:02}.000000Z", second / 3600, second / 60 % 60, second % 60);
            let pad = "x".repeat(length);
            let line = format!(r#"{{"timestamp":"{time}","level":"INFO","target":"a","pad":"{pad}"}}"#);
            builder.push(line.as_bytes());
            builder.push(b"\n");
        }
        are_near(builder.finish().blocks())
    }

    #[test]
    fn a_line_is_near_or_far_in_bytes() {
        assert!(is_near(1_000, 0) && is_near(1_000, 200) && is_near(1_000, 500));
        assert!(!is_near(1_000, 1_100) && !is_near(1_000, 1_900));
        assert!(is_near(100, 1_900));
    }

    #[test]
    fn places_are_joined() {
        assert_eq!(joined([0..2, 2..5, 7..9, 9..9].into_iter()), [0..5, 7..9]);
    }

    #[test]
    fn parts_are_read_and_nothing_else() {
        let read = |parts: Vec<Range<u64>>| {
            let mut read = Vec::new();
            let parts = parts.into_iter();
            let mut input = Parts { input: Forward(&b"0123456789"[..]), at: 0, part: 0..0, parts };
            input.read_to_end(&mut read).map(|_| String::from_utf8(read).unwrap())
        };
        assert_eq!(read(vec![1..3, 5..5, 8..10]).unwrap(), "1289");
        assert_eq!(read(Vec::new()).unwrap(), "");
        assert!(read(vec![2..3, 8..11]).is_err());
    }
}
