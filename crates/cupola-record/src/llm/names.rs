//! Which generation of OpenTelemetry's names calls of models have.

use crate::vars::Vars;

/// Which generation of OpenTelemetry's names (`gen_ai.…`) the metrics and spans of calls of models have: they are on the move.
///
/// `OTEL_SEMCONV_STABILITY_OPT_IN` says which: `gen_ai_latest_experimental` the next, `gen_ai_latest_experimental/dup` both,
/// else those of version 1.41, which most tools read today.
///
/// ```
/// use cupola_record::GenAiNames;
///
/// let names = GenAiNames::of_opt_in("http, gen_ai_latest_experimental/dup");
/// assert!(names.has_current() && names.has_next());
/// assert!(!GenAiNames::default().has_next());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GenAiNames {
    /// Those of version 1.41.
    #[default]
    Current,
    /// Those that are to come.
    Next,
    /// Both.
    Both,
}

impl GenAiNames {
    /// Reads the variable.
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Self {
        Self::of_opt_in(&Vars::new(vars).text("OTEL_SEMCONV_STABILITY_OPT_IN").unwrap_or_default())
    }

    /// What the variable's text says; words for others than models are theirs.
    pub fn of_opt_in(text: &str) -> Self {
        let says = |word: &str| text.split(',').any(|part| part.trim() == word);
        if says("gen_ai_latest_experimental/dup") {
            Self::Both
        } else if says("gen_ai_latest_experimental") {
            Self::Next
        } else {
            Self::Current
        }
    }

    /// Whether the names of version 1.41 are among them.
    pub const fn has_current(self) -> bool {
        matches!(self, Self::Current | Self::Both)
    }

    /// Whether the names that are to come are among them.
    pub const fn has_next(self) -> bool {
        matches!(self, Self::Next | Self::Both)
    }
}
