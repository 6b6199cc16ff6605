//! A block of a log file, read and made ready for the store.

use cupola_redact::KeyPolicy;
use cupola_store::ingest::Piece;
use cupola_store::{Batch, Signal};

use crate::log::block::{Block, RawLine};
use crate::log::line::{Head, Why, canonical, why};
use crate::log::mask::mask;

/// How lines are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) service: Option<&'a str>,
    pub(super) policy: &'a KeyPolicy,
    pub(super) masks_all: bool,
}

/// What a block has come to.
#[derive(Debug)]
pub(super) struct Taken {
    /// For the journal, and for the store; none where there is nothing new.
    pub(super) piece: Option<(Vec<u8>, Batch)>,
    /// Where in the file it ends: before a last line that is torn.
    pub(super) end: u64,
    /// How many lines there are, those that were taken in before too.
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) bad: Vec<Bad>,
}

/// A line that cannot be read.
#[derive(Debug)]
pub(super) struct Bad {
    /// Within the block, the first is 1.
    pub(super) line: u64,
    pub(super) why: String,
}

impl Reading<'_> {
    /// Reads a block; what is before `begin` was taken in before.
    pub(super) fn read(&self, block: Block<'_>, source: u64, begin: u64) -> Taken {
        let start = block.end - block.bytes.len() as u64;
        let (mut batch, mut lines) = (Batch::new(Signal::Logs), Vec::new());
        let mut taken =
            Taken { piece: None, end: block.end, lines: 0, bytes: block.bytes.len() as u64, bad: Vec::new() };
        let mut scratch = Vec::new();
        for raw in block.lines() {
            taken.lines += 1;
            if start + raw.at as u64 + u64::from(!raw.bytes.is_empty()) <= begin {
                continue;
            }
            match self.entry(raw, &mut scratch, &mut batch, &mut lines) {
                Ok(()) => {}
                Err(None) => taken.end = start + raw.at as u64,
                Err(Some(why)) => taken.bad.push(Bad { line: taken.lines, why }),
            }
        }
        if taken.end > begin {
            let piece = Piece { source, end: taken.end, service: self.service, lines: &lines };
            taken.piece = Some((piece.encode(), batch));
        }
        taken
    }

    /// Adds a line; `None` for one that may still be written to.
    fn entry(
        &self,
        raw: RawLine<'_>,
        scratch: &mut Vec<u8>,
        batch: &mut Batch,
        lines: &mut Vec<u8>,
    ) -> Result<(), Option<String>> {
        let masked = (self.masks_all || Head::of(raw.bytes).is_none()).then(|| mask(self.policy, true, raw));
        let plain = RawLine { bytes: masked.as_deref().unwrap_or(raw.bytes), ..raw };
        let said = match canonical(plain, scratch) {
            Ok(json) => batch.line(json, self.service).map(|()| json).map_err(|error| error.to_string()),
            Err(Why::Blank) => return Ok(()),
            Err(_) => Err(name(why(raw)).to_owned()),
        };
        match said {
            Ok(json) => {
                lines.extend_from_slice(json);
                lines.push(b'\n');
                Ok(())
            }
            Err(_) if raw.open => Err(None),
            Err(why) => Err(Some(why)),
        }
    }
}

const fn name(why: Why) -> &'static str {
    match why {
        Why::Blank => "an empty line",
        Why::Plain => "no JSON object",
        Why::Broken => "no valid JSON",
        Why::Torn => "a JSON object without its end",
    }
}
