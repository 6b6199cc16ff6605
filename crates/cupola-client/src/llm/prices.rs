//! What models cost, by a table of the user's.

use std::collections::HashMap;

use cupola_record::{Pricing, Usage};

/// What a million tokens of a model cost, in millionths of a currency: 150,000 for 15 cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is written out by those who state prices")]
pub struct Price {
    /// Of the prompt.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
    /// Of what a cache had; as the prompt, unless set.
    pub cache_read: Option<u64>,
    /// Of what is written into a cache; as the prompt, unless set.
    pub cache_write: Option<u64>,
}

impl Price {
    /// What a usage costs, in millionths of the currency, rounded once; `None` where the prompt's tokens are not known.
    pub fn of(&self, usage: &Usage) -> Option<u64> {
        let sum = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let cost = sum(usage.input_at_full_price()?, self.input)
            + sum(usage.cache_read.unwrap_or(0), self.cache_read.unwrap_or(self.input))
            + sum(usage.cache_write.unwrap_or(0), self.cache_write.unwrap_or(self.input))
            + sum(usage.output.unwrap_or(0), self.output);
        u64::try_from((cost + 500_000) / 1_000_000).ok()
    }
}

/// What models cost. A model that is not in the table has no price, which is not the same as none.
///
/// ```
/// use cupola_client::llm::{Price, Prices};
/// use cupola_record::{Pricing, Usage};
///
/// // 15 cents a million tokens in, 60 out; half the price for what the cache has.
/// let small = Price { input: 150_000, output: 600_000, cache_read: Some(75_000), ..Price::default() };
/// let prices = Prices::new().model("small-1", small);
/// let usage = Usage { input: Some(3_000), cache_read: Some(2_000), output: Some(500), ..Usage::default() };
/// assert_eq!(prices.cost("openai", "small-1", &usage), Some(600));
/// assert_eq!(prices.cost("openai", "small-1-2024-07-18", &usage), Some(600));
/// assert_eq!(prices.cost("openai", "small-1-pro", &usage), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Prices {
    of_all: HashMap<String, Price>,
    of_one: HashMap<(String, String), Price>,
}

impl Prices {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The price of a model, whoever runs it.
    #[must_use]
    pub fn model(mut self, model: &str, price: Price) -> Self {
        self.of_all.insert(model.to_owned(), price);
        self
    }

    /// The price of a model with one provider, by the name that [`cupola_record::Provider`] has.
    #[must_use]
    pub fn model_of(mut self, provider: &str, model: &str, price: Price) -> Self {
        self.of_one.insert((provider.to_owned(), model.to_owned()), price);
        self
    }

    /// The price of a model: by its whole name, else by the name without the date at its end.
    pub fn price(&self, provider: &str, model: &str) -> Option<&Price> {
        let find = |model: &str| {
            let of_one = self.of_one.get(&(provider.to_owned(), model.to_owned()));
            of_one.or_else(|| self.of_all.get(model))
        };
        find(model).or_else(|| find(without_date(model)?))
    }
}

impl Pricing for Prices {
    fn cost(&self, provider: &str, model: &str, usage: &Usage) -> Option<u64> {
        self.price(provider, model)?.of(usage)
    }
}

/// `small-1` of `small-1-2024-07-18`, `small-1-20240718` and `small-1@20240718`.
fn without_date(model: &str) -> Option<&str> {
    let is_date = |date: &str| {
        let digits = date.bytes().filter(u8::is_ascii_digit).count();
        digits == 8 && (date.len() == 8 || date.len() == 10 && date.bytes().filter(|byte| *byte == b'-').count() == 2)
    };
    [10, 8].into_iter().find_map(|length| {
        let at = model.len().checked_sub(length + 1)?;
        let (name, date) = (model.get(..at)?, model.get(at + 1..)?);
        let is_apart = matches!(model.as_bytes().get(at), Some(b'-' | b'@'));
        (is_apart && is_date(date)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Price = Price { input: 150_000, output: 600_000, cache_read: Some(75_000), cache_write: None };

    #[test]
    fn sums_are_whole_and_rounded_once() {
        let check = |counts: [Option<u64>; 4], expected: Option<u64>| {
            let [input, cache_read, cache_write, output] = counts;
            let usage = Usage { input, cache_read, cache_write, output, ..Usage::default() };
            assert_eq!(SMALL.of(&usage), expected, "{usage:?}");
        };
        check([Some(1_000_000), None, None, Some(1_000_000)], Some(750_000));
        check([Some(1_000_000), Some(1_000_000), None, None], Some(75_000));
        check([Some(1_000_000), Some(400_000), Some(600_000), None], Some(120_000));
        check([Some(3), None, None, None], Some(0));
        check([Some(4), None, None, None], Some(1));
        check([None, None, None, Some(5)], None);
        check([Some(0), Some(7), None, Some(0)], Some(1));
        check([Some(u64::MAX), None, None, Some(u64::MAX)], Some(13_835_058_055_282_163_711));
    }

    #[test]
    fn names_are_whole_names() {
        let prices = Prices::new().model("small-1", SMALL).model_of("groq", "small-1", Price::default());
        let check = |provider: &str, model: &str, expected: Option<u64>| {
            assert_eq!(prices.price(provider, model).map(|price| price.input), expected, "{provider} {model}");
        };
        check("openai", "small-1", Some(150_000));
        check("groq", "small-1", Some(0));
        check("groq", "small-1-20240718", Some(0));
        check("openai", "small-1@20240718", Some(150_000));
        check("openai", "small-1-2024-07-18", Some(150_000));
        for other in
            ["small", "small-1-pro", "small-1-2024", "small-1-", "small-10", "", "small-1_20240718", "é-20240718"]
        {
            check("openai", other, None);
        }
    }
}
