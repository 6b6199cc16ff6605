//! Lines that several files of one folder hold.

use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::input::Input;

/// So many lines of files that may hold the same ones are remembered.
const MAX_REMEMBERED: usize = 1 << 20;

/// Files of one folder that may hold the same lines, as `api.log` and `errors.log` do.
#[derive(Debug)]
pub(crate) struct Twins {
    /// By input, the folder's number; `None` where there is only one file, and what was closed of it.
    folders: Vec<Option<usize>>,
    /// Which input told a line first.
    told: Mutex<FxHashMap<u64, usize>>,
    /// How many lines are remembered.
    most: usize,
}

impl Twins {
    pub(crate) fn of(inputs: &[Input]) -> Self {
        let mut files: FxHashMap<PathBuf, usize> = FxHashMap::default();
        for input in inputs.iter().filter(|input| !input.is_older) {
            *files.entry(input.group.clone()).or_default() += 1;
        }
        let first = |group: &Path| inputs.iter().position(|input| input.group == group);
        let folder = |input: &Input| {
            if files.get(&input.group).is_some_and(|files| *files > 1) { first(&input.group) } else { None }
        };
        Self { folders: inputs.iter().map(folder).collect(), told: Mutex::default(), most: MAX_REMEMBERED }
    }

    /// Whether another file of the folder may have an input's lines.
    pub(crate) fn are_possible(&self, input: usize) -> bool {
        self.folders[input].is_some()
    }

    /// What is to be said where there were more lines than are remembered.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        const WARNING: &str = "files of one folder have more lines than are remembered: some may be counted twice";
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        (told.len() >= self.most).then_some(WARNING)
    }

    /// Whether another file of the folder has told this line.
    pub(crate) fn is_told(&self, input: usize, line: &[u8]) -> bool {
        let Some(folder) = self.folders[input] else { return false };
        let key = FxBuildHasher.hash_one((folder, line));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= self.most {
            return told.get(&key).is_some_and(|first| *first != input);
        }
        *told.entry(key).or_insert(input) != input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_two_files_is_told_once_and_one_that_comes_twice_twice() {
        let files = ["logs/api.log", "logs/errors.log", "other/api.log"].map(Input::file);
        let twins = Twins::of(&files);
        let told: Vec<_> = [0, 0, 1, 1, 2].into_iter().map(|input| twins.is_told(input, b"line")).collect();
        assert_eq!(told, [false, false, true, true, false]);
        assert!(!twins.is_told(1, b"another"));
        assert_eq!([0, 1, 2].map(|input| twins.are_possible(input)), [true, true, false]);
        assert_eq!(twins.warning(), None);
        let full = Twins { most: 1, ..Twins::of(&files) };
        let told = [(0, b"one"), (1, b"one"), (0, b"two"), (1, b"two")].map(|(input, line)| full.is_told(input, line));
        assert_eq!(told, [false, true, false, false]);
        assert!(full.warning().is_some_and(|warning| warning.contains("some may be counted twice")));
        let older = Input { is_older: true, ..Input::file("logs/api.log.1") };
        assert!(!Twins::of(&[Input::file("logs/api.log"), older]).are_possible(1));
    }
}
