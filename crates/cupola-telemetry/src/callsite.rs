//! What is decided once per callsite: its envelope, its encoded keys, and which of them are masked.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use cupola_line::{EncodedEnvelope, EncodedKey, Envelope, keys};
use cupola_record::{CALL_TARGET, Category, JOB_TARGET, TARGET};
use cupola_redact::{KeyPolicy, Verdict};
use rustc_hash::FxHashMap;
use tracing_core::callsite::Identifier;
use tracing_core::{Level, Metadata};

use crate::collapse::Collapse;

/// One callsite's plan.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) envelope: EncodedEnvelope,
    pub(crate) fields: Box<[Slot]>,
    /// Where the event names its own category.
    pub(crate) category: Option<usize>,
    /// The first category that an event has named, and its envelope: as a rule each names the same.
    own: OnceLock<(Box<str>, EncodedEnvelope)>,
    /// It is an access line: it names the request's ids itself, and the request's totals belong on it.
    pub(crate) access: bool,
    /// Lines that say the same may be one, and a count.
    pub(crate) collapses: bool,
    /// Its texts were masked before they came here.
    pub(crate) masked: bool,
}

/// What becomes of one field.
#[derive(Debug)]
pub(crate) enum Slot {
    Message,
    /// It went into the envelope.
    Category,
    Field(EncodedKey, Verdict),
}

impl Plan {
    pub(crate) fn new(metadata: &Metadata<'_>, policy: &KeyPolicy) -> Self {
        // A span has no envelope: what it calls `message` is a field like its others.
        let slot = |name: &str| match name {
            keys::MESSAGE if metadata.is_event() => Slot::Message,
            keys::CATEGORY if metadata.is_event() => Slot::Category,
            name => Slot::Field(EncodedKey::new(name), policy.verdict(name)),
        };
        let named = || metadata.fields().iter().position(|field| field.name() == keys::CATEGORY);
        let category = if Category::of_record(metadata.target()).is_some() { None } else { named() };
        Self {
            envelope: envelope(metadata, default_category(metadata)),
            fields: metadata.fields().iter().map(|field| slot(field.name())).collect(),
            category,
            own: OnceLock::new(),
            collapses: metadata.target() != TARGET && Collapse::fits(metadata),
            masked: matches!(metadata.target(), TARGET | CALL_TARGET | JOB_TARGET),
            access: metadata.target() == TARGET && metadata.fields().field(keys::SPAN_ID).is_some(),
        }
    }

    /// The envelope of an event that names its own category.
    pub(crate) fn envelope_in(&self, metadata: &Metadata<'_>, category: &str) -> Cow<'_, EncodedEnvelope> {
        match self.own.get_or_init(|| (category.into(), envelope(metadata, category))) {
            (known, encoded) if **known == *category => Cow::Borrowed(encoded),
            _ => Cow::Owned(envelope(metadata, category)),
        }
    }
}

fn envelope(metadata: &Metadata<'_>, category: &str) -> EncodedEnvelope {
    EncodedEnvelope::new(&Envelope { level: metadata.level().as_str(), target: metadata.target(), category })
}

fn default_category(metadata: &Metadata<'_>) -> &'static str {
    let by_level = || if *metadata.level() == Level::ERROR { Category::Errors } else { Category::General };
    Category::of_target(metadata.target()).unwrap_or_else(by_level).as_str()
}

/// The plans of all callsites that have spoken: found without a lock, made once each.
pub(crate) struct Plans {
    policy: KeyPolicy,
    known: ArcSwap<FxHashMap<Identifier, Arc<Plan>>>,
}

impl Plans {
    pub(crate) fn new(policy: KeyPolicy) -> Self {
        Self { policy, known: ArcSwap::default() }
    }

    pub(crate) const fn policy(&self) -> &KeyPolicy {
        &self.policy
    }

    /// Shows the callsite's plan to `work`.
    pub(crate) fn with<R>(&self, metadata: &Metadata<'_>, work: impl FnOnce(&Plan) -> R) -> R {
        let id = metadata.callsite();
        match self.known.load().get(&id) {
            Some(plan) => work(plan),
            None => work(&self.make(&id, metadata)),
        }
    }

    #[cold]
    fn make(&self, id: &Identifier, metadata: &Metadata<'_>) -> Arc<Plan> {
        let plan = Arc::new(Plan::new(metadata, &self.policy));
        self.known.rcu(|known| {
            let mut known = FxHashMap::clone(known);
            known.insert(id.clone(), plan.clone());
            known
        });
        plan
    }
}

impl fmt::Debug for Plans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plans").field("known", &self.known.load().len()).finish_non_exhaustive()
    }
}
