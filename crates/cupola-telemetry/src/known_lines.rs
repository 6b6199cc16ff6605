//! Lines whose fields are known when the program is compiled: from the record into the line, without an event in between.

use cupola_line::{EncodedHead, Envelope, KnownFields, KnownKeys, LineBuffer, LineWriter, Scratch, TimestampText};
use cupola_record::{Category, LineVisitor};
use cupola_redact::{KeyPolicy, Verdict};
use tracing::Level;
use tracing_core::Dispatch;

use crate::line_layer::LineLayer;

/// Shows the line layer to `write` where it is the one that would see the event, and nobody else would see more of it.
///
/// `false` where the event has to go the long way.
pub(crate) fn past_the_event(takes: impl Fn(&LineLayer) -> bool, write: impl Fn(&LineLayer)) -> bool {
    tracing::dispatcher::get_default(|here: &Dispatch| {
        let layer = here.downcast_ref::<LineLayer>().filter(|layer| takes(layer));
        let in_span = || here.current_span().id().is_some();
        layer.filter(|_| !in_span()).map(&write).is_some()
    })
}

/// What is decided once of one kind of line: how it begins, the names of its fields, and which of them are masked.
#[derive(Debug)]
pub(crate) struct KnownLines {
    heads: Box<[(Level, &'static str, EncodedHead)]>,
    keys: KnownKeys,
    masked: Masked,
}

/// One bit for each field that the policy masks.
#[derive(Clone, Copy, Debug, Default)]
struct Masked {
    texts: u64,
    numbers: u64,
}

impl KnownLines {
    /// Lines of this target, in the category of requests. The last `unmasked` fields are nobody's to mask.
    pub(crate) fn new(
        target: &str,
        messages: &[&'static str],
        fields: &[&str],
        unmasked: &[&str],
        policy: &KeyPolicy,
    ) -> Self {
        let levels = [Level::INFO, Level::WARN, Level::ERROR, Level::DEBUG, Level::TRACE];
        let of_level = |level| messages.iter().map(move |message| (level, *message, head(target, level, message)));
        let mut masked = Masked::default();
        for (index, name) in fields.iter().enumerate() {
            let verdict = policy.verdict(name);
            masked.texts |= u64::from(verdict != Verdict::Keep) << index;
            masked.numbers |= u64::from(verdict == Verdict::Mask) << index;
        }
        let keys = KnownKeys::new(&[fields, unmasked].concat());
        Self { heads: levels.into_iter().flat_map(of_level).collect(), keys, masked }
    }

    fn head(&self, level: Level, message: &str) -> &EncodedHead {
        let known = self.heads.iter().find(|head| head.0 == level && head.1 == message);
        &known.unwrap_or(&self.heads[0]).2
    }

    /// Begins a line with the fields that `write` shows.
    #[inline]
    pub(crate) fn begin<'a>(
        &'a self,
        (buffer, scratch): (&'a mut LineBuffer, &'a mut Scratch),
        timestamp: &TimestampText,
        (level, message): (Level, &str),
        write: impl Fn(&mut Fields<'_, '_, 'a>),
    ) -> LineWriter<'a> {
        let head = self.head(level, message);
        LineWriter::begin_known(buffer, scratch, timestamp, head, &self.keys, |line| {
            write(&mut Fields { line, masked: self.masked });
        })
    }
}

fn head(target: &str, level: Level, message: &str) -> EncodedHead {
    let envelope = Envelope { level: level.as_str(), target, category: Category::Api.as_str() };
    EncodedHead::new(&envelope, message)
}

/// Writes fields under the policy, by their numbers.
pub(crate) struct Fields<'f, 'w, 'l> {
    pub(crate) line: &'f mut KnownFields<'w, 'l>,
    masked: Masked,
}

macro_rules! visit {
    ($($method:ident($type:ty) $masked:ident => $write:ident;)+) => {$(
        #[inline(always)]
        fn $method<const N: usize>(&mut self, index: usize, name: &[u8; N], value: $type) {
            if self.masked.$masked & (1 << index) == 0 {
                self.line.$write(index, name, value);
            } else {
                self.line.redacted(index, name);
            }
        }
    )+};
}

impl LineVisitor for Fields<'_, '_, '_> {
    visit! {
        text(&str) texts => str;
        plain(&[u8]) texts => plain;
        number(u64) numbers => u64;
        micros(u64) numbers => thousandths;
    }

    #[inline]
    fn flag<const N: usize>(&mut self, index: usize, name: &[u8; N], value: bool) {
        self.line.bool(index, name, value);
    }
}
