//! The texts of a snapshot's labels, in one place: thousands of series share few allocations.

use std::ops::Range;

use crate::name;

/// All label texts of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    values: String,
    keys: String,
    pairs: Vec<Pair>,
    names: Vec<Name>,
}

/// The labels of one series, as a place in [`Texts`].
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    key: Range<usize>,
    pairs: Range<usize>,
}

#[derive(Debug)]
struct Pair {
    name: usize,
    value: Range<usize>,
}

/// A label's name as it was told, and as Prometheus sees it.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) told: String,
    pub(crate) exposed: String,
}

impl Texts {
    /// Takes the labels of one series in; those without text are left out.
    ///
    /// `None` where two labels have the same name, or one the name of a bucket's bound.
    pub(crate) fn push<'l>(&mut self, labels: impl Iterator<Item = (&'l str, &'l str)>) -> Option<Labels> {
        let first = self.pairs.len();
        for (name, value) in labels.filter(|(_, value)| !value.is_empty()) {
            let name = self.name(name);
            let taken =
                self.pairs[first..].iter().any(|pair| self.names[pair.name].exposed == self.names[name].exposed);
            if taken || self.names[name].exposed == "le" {
                self.pairs.truncate(first);
                return None;
            }
            let start = self.values.len();
            self.values.push_str(value);
            self.pairs.push(Pair { name, value: start..self.values.len() });
        }
        let pairs = first..self.pairs.len();
        Some(Labels { key: self.push_key(pairs.clone()), pairs })
    }

    /// Writes the labels as they stand between braces.
    fn push_key(&mut self, pairs: Range<usize>) -> Range<usize> {
        let start = self.keys.len();
        for pair in &self.pairs[pairs] {
            if self.keys.len() > start {
                self.keys.push(',');
            }
            self.keys.push_str(&self.names[pair.name].exposed);
            self.keys.push_str("=\"");
            push_escaped(&mut self.keys, &self.values[pair.value.clone()]);
            self.keys.push('"');
        }
        start..self.keys.len()
    }

    fn name(&mut self, told: &str) -> usize {
        if let Some(known) = self.names.iter().position(|name| name.told == told) {
            return known;
        }
        self.names.push(Name { told: told.to_owned(), exposed: name::label(told) });
        self.names.len() - 1
    }

    /// The labels as Prometheus writes them between braces.
    pub(crate) fn key(&self, labels: &Labels) -> &str {
        &self.keys[labels.key.clone()]
    }

    /// How many bytes the keys of all these labels begin with in common.
    pub(crate) fn shared<'l>(&self, mut all: impl Iterator<Item = &'l Labels>) -> usize {
        let first = all.next().map_or("", |labels| self.key(labels)).as_bytes();
        all.fold(first.len(), |shared, labels| {
            let key = self.key(labels).as_bytes();
            if key.starts_with(&first[..shared]) {
                return shared;
            }
            first.iter().zip(key).take_while(|(a, b)| a == b).count()
        })
    }

    /// Orders labels as their keys are ordered, most often by one number: the bytes behind those that all share.
    pub(crate) fn rank(&self, labels: &Labels, shared: usize) -> (u64, &str) {
        let key = self.key(labels);
        let mut lead = [0; 8];
        let rest = key.as_bytes().get(shared..).unwrap_or_default();
        lead.iter_mut().zip(rest).for_each(|(lead, byte)| *lead = *byte);
        (u64::from_be_bytes(lead), key)
    }

    /// Each label's name and value.
    pub(crate) fn pairs(&self, labels: &Labels) -> impl Iterator<Item = (&Name, &str)> {
        let pairs = &self.pairs[labels.pairs.clone()];
        pairs.iter().map(|pair| (&self.names[pair.name], &self.values[pair.value.clone()]))
    }
}

fn push_escaped(text: &mut String, value: &str) {
    let plain = !value.bytes().any(|byte| matches!(byte, b'\\' | b'\n' | b'"'));
    if plain { text.push_str(value) } else { escape(text, value, true) }
}

/// Escapes a backslash and a line feed, and by choice the quotation mark too.
pub(crate) fn escape(out: &mut String, text: &str, quoted: bool) {
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quoted => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(labels: &[(&str, &str)]) -> Option<String> {
        let mut texts = Texts::default();
        texts.push([("x", "before")].into_iter());
        let labels = texts.push(labels.iter().copied())?;
        Some(texts.key(&labels).to_owned())
    }

    #[test]
    fn values_are_escaped() {
        let text = key(&[("a.b", "x\\y\n\"z\""), ("empty", ""), ("c", "ü}")]);
        assert_eq!(text.as_deref(), Some(r#"a_b="x\\y\n\"z\"",c="ü}""#));
        let mut texts = Texts::default();
        let labels = texts.push([("a.b", "x\\y\n\"z\"")].into_iter()).unwrap();
        let pairs: Vec<_> = texts.pairs(&labels).map(|(name, value)| (name.told.as_str(), value)).collect();
        assert_eq!(pairs, [("a.b", "x\\y\n\"z\"")]);
    }

    #[test]
    fn labels_rank_as_their_keys() {
        let mut texts = Texts::default();
        let values = ["route-10", "route-1", "route-100000000", "route-2", "r", "route-1000000002"];
        let mut all: Vec<Labels> = values.iter().filter_map(|value| texts.push([("x", *value)].into_iter())).collect();
        let shared = texts.shared(all.iter());
        assert_eq!((all.len(), shared), (6, "x=\"r".len()));
        all.sort_by_key(|labels| texts.rank(labels, shared));
        let keys: Vec<&str> = all.iter().map(|labels| texts.key(labels)).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(texts.shared([].into_iter()), 0);
    }

    #[test]
    fn two_labels_of_one_name_are_no_labels() {
        assert_eq!(key(&[("a.b", "1"), ("a_b", "2")]), None);
        assert_eq!(key(&[("le", "1")]), None);
    }
}
