//! A text anywhere in an entry: in any of its fields that are texts, objects, lists or ids.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};

use crate::language::{Pattern, Text};
use crate::value::Value;
use crate::words;

/// What is looked for anywhere.
#[derive(Clone, Debug)]
pub(crate) enum Anywhere {
    /// A text, as it was typed.
    Phrase(Box<Text>),
    /// A whole word, in either case.
    Word(Word),
    Pattern(Pattern),
}

/// A whole word, in either case.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Wherever it stands, inside other words too.
    folded: Option<Regex>,
}

impl Word {
    fn new(text: &str) -> Self {
        let folded = RegexBuilder::new(&regex::escape(text)).case_insensitive(true).unicode(false).build();
        Self { text: text.to_owned(), folded: folded.ok() }
    }

    /// Where its letters stand next, inside other words too.
    fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        Some(self.folded.as_ref()?.find_at(bytes, from)?.range())
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        let mut from = 0;
        while let Some(found) = self.find(bytes, from) {
            if is_whole(bytes, &found) {
                return true;
            }
            from = found.start + 1;
        }
        false
    }
}

/// Whether no other part of a word stands beside it.
fn is_whole(bytes: &[u8], found: &Range<usize>) -> bool {
    let is_free = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_none_or(|byte| !words::is_word(*byte));
    is_free(found.start.checked_sub(1)) && is_free(Some(found.end))
}

impl Anywhere {
    pub(super) fn of_text(text: &Text) -> Self {
        if text.is_word() { Self::Word(Word::new(text.as_str())) } else { Self::Phrase(Box::new(text.clone())) }
    }

    /// Whether it may be found in ids: in lower-case hexadecimal with dashes.
    pub(crate) fn may_be_in_ids(&self) -> bool {
        match self {
            Self::Phrase(phrase) => {
                phrase.as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
            }
            Self::Word(word) => word.text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Self::Pattern(_) => true,
        }
    }

    /// Whether a text says it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Phrase(phrase) => phrase.is_in(text.as_bytes()),
            Self::Word(word) => word.is_in(text.as_bytes()),
            Self::Pattern(pattern) => pattern.is_match(text.as_bytes()),
        }
    }

    /// Whether JSON says it.
    pub(crate) fn is_in_json(&self, json: &str) -> bool {
        match self {
            Self::Phrase(phrase) => phrase.is_in_json(json.as_bytes()),
            _ => self.is_in(json),
        }
    }

    /// Whether the value of a field says it. Numbers say nothing, nor do ids but those of traces and spans.
    pub(crate) fn is_in_value(&self, name: &str, value: &Value<'_>) -> bool {
        match value {
            Value::Text(text) => self.is_in(text),
            Value::Json(json) => self.is_in_json(json),
            Value::Id(id) if id.len() == 8 || name == "trace_id" => self.is_in(&value.text()),
            Value::Id(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_) => false,
        }
    }

    /// Calls `found` with the places of those texts, which stand one behind the other, that say it.
    pub(crate) fn each_in(&self, text: &str, ends: &[u32], mut found: impl FnMut(usize)) {
        let start_of = |place: usize| if place == 0 { 0 } else { ends[place - 1] as usize };
        let is_sought_at_once = match self {
            Self::Phrase(phrase) => !phrase.as_str().is_empty(),
            Self::Word(_) => true,
            // It may ask where a text begins or ends.
            Self::Pattern(_) => false,
        };
        if !is_sought_at_once {
            let one = |place: usize| text.get(start_of(place)..ends[place] as usize);
            (0..ends.len()).filter(|place| one(*place).is_some_and(|text| self.is_in(text))).for_each(found);
            return;
        }
        let mut from = 0;
        while let Some(hit) = self.find(text.as_bytes(), from) {
            let place = ends.partition_point(|end| *end as usize <= hit.start);
            let Some(end) = ends.get(place).map(|end| *end as usize) else { return };
            let start = start_of(place);
            let own = &text.as_bytes()[start..end];
            let is_it = hit.end <= end
                && (matches!(self, Self::Phrase(_)) || is_whole(own, &(hit.start - start..hit.end - start)));
            if is_it {
                found(place);
            }
            from = if is_it { end } else { hit.start + 1 };
        }
    }

    /// Where it may stand next.
    fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        match self {
            Self::Phrase(phrase) => {
                let start = from + phrase.find(bytes.get(from..)?)?;
                Some(start..start + phrase.as_str().len())
            }
            Self::Word(word) => word.find(bytes, from),
            Self::Pattern(_) => None,
        }
    }
}
