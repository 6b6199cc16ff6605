//! Ready instruments: what services of many kinds count, under names that dashboards can rely on.
//!
//! Each is registered once in a registry. The names that it is told (of caches, queues, jobs, models) are the operator's,
//! not a client's: of each there are at most 64, and what is over that counts as `_OTHER`.

mod cache;
mod evaluations;
mod jobs;
pub(crate) mod llm;

pub use cache::{Cache, Caches};
pub use evaluations::{Evaluations, Verdict};
pub use jobs::{JobOutcome, Jobs};
pub use llm::{Llm, Usage};

/// The most names of one kind.
const MOST: usize = 64;

/// Makes label types that hold a text, or stand for one of few.
macro_rules! labels {
    ($($type:ident $name:literal $values:expr;)+) => {$(
        #[derive(Debug)]
        pub(crate) struct $type(Box<str>);

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl crate::labels::Label for $type {
            const NAME: &str = $name;
            const VALUES: crate::labels::Values = $values;

            fn value(&self) -> &str {
                &self.0
            }
        }
    )+};
}
pub(crate) use labels;
