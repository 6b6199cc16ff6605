//! What a call has used, and what that cost.

/// Tokens of a call, counted alike whoever the provider is; `None` where it has not said.
///
/// ```
/// use cupola_record::Usage;
///
/// let usage = Usage { input: Some(1200), cache_read: Some(1000), output: Some(80), ..Usage::default() };
/// assert_eq!((usage.input_at_full_price(), usage.complete), (Some(200), false));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is written out by those who record calls by hand")]
pub struct Usage {
    /// Tokens of the prompt, those of the cache included.
    pub input: Option<u64>,
    /// Those of them that a cache had.
    pub cache_read: Option<u64>,
    /// Those of them that were written into a cache.
    pub cache_write: Option<u64>,
    /// Tokens of the answer, thoughts included.
    pub output: Option<u64>,
    /// Those of them that were thoughts.
    pub reasoning: Option<u64>,
    /// The provider has said it at the end: what is known is all. Of a call that broke off it is a part.
    pub complete: bool,
}

impl Usage {
    /// Whether nothing is known.
    pub const fn is_unknown(&self) -> bool {
        self.input.is_none() && self.output.is_none()
    }

    /// Tokens of the prompt with which no cache had to do.
    pub fn input_at_full_price(&self) -> Option<u64> {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        self.input.map(|input| input.saturating_sub(cached))
    }
}

/// Who has said what a call cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CostSource {
    /// A price table of the user's.
    Table,
    /// The provider.
    Provider,
}

impl CostSource {
    /// The source as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Provider => "provider",
        }
    }
}

/// What a call cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "an amount, and whose it is")]
pub struct Cost {
    /// In millionths of the currency that the price table has, as a rule the US dollar.
    pub micros: u64,
    /// Who says so.
    pub source: CostSource,
}
