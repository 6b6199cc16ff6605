//! Names with numbers.

use rustc_hash::FxHashMap;

/// Names, each with a number; 0 is that of none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    numbers: FxHashMap<Box<str>, u32>,
    texts: FxHashMap<u32, Box<str>>,
}

impl Names {
    /// The number of a name, given to it now if it has none. No name has no number.
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.texts.len() + 1).unwrap_or(u32::MAX);
        self.insert(name, number);
        number
    }

    /// The number of a name that has one.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        if name.is_empty() { Some(0) } else { self.numbers.get(name).copied() }
    }

    pub(crate) fn insert(&mut self, name: &str, number: u32) {
        self.numbers.insert(name.into(), number);
        self.texts.insert(number, name.into());
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(&number).map_or("", |text| text)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.texts.iter().map(|(number, text)| (*number, &**text))
    }
}
