//! Evaluations: how often something was judged good.

use super::labels;
use crate::by::By;
use crate::counter::Counter;
use crate::error::RegisterError;
use crate::histogram::Histogram;
use crate::labels::Values;
use crate::registry::Registry;

const SCORES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

mod label {
    use super::Values;

    super::labels! {
        Name "evaluation.name" Values::AtMost(crate::ready::MOST);
        Result "evaluation.result" Values::Only(&["pass", "fail", "error"]);
    }
}

/// What an evaluation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Good.
    Pass,
    /// Not good.
    Fail,
    /// It could not be judged.
    Error,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// The evaluations of a service: `evaluations` by `evaluation.name` and `evaluation.result`, and `evaluation.score`.
///
/// ```
/// use cupola_metrics::{Registry, ready::{Evaluations, Verdict}};
///
/// let registry = Registry::new();
/// let evaluations = Evaluations::new(&registry)?;
/// evaluations.record("groundedness", Verdict::Pass, Some(0.9));
/// assert!(registry.render().contains("evaluation_score_count{evaluation_name=\"groundedness\"} 1\n"));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Evaluations {
    verdicts: By<(label::Name, label::Result), Counter>,
    scores: By<label::Name, Histogram>,
}

impl Evaluations {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        Ok(Self {
            verdicts: registry.counter_by("evaluations", "Evaluations, by name and result.", "{evaluation}")?,
            scores: registry.histogram_by("evaluation.score", "Scores, from 0 to 1.", "1", &SCORES)?,
        })
    }

    /// Something was judged, and by choice scored from 0 to 1.
    pub fn record(&self, name: &str, verdict: Verdict, score: Option<f64>) {
        self.verdicts.with(&(name.into(), verdict.as_str().into())).increment();
        if let Some(score) = score {
            self.scores.with(&name.into()).observe(score);
        }
    }
}
