//! Calls of language models: what is known when one begins, what its end adds, and its line.

mod answer;
mod call;
mod ended;
mod error_kind;
mod log;
mod names;
mod open;
mod provider;
mod rate_limits;
mod usage;

pub use answer::RawLlmAnswer;
pub use call::{LlmCall, LlmOperation, LlmParameters, RawLlmCall};
pub use ended::{LlmEnded, LlmOutcome};
pub use error_kind::LlmErrorKind;
pub use log::{LLM_TARGET, LlmLog};
pub use names::GenAiNames;
pub use open::{OpenLlmCall, Pricing};
pub use provider::Provider;
pub use rate_limits::{Allowance, RateLimits};
pub use usage::{Cost, CostSource, Usage};
