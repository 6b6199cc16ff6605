//! What was found in an answer.

use cupola_record::Usage;

use super::format::Format;
use super::node::Node;
use super::quiet;

/// The longest text of an answer that is kept, in bytes, and how many reasons of its end.
const TEXT_CAP: usize = 128;
const MAX_REASONS: usize = 8;

/// What was found in an answer so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) format: Option<Format>,
    pub(super) id: String,
    pub(super) model: String,
    pub(super) finish: Vec<String>,
    pub(super) refused: bool,
    pub(super) has_error: bool,
    pub(super) error_code: String,
    pub(super) error_type: String,
    /// The provider's own mark of the end was there.
    pub(super) done: bool,
    /// Anything of a model's answer was there.
    pub(super) recognised: bool,
    pub(super) counts: Counts,
    pub(super) text: Option<Capture>,
    /// What the event that is being read says of itself.
    pub(super) event: Event,
}

/// Tokens as the provider counts them.
#[derive(Debug, Default)]
pub(super) struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    cached: Option<u64>,
    reasoning: Option<u64>,
    cache_read_apart: Option<u64>,
    cache_write_apart: Option<u64>,
    tools_apart: Option<u64>,
    thoughts_apart: Option<u64>,
    pub(super) cost_micros: Option<u64>,
    /// They are the answer's, and not only those of its beginning.
    is_final: bool,
}

/// The answer's text, as it stands in JSON.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) json: Vec<u8>,
    pub(super) cap: usize,
    pub(super) is_cut: bool,
}

/// What an event says of itself.
#[derive(Debug, Default)]
pub(super) struct Event {
    /// The answer ends with it.
    ends: bool,
    is_error: bool,
    /// It only shows that the connection lives.
    pub(super) is_ping: bool,
    /// Nothing more of it matters.
    pub(super) is_quiet: bool,
    /// It has a piece of the answer's text.
    is_text: bool,
}

impl Found {
    /// A name at the root.
    pub(super) fn root_key(&mut self, key: &[u8]) {
        self.is_of(Format::of_key(key));
    }

    /// An object or an array begins.
    pub(super) fn opened(&mut self, node: Node, path: &[Node]) {
        match node {
            Node::Root => self.event = Event::default(),
            Node::Error => self.error(),
            Node::Choices | Node::Candidates | Node::Message | Node::Response | Node::Output => self.recognised = true,
            Node::Usage => {
                self.recognised = true;
                self.counts.is_final |= !path.contains(&Node::Message);
            }
            _ => {}
        }
    }

    /// An object at the root is over.
    pub(super) fn object_ended(&mut self) {
        self.done |= self.event.ends;
    }

    /// A text is there.
    pub(super) fn text(&mut self, node: Node, word: &[u8]) {
        match node {
            Node::Id => keep_first(&mut self.id, word),
            Node::Model => keep_first(&mut self.model, word),
            Node::Object => self.is_of(Format::of_word(word)),
            Node::Type => self.kind(word),
            Node::Status => self.status(word),
            Node::Finish => self.finish(word),
            Node::Refusal => self.refused |= !word.is_empty(),
            Node::BlockReason => {
                (self.refused, self.done) = (true, true);
                self.finish(word);
            }
            Node::Error => self.error(),
            Node::ErrorCode if self.has_error || self.event.is_error => keep_first(&mut self.error_code, word),
            Node::ErrorType => keep_first(&mut self.error_type, word),
            _ => {}
        }
    }

    /// A number is there, or `true`, `false` or `null`.
    pub(super) fn scalar(&mut self, node: Node, digits: &[u8]) {
        let Some(text) = std::str::from_utf8(digits).ok().filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))
        else {
            return;
        };
        if node == Node::Cost {
            self.counts.cost_micros = text.parse().ok().map(micros);
        }
        let Ok(number) = text.parse() else { return };
        let counts = &mut self.counts;
        let count = match node {
            Node::Input => &mut counts.input,
            Node::OutputTokens => &mut counts.output,
            Node::Cached => &mut counts.cached,
            Node::Reasoning => &mut counts.reasoning,
            Node::CacheReadApart => &mut counts.cache_read_apart,
            Node::CacheWriteApart => &mut counts.cache_write_apart,
            Node::ToolsApart => &mut counts.tools_apart,
            Node::ThoughtsApart => &mut counts.thoughts_apart,
            _ => return,
        };
        *count = Some(number);
    }

    /// A piece of a text, as it stands in JSON.
    pub(super) fn text_piece(&mut self, node: Node, piece: &[u8]) {
        let is_text = node == Node::Text || node == Node::Delta && self.event.is_text;
        if let (true, Some(capture)) = (is_text, &mut self.text) {
            capture.push(piece);
        }
    }

    /// Whether the answer is over, by the provider's own word.
    pub(super) fn is_finished(&self) -> bool {
        self.done || !self.finish.is_empty()
    }

    /// What was used, counted alike whoever the provider is.
    pub(super) fn usage(&self, is_whole: bool) -> Usage {
        let counts = &self.counts;
        let with = |sum: Option<u64>, apart: &[Option<u64>]| {
            let apart = apart.iter().flatten().fold(0, |sum: u64, count| sum.saturating_add(*count));
            sum.map(|sum| sum.saturating_add(apart))
        };
        let apart = [counts.cache_read_apart, counts.cache_write_apart, counts.tools_apart];
        Usage {
            input: with(counts.input, &apart),
            cache_read: counts.cached.or(counts.cache_read_apart),
            cache_write: counts.cache_write_apart,
            output: with(counts.output.or(counts.thoughts_apart.map(|_| 0)), &[counts.thoughts_apart]),
            reasoning: counts.reasoning.or(counts.thoughts_apart),
            complete: counts.is_final && counts.input.is_some() && (is_whole || self.is_finished()),
        }
    }

    fn kind(&mut self, word: &[u8]) {
        self.is_of(Format::of_word(word));
        let event = &mut self.event;
        match word {
            b"ping" => event.is_ping = true,
            b"error" => {
                event.is_error = true;
                self.error();
            }
            b"message_stop" | b"response.completed" | b"response.incomplete" | b"response.failed" => event.ends = true,
            b"response.refusal.delta" | b"response.refusal.done" => self.refused = true,
            _ => {}
        }
        let event = &mut self.event;
        event.is_text = matches!(word, b"response.output_text.delta" | b"content_block_delta");
        event.is_quiet = quiet::is_quiet_type(word) && !(event.is_text && self.text.is_some());
    }

    /// The first word on it counts.
    fn is_of(&mut self, format: Option<Format>) {
        self.format = self.format.or(format);
        self.recognised |= self.format.is_some();
    }

    /// OpenAI's responses say so of themselves; how they have ended stands in them once.
    fn status(&mut self, word: &[u8]) {
        match word {
            b"completed" if self.finish.is_empty() => self.finish(word),
            b"failed" => self.error(),
            b"cancelled" => self.finish(word),
            b"incomplete" => self.done = true,
            _ => {}
        }
    }

    fn finish(&mut self, word: &[u8]) {
        let mut reason = String::new();
        keep_first(&mut reason, word);
        self.refused |= is_refusal(word);
        // Gemini may say it with every piece.
        let is_again = self.format == Some(Format::Gemini) && self.finish.last() == Some(&reason);
        if !reason.is_empty() && !is_again && self.finish.len() < MAX_REASONS {
            self.finish.push(reason);
        }
    }

    fn error(&mut self) {
        (self.has_error, self.recognised) = (true, true);
    }
}

impl Capture {
    pub(super) const fn new(cap: usize) -> Self {
        Self { json: Vec::new(), cap, is_cut: false }
    }

    fn push(&mut self, piece: &[u8]) {
        let room = self.cap - self.json.len();
        self.is_cut |= piece.len() > room;
        self.json.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

/// Words of providers are plain; one with an escape or without end is none, but for the slash that some escape.
fn keep_first(kept: &mut String, word: &[u8]) {
    if !kept.is_empty() {
        return;
    }
    let Ok(text) = std::str::from_utf8(word) else { return };
    let text = text.replace("\\/", "/");
    if text.len() <= TEXT_CAP && !text.contains('\\') {
        *kept = text;
    }
}

fn is_refusal(word: &[u8]) -> bool {
    matches!(
        word,
        b"content_filter" | b"refusal" | b"SAFETY" | b"RECITATION" | b"PROHIBITED_CONTENT" | b"BLOCKLIST" | b"SPII"
    )
}

fn micros(amount: f64) -> u64 {
    (amount * 1e6).round() as u64
}
