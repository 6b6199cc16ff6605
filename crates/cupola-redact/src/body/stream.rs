//! A body that passes through: whatever its length, only a few kilobytes of it are held.

use super::{Body, End};
use crate::tally::{Rule, Tally};
use crate::{KeyPolicy, Media, Surface};

/// Redacts a body of any length while it passes through.
///
/// What may leave is handed out as soon as nothing that follows can change it. All but the masked spans passes byte for
/// byte, and how the body is cut into pieces makes no difference.
///
/// ```
/// use cupola_redact::{End, KeyPolicy, Media, Stream};
///
/// let mut stream = Stream::new(&KeyPolicy::default(), Media::Json);
/// let mut out = Vec::new();
/// for piece in [&br#"{"n":1e400,"pa"#[..], br#"ss":"hunter2"}"#] {
///     out.extend_from_slice(stream.feed(piece));
/// }
/// out.extend_from_slice(&stream.finish(End::Complete).rest);
/// assert_eq!(out, br#"{"n":1e400,"pass":"[REDACTED]"}"#);
/// ```
#[derive(Debug)]
pub struct Stream {
    body: Body,
    surface: Surface,
    ready: Vec<u8>,
}

/// The end of a [`Stream`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// What was still held back.
    pub rest: Vec<u8>,
    /// How often each rule was used.
    pub tally: Tally,
}

impl Stream {
    /// A stream of one body.
    pub fn new(policy: &KeyPolicy, media: Media) -> Self {
        Self::of(policy, &media.into())
    }

    /// A stream of any surface.
    pub fn of(policy: &KeyPolicy, surface: &Surface) -> Self {
        Self { body: Body::new(policy, surface, usize::MAX), surface: surface.clone(), ready: Vec::new() }
    }

    /// Takes the next piece, and returns what may leave by now.
    pub fn feed(&mut self, chunk: &[u8]) -> &[u8] {
        self.ready.clear();
        self.body.feed(chunk);
        let (open, kept) = self.body.reader.open(&self.body.out);
        self.body.out.settle(open, kept, &mut self.ready);
        &self.ready
    }

    /// Ends the body.
    pub fn finish(mut self, end: End) -> Finished {
        let tally = self.end(end);
        Finished { rest: self.ready, tally }
    }

    /// Ends the body and begins the next one of the same kind, in the memory that is there; returns what was still held
    /// back, and how often each rule was used.
    pub fn restart(&mut self, end: End) -> (&[u8], Tally) {
        let tally = self.end(end);
        self.body.restart(&self.surface);
        (&self.ready, tally)
    }

    fn end(&mut self, end: End) -> Tally {
        self.ready.clear();
        let truncated = end == End::Truncated;
        self.body.finish(truncated);
        match self.body.marker() {
            Some(marker) => self.ready.extend_from_slice(marker.as_bytes()),
            None => self.body.out.finish(truncated, &mut self.ready),
        }
        let mut tally = self.body.out.tally;
        if !self.body.reader.lost_sync() {
            // A text that is labelled as one was never in sync.
            tally.clear(Rule::LostSync);
        }
        self.body.out.policy.count_all(&tally);
        tally
    }
}
