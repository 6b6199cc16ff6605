//! A price table from a TOML file.

use std::fmt;

use toml::de::{DeTable, DeValue};

use super::prices::{Price, Prices};

const ACCEPTED: &str = "model, provider, input, output, cache_read and cache_write";

/// A price table that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricesError(String);

impl fmt::Display for PricesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PricesError {}

impl Prices {
    /// Reads a table from TOML. Prices are whole millionths of a currency for a million tokens.
    ///
    /// ```
    /// use cupola_client::llm::Prices;
    ///
    /// let prices = Prices::from_toml(
    ///     r#"
    ///     [[price]]
    ///     model = "small-1"
    ///     input = 150_000
    ///     output = 600_000
    ///     cache_read = 75_000
    ///
    ///     [[price]]
    ///     provider = "azure.ai.openai"   # with one provider only
    ///     model = "small-1"
    ///     input = 165_000
    ///     output = 660_000
    ///     "#,
    /// )?;
    /// assert_eq!(prices.price("azure.ai.openai", "small-1").map(|price| price.input), Some(165_000));
    /// # Ok::<(), cupola_client::llm::PricesError>(())
    /// ```
    ///
    /// # Errors
    /// Where it is no TOML, or an entry is none of a price; the error names the entry.
    pub fn from_toml(text: &str) -> Result<Self, PricesError> {
        let table = DeTable::parse(text).map_err(|error| PricesError(error.message().to_owned()))?;
        let mut prices = Self::new();
        for (name, value) in table.get_ref() {
            let name = name.get_ref();
            let entries = value.get_ref().as_array().filter(|_| name == "price");
            let entries = entries.ok_or_else(|| PricesError(format!("`{name}` is no [[price]]")))?;
            for (number, entry) in entries.iter().enumerate() {
                let read = read(prices, entry.get_ref());
                prices = read.map_err(|why| PricesError(format!("price {}: {why}", number + 1)))?;
            }
        }
        Ok(prices)
    }
}

fn read(prices: Prices, entry: &DeValue<'_>) -> Result<Prices, String> {
    let (mut price, mut model, mut provider, mut input, mut output) = (Price::default(), None, None, None, None);
    for (name, value) in entry.as_table().into_iter().flatten() {
        let (name, value) = (name.get_ref().as_ref(), value.get_ref());
        match name {
            "model" => model = Some(word(name, value)?),
            "provider" => provider = Some(word(name, value)?),
            "input" => input = Some(number(name, value)?),
            "output" => output = Some(number(name, value)?),
            "cache_read" => price.cache_read = Some(number(name, value)?),
            "cache_write" => price.cache_write = Some(number(name, value)?),
            _ => return Err(format!("`{name}` is not known; accepted: {ACCEPTED}")),
        }
    }
    let model = model.ok_or("it names no `model`")?;
    price.input = input.ok_or_else(|| format!("`{model}` has no `input`"))?;
    price.output = output.ok_or_else(|| format!("`{model}` has no `output`"))?;
    Ok(match provider {
        Some(provider) => prices.model_of(provider, model, price),
        None => prices.model(model, price),
    })
}

fn word<'v>(name: &str, value: &'v DeValue<'_>) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("`{name}` is no text"))
}

fn number(name: &str, value: &DeValue<'_>) -> Result<u64, String> {
    let whole = value.as_integer().and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
    whole.ok_or_else(|| format!("`{name}` is no whole number of zero or more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_told() {
        let check = |text: &str, expected: &str| assert_eq!(Prices::from_toml(text).unwrap_err().to_string(), expected);
        check("[[price]]\ninput = 1\noutput = 1", "price 1: it names no `model`");
        check("[[price]]\nmodel = \"m\"\ninput = 1", "price 1: `m` has no `output`");
        check("[[price]]\nmodel = \"m\"\ninput = 0.15", "price 1: `input` is no whole number of zero or more");
        check("[[price]]\nmodel = \"m\"\ninputs = 1", &format!("price 1: `inputs` is not known; accepted: {ACCEPTED}"));
        check("[[price]]\nmodel = 1", "price 1: `model` is no text");
        check("prices = 1", "`prices` is no [[price]]");
        assert!(Prices::from_toml("[[price").is_err());
    }
}
