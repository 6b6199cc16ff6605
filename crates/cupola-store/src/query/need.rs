//! What a block must have so that it can hold an entry that is wanted. What this page denies is certain; all else is read.

use std::ops::RangeInclusive;

use super::wanted::{Anywhere, Place, Wanted};
use crate::block::{Filter, Header, trace_id};
use crate::language::{Operand, Relation, Text};
use crate::words;

/// What a block must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// There is no telling.
    Nothing,
    All(Vec<Self>),
    Any(Vec<Self>),
    /// An entry of one of these levels.
    Levels([bool; 5]),
    /// An entry from this time on.
    Since(i64),
    /// An entry before this time.
    Until(i64),
    /// A text with this token, in whichever case.
    Token(Box<[u8]>),
    /// An entry of this trace.
    Trace(Box<[u8]>),
}

/// No time at all.
#[allow(clippy::reversed_empty_ranges, reason = "it is meant to be empty")]
const NEVER: RangeInclusive<i64> = i64::MAX..=i64::MIN;

/// The filters of a block, as far as they have been read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filters<'a> {
    pub(crate) words: Option<&'a Filter>,
    pub(crate) traces: Option<&'a Filter>,
}

impl Need {
    pub(crate) fn of(wanted: &Wanted) -> Self {
        match wanted {
            Wanted::All(parts) => Self::all(parts.iter().map(Self::of)),
            Wanted::Any(parts) => Self::any(parts.iter().map(Self::of)),
            Wanted::Not(_) | Wanted::Has(_) => Self::Nothing,
            Wanted::Levels(levels) => Self::Levels(*levels),
            Wanted::Since(time) => Self::Since(*time),
            Wanted::Until(time) => Self::Until(*time),
            Wanted::Field(place, Relation::Equal, Operand::Plain(text, None)) => Self::of_field(place, text),
            Wanted::Field(..) | Wanted::Text(Anywhere::Pattern(_)) => Self::Nothing,
            Wanted::Text(Anywhere::Word(word)) => Self::of_word(&word.text),
            Wanted::Text(Anywhere::Phrase(text)) => Self::of_phrase(text),
        }
    }

    /// Whether a block may hold what is wanted, as far as header and these filters tell.
    pub(crate) fn may_be_in(&self, header: &Header, filters: Filters<'_>) -> bool {
        match self {
            Self::Nothing => true,
            Self::All(parts) => parts.iter().all(|part| part.may_be_in(header, filters)),
            Self::Any(parts) => parts.iter().any(|part| part.may_be_in(header, filters)),
            Self::Levels(wanted) => {
                let counts = header.levels.0;
                // Those that are not counted may say a level in another way.
                counts.iter().sum::<u32>() < header.rows
                    || wanted.iter().zip(counts).any(|(is, count)| *is && count > 0)
            }
            Self::Since(time) => header.max_time >= *time,
            Self::Until(time) => header.min_time < *time,
            Self::Token(token) => filters.words.is_none_or(|filter| filter.may_contain(token)),
            Self::Trace(id) => filters.traces.is_none_or(|filter| filter.may_contain_id(id)),
        }
    }

    /// Between which times all lies that is wanted, both ends within.
    pub(crate) fn times(&self) -> RangeInclusive<i64> {
        match self {
            Self::All(parts) => parts
                .iter()
                .map(Self::times)
                .fold(i64::MIN..=i64::MAX, |all, one| *all.start().max(one.start())..=*all.end().min(one.end())),
            Self::Any(parts) => {
                let spans = parts.iter().map(Self::times).filter(|span| !span.is_empty());
                let joined = spans.reduce(|all, one| *all.start().min(one.start())..=*all.end().max(one.end()));
                joined.unwrap_or(NEVER)
            }
            Self::Since(time) => *time..=i64::MAX,
            Self::Until(time) => i64::MIN..=time.saturating_sub(1),
            _ => i64::MIN..=i64::MAX,
        }
    }

    /// Whether the filter of words may tell something.
    pub(crate) fn asks_words(&self) -> bool {
        self.has(&|need| matches!(need, Self::Token(_)))
    }

    /// Whether the filter of traces may tell something.
    pub(crate) fn asks_traces(&self) -> bool {
        self.has(&|need| matches!(need, Self::Trace(_)))
    }

    fn has(&self, is_it: &dyn Fn(&Self) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.has(is_it)),
            one => is_it(one),
        }
    }

    fn all(parts: impl Iterator<Item = Self>) -> Self {
        let mut known: Vec<_> = parts.filter(|part| *part != Self::Nothing).collect();
        match known.len() {
            0 => Self::Nothing,
            1 => known.remove(0),
            _ => Self::All(known),
        }
    }

    fn any(parts: impl Iterator<Item = Self>) -> Self {
        let parts: Vec<_> = parts.collect();
        if parts.contains(&Self::Nothing) { Self::Nothing } else { Self::Any(parts) }
    }

    fn tokens<'a>(tokens: impl Iterator<Item = &'a [u8]>) -> Self {
        Self::all(tokens.map(|token| Self::Token(token.into())))
    }

    /// Fields that are ids are in no filter of words.
    fn of_word(word: &str) -> Self {
        let token = Self::tokens(words::tokens(word.as_bytes()));
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        match word.len() {
            16 if is_hex => Self::Nothing,
            32 if is_hex => match trace_id(word.to_ascii_lowercase().as_bytes()) {
                Some(id) => Self::Any(vec![token, Self::Trace(id.into())]),
                None => Self::Nothing,
            },
            _ => token,
        }
    }

    /// Those tokens of a text that end inside it; JSON may have it in another spelling.
    fn of_phrase(text: &Text) -> Self {
        let plain = Self::tokens(inner_tokens(text.as_str().as_bytes()));
        if text.escaped() == text.as_str().as_bytes() {
            return plain;
        }
        Self::any([plain, Self::tokens(inner_tokens(text.escaped()))].into_iter())
    }

    fn of_field(place: &Place, text: &str) -> Self {
        let is_trace = |name: &str| name == "trace_id";
        if is_trace(&place.name)
            && let Some(id) = trace_id(text.as_bytes())
        {
            return Self::Trace(id.into());
        }
        // What stands inside an object may be spelled in any way; numbers, yes and no are no words.
        if place.inside.is_some() || text.parse::<f64>().is_ok() || matches!(text, "true" | "false") {
            return Self::Nothing;
        }
        let trace =
            || Self::Trace(trace_id(text.as_bytes()).map_or_else(|| text.as_bytes().into(), |id| (&id[..]).into()));
        if is_trace(&place.name) {
            return trace();
        }
        let may_be_id =
            !text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if may_be_id {
            return Self::Nothing;
        }
        let tokens = Self::tokens(words::tokens(text.as_bytes()));
        if place.ours.as_deref().is_some_and(is_trace) { Self::any([tokens, trace()].into_iter()) } else { tokens }
    }
}

fn inner_tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let start = text.iter().position(|byte| !words::is_word(*byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !words::is_word(*byte)).unwrap_or(start);
    words::tokens(&text[start..end.max(start)])
}
