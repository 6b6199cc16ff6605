//! What may be shown of the spans that the application makes: names, attributes, events.

use std::borrow::Cow;
use std::cell::RefCell;

use cupola_redact::{End, KeyPolicy, Verdict};
use opentelemetry::{Key, Value};
use rustc_hash::FxHashMap;

/// The most keys that are remembered. They come from code as a rule; where strangers make them, they are judged anew.
const MAX: usize = 256;

/// No pipeline's number.
const ONCE: usize = 0;

/// A longer key is not remembered.
const MAX_KEY: usize = 128;

thread_local! {
    static JUDGED: RefCell<Judged> = RefCell::default();
}

/// What one policy has said on this thread; two pipelines may have two.
#[derive(Debug, Default)]
struct Judged {
    owner: usize,
    verdicts: FxHashMap<Key, Verdict>,
}

/// Masks by a policy, or lets everything pass, for what is masked already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask<'p>(Option<(&'p KeyPolicy, usize)>);

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// As it is, its text masked where it looks like a secret.
    As,
    /// Not at all.
    Masked,
}

impl<'p> Mask<'p> {
    /// `owner` is a number that no other policy has.
    pub(super) const fn of(policy: &'p KeyPolicy, owner: usize) -> Self {
        Self(Some((policy, owner)))
    }

    /// For a judgement that nobody remembers.
    pub(super) const fn once(policy: &'p KeyPolicy) -> Self {
        Self(Some((policy, ONCE)))
    }

    pub(super) const fn none() -> Self {
        Self(None)
    }

    pub(super) fn judge(&self, key: &Key, value: &Value) -> Shown {
        let Some((policy, owner)) = self.0 else { return Shown::As };
        match (verdict(policy, owner, key), value) {
            (Verdict::Keep, _) | (_, Value::Bool(_)) => Shown::As,
            (Verdict::MaskUnlessNumber, Value::I64(_) | Value::F64(_)) => Shown::As,
            _ => Shown::Masked,
        }
    }

    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.map_or(Cow::Borrowed(text), |(policy, _)| policy.free_text(text, End::Complete))
    }
}

fn verdict(policy: &KeyPolicy, owner: usize, key: &Key) -> Verdict {
    if owner == ONCE || key.as_str().len() > MAX_KEY {
        return policy.verdict(key.as_str());
    }
    JUDGED.with_borrow_mut(|judged| {
        if judged.owner != owner || judged.verdicts.len() >= MAX {
            *judged = Judged { owner, verdicts: FxHashMap::default() };
        }
        if let Some(verdict) = judged.verdicts.get(key) {
            return *verdict;
        }
        let verdict = policy.verdict(key.as_str());
        judged.verdicts.insert(key.clone(), verdict);
        verdict
    })
}
