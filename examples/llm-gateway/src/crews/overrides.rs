//! What one run wants otherwise than the gateway's configuration has it.

use cupola::record::ConfigChange;
use serde::Deserialize;

/// The longest answer of an agent, in tokens, unless a run wants another.
const MAX_TOKENS: u64 = 400;

/// What one run wants otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overrides {
    model: Option<String>,
    temperature: Option<f64>,
    max_tokens: Option<u64>,
}

/// How agents of one run ask.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The model.
    pub(super) model: String,
    /// How freely it chooses.
    pub(super) temperature: f64,
    /// How long an answer may become.
    pub(super) max_tokens: u64,
}

impl Overrides {
    /// What holds for the run.
    pub(super) fn apply(&self, model: &str) -> Settings {
        Settings {
            model: self.model.clone().unwrap_or_else(|| model.to_owned()),
            temperature: self.temperature.unwrap_or(0.0),
            max_tokens: self.max_tokens.unwrap_or(MAX_TOKENS),
        }
    }

    /// What is other than usual, as the log tells it; `None` where nothing is.
    pub(super) fn change(&self, model: &str) -> Option<ConfigChange<'static>> {
        let usual = Self::default().apply(model);
        let wanted = [
            ("model", usual.model, self.model.clone()),
            ("temperature", usual.temperature.to_string(), self.temperature.map(|number| number.to_string())),
            ("max_tokens", usual.max_tokens.to_string(), self.max_tokens.map(|number| number.to_string())),
        ];
        let mut changes = wanted.into_iter().filter_map(|(name, old, new)| Some((name, old, new?))).peekable();
        changes.peek()?;
        let change = ConfigChange::new("crew_run").source("request");
        Some(changes.fold(change, |change, (name, old, new)| change.changed(name, Some(&old), Some(&new))))
    }
}
