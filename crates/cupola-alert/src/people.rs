//! What people do about alerts. Evaluation goes on whatever they do; what they decide is theirs alone to write.

mod error;
mod overlay;
mod silence;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use cupola_store::{Change, Expect, Metadata, MetadataError};
use serde_json::Value;

pub use error::PeopleError;
pub use overlay::{Acknowledged, Assigned};
pub(crate) use overlay::{Closing, Overlay};
pub(crate) use silence::About;
pub use silence::{Matcher, Silence};

use crate::engine::Instance;
use crate::history::{self, Happened};
use crate::rule::{Rule, RuleSource, Rules};
use crate::state::Phase;

/// The longest note, name or comment, in bytes.
const MAX_TEXT: usize = 2_000;
/// So often a change is tried again that another process has come before.
const ATTEMPTS: usize = 5;

/// By what an alert is known: its rule and its fingerprint. As text it is `rule/fingerprint`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId {
    /// The rule's name.
    pub rule: String,
    /// The alert's fingerprint.
    pub fingerprint: String,
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.rule, self.fingerprint)
    }
}

impl std::str::FromStr for AlertId {
    type Err = PeopleError;

    fn from_str(text: &str) -> Result<Self, PeopleError> {
        match text.rsplit_once('/') {
            Some((rule, fingerprint)) if !rule.is_empty() && !fingerprint.is_empty() => {
                Ok(Self { rule: rule.to_owned(), fingerprint: fingerprint.to_owned() })
            }
            _ => Err(PeopleError::bad(format!("{text:?} is no alert: one is RULE/FINGERPRINT"))),
        }
    }
}

/// What people do about alerts, from any process that has the metadata open. Evaluation takes notice at its next turn.
#[derive(Clone, Debug)]
pub struct People {
    metadata: Arc<dyn Metadata>,
}

impl People {
    /// Over this metadata.
    pub fn new(metadata: Arc<dyn Metadata>) -> Self {
        Self { metadata }
    }

    pub(crate) fn metadata(&self) -> &Arc<dyn Metadata> {
        &self.metadata
    }

    /// Says that somebody is at it: it is not repeated that the alert goes on, until then or until it is over. That it gets more severe is
    /// said all the same, and ends this, unless its rule says otherwise.
    ///
    /// # Errors
    /// There is no such alert, or it does not fire.
    pub fn acknowledge(
        &self,
        alert: &AlertId,
        by: &str,
        note: &str,
        until: Option<i64>,
        now: i64,
    ) -> Result<(), PeopleError> {
        let (by, note) = (said_by(by)?, said(note)?);
        self.change(alert, now, |overlay, instance| {
            let episode = active(alert, instance)?;
            let severity = episode.severity;
            let acknowledged = Acknowledged {
                by: by.clone(),
                at: now,
                note: note.clone(),
                until,
                episode: episode.id.clone(),
                severity,
            };
            overlay.acknowledged = Some(acknowledged);
            Ok(Happened::Acknowledged { by: by.clone(), note: note.clone(), until })
        })
    }

    /// Takes that back.
    ///
    /// # Errors
    /// There is no such alert.
    pub fn unacknowledge(&self, alert: &AlertId, by: &str, now: i64) -> Result<(), PeopleError> {
        let by = said_by(by)?;
        self.change(alert, now, |overlay, _| {
            overlay.acknowledged = None;
            Ok(Happened::Unacknowledged { by: by.clone() })
        })
    }

    /// Says whose it is; nobody's, where nothing is given.
    ///
    /// # Errors
    /// There is no such alert.
    pub fn assign(&self, alert: &AlertId, by: &str, to: Option<&str>, now: i64) -> Result<(), PeopleError> {
        let (by, to) = (said_by(by)?, to.map(said_by).transpose()?);
        self.change(alert, now, |overlay, _| {
            overlay.assigned = to.clone().map(|to| Assigned { to, by: by.clone(), at: now });
            Ok(Happened::Assigned { by: by.clone(), to: to.clone() })
        })
    }

    /// Adds a comment to the history.
    ///
    /// # Errors
    /// There is no such alert, or nothing is said.
    pub fn comment(&self, alert: &AlertId, by: &str, text: &str, now: i64) -> Result<(), PeopleError> {
        let (by, note) = (said_by(by)?, said(text)?);
        if note.is_empty() {
            return Err(PeopleError::bad("a comment says something"));
        }
        self.instance(alert)?;
        self.metadata.apply(&[history::note(&alert.to_string(), now, &Happened::Commented { by, note })])?;
        Ok(())
    }

    /// Closes an alert by hand, at the next evaluation. It begins anew only after it was well.
    ///
    /// # Errors
    /// There is no such alert, or it does not fire.
    pub fn resolve(&self, alert: &AlertId, by: &str, note: &str, now: i64) -> Result<(), PeopleError> {
        let (by, note) = (said_by(by)?, said(note)?);
        self.change(alert, now, |overlay, instance| {
            let episode = active(alert, instance)?.id.clone();
            overlay.closing = Some(Closing { episode, by: by.clone(), at: now });
            Ok(Happened::Closed { by: by.clone(), note: note.clone() })
        })
    }

    /// Is silent about one alert until then.
    ///
    /// # Errors
    /// There is no such alert, or the time is over.
    pub fn snooze(&self, alert: &AlertId, by: &str, until: i64, now: i64) -> Result<String, PeopleError> {
        self.instance(alert)?;
        let is =
            |label: &str, value: &str| Matcher { label: label.to_owned(), is_equal: true, value: value.to_owned() };
        let matchers = vec![is("rule", &alert.rule), is("fingerprint", &alert.fingerprint)];
        self.silence(matchers, by, "snoozed", until, now)
    }

    /// Is silent about all alerts that match, until then; says the silence's id. Evaluation goes on, and what fires still when it ends is told.
    ///
    /// # Errors
    /// Nothing would tell which alerts are meant, or the time is over.
    pub fn silence(
        &self,
        matchers: Vec<Matcher>,
        by: &str,
        note: &str,
        until: i64,
        now: i64,
    ) -> Result<String, PeopleError> {
        let (by, note) = (said_by(by)?, said(note)?);
        if matchers.is_empty() {
            return Err(PeopleError::bad("a silence says which alerts it is about, such as service=shop or rule=*"));
        }
        if until <= now {
            return Err(PeopleError::bad("a silence ends later than now"));
        }
        let id = format!("{now:x}");
        let silence = Silence { id: id.clone(), matchers, from: now, until, by, note };
        let happened = Happened::Silenced {
            by: silence.by.clone(),
            note: silence.note.clone(),
            until,
            matchers: silence.matchers.iter().map(ToString::to_string).collect(),
        };
        self.metadata.apply(&[silence.put(Expect::Absent), history::note(&silence.subject(), now, &happened)])?;
        Ok(id)
    }

    /// Ends a silence; one that has ended stays as it is.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn unsilence(&self, id: &str, by: &str, now: i64) -> Result<(), PeopleError> {
        let by = said_by(by)?;
        let document = self.metadata.get(Silence::KIND, id)?;
        let mut silence = document
            .and_then(|document| serde_json::from_str::<Silence>(&document.body).ok())
            .ok_or_else(|| PeopleError::bad(format!("there is no silence {id:?}")))?;
        if silence.until > now {
            silence.until = now;
            let note = history::note(&silence.subject(), now, &Happened::Unsilenced { by });
            self.metadata.apply(&[silence.put(Expect::Any), note])?;
        }
        Ok(())
    }

    /// All silences, those that have ended among them, the newest first.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn silences(&self) -> Result<Vec<Silence>, MetadataError> {
        let all = self.metadata.all(Silence::KIND)?;
        let mut silences: Vec<Silence> =
            all.iter().filter_map(|document| serde_json::from_str(&document.body).ok()).collect();
        silences.sort_by_key(|silence| std::cmp::Reverse(silence.from));
        Ok(silences)
    }

    /// Makes a rule, or overrides fields of one that is there; `null` makes a field what it is unless said. The others are those that it may
    /// build on:
    /// [`Alerts::all_rules`](crate::Alerts::all_rules).
    ///
    /// # Errors
    /// It is none: says which field is wrong.
    pub fn put_rule(&self, others: &Rules, rule: &Value, by: &str, now: i64) -> Result<Arc<Rule>, PeopleError> {
        let by = said_by(by)?;
        let mut rules = others.clone();
        let name = rules.add(rule, RuleSource::People).map_err(PeopleError::rule)?;
        let earlier = self.metadata.get(RULE, &name)?;
        let made = over(earlier.as_ref().and_then(|one| serde_json::from_str(&one.body).ok()), rule);
        let expect = earlier.map_or(Expect::Absent, |earlier| Expect::Version(earlier.version));
        let put = Change::Put { kind: RULE, key: name.clone(), body: made.to_string(), expect };
        let happened = Happened::RuleChanged { by, rule: Some(made) };
        self.metadata.apply(&[put, history::note(&format!("rule/{name}"), now, &happened)])?;
        rules.get(&name).cloned().ok_or_else(|| PeopleError::bad("the rule has no name"))
    }

    /// Takes a rule away that was made by [`Self::put_rule`]; what files and the start say of it is so again.
    ///
    /// # Errors
    /// Nobody has made one of this name.
    pub fn delete_rule(&self, name: &str, by: &str, now: i64) -> Result<(), PeopleError> {
        let by = said_by(by)?;
        if self.metadata.get(RULE, name)?.is_none() {
            let problem = format!("nobody has made a rule {name:?}; one of a file is turned off with enabled = false");
            return Err(PeopleError::bad(problem));
        }
        let happened = Happened::RuleChanged { by, rule: None };
        let note = history::note(&format!("rule/{name}"), now, &happened);
        self.metadata.apply(&[Change::Delete { kind: RULE, key: name.to_owned() }, note])?;
        Ok(())
    }

    fn instance(&self, alert: &AlertId) -> Result<Instance, PeopleError> {
        let document = self.metadata.get(Instance::KIND, &alert.to_string())?;
        let found = document.and_then(|document| Instance::read(&document));
        found.ok_or_else(|| PeopleError::bad(format!("there is no alert {:?}", alert.to_string())))
    }

    /// Changes what people have decided about one alert, and notes it.
    fn change(
        &self,
        alert: &AlertId,
        now: i64,
        change: impl Fn(&mut Overlay, &Instance) -> Result<Happened, PeopleError>,
    ) -> Result<(), PeopleError> {
        let instance = self.instance(alert)?;
        let key = alert.to_string();
        let mut attempt = 1;
        loop {
            let document = self.metadata.get(Overlay::KIND, &key)?;
            let expect = document.as_ref().map_or(Expect::Absent, |document| Expect::Version(document.version));
            let mut overlay = document.map(|document| Overlay::read(&document)).unwrap_or_default();
            let happened = change(&mut overlay, &instance)?;
            let changes = [overlay.put(&key, expect), history::note(&key, now, &happened)];
            match self.metadata.apply(&changes) {
                Err(error) if error.conflict().is_some() && attempt < ATTEMPTS => attempt += 1,
                done => return Ok(done?),
            }
        }
    }
}

/// What people say of a rule, over what they said before; a rule of another kind is another rule.
fn over(earlier: Option<Value>, rule: &Value) -> Value {
    match (earlier, rule) {
        (Some(Value::Object(mut earlier)), Value::Object(fields))
            if fields.get("kind").is_none_or(|kind| earlier.get("kind").is_none_or(|before| before == kind)) =>
        {
            earlier.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
            Value::Object(earlier)
        }
        _ => rule.clone(),
    }
}

/// The kind of documents of rules that people have made.
pub(crate) const RULE: &str = "rule";

fn active<'a>(alert: &AlertId, instance: &'a Instance) -> Result<&'a crate::state::Episode, PeopleError> {
    let episode = instance.state.episode.as_ref().filter(|_| instance.state.is_active());
    episode.ok_or_else(|| {
        let phase = match instance.state.phase {
            Phase::Pending => "is pending and has told nobody",
            _ => "does not fire",
        };
        PeopleError::bad(format!("the alert {:?} {phase}", alert.to_string()))
    })
}

pub(crate) fn said_by(name: &str) -> Result<String, PeopleError> {
    let name = said(name)?;
    if name.is_empty() { Err(PeopleError::bad("it is missing who does it")) } else { Ok(name) }
}

fn said(text: &str) -> Result<String, PeopleError> {
    let text = text.trim();
    if text.len() > MAX_TEXT {
        return Err(PeopleError::bad(format!("at most {MAX_TEXT} bytes are accepted, and there are {}", text.len())));
    }
    Ok(text.to_owned())
}
