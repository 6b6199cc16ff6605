//! What was decided of many rules becomes true in few transactions: each costs a wait for the disk.

use std::time::{Duration, Instant};

use cupola_store::{Change, Metadata, MetadataError};

use super::memory::Memory;
use super::step::Done;
use super::{Evaluated, started};

/// So many changes are written at once.
const MANY: usize = 2_000;
/// What was decided waits so long for what else is decided: a slow question of one rule delays no other's messages.
const WAIT: Duration = Duration::from_millis(100);

/// What was decided and is not written yet. Where the process ends before it is, the next one decides the same again.
pub(super) struct Undone<'a> {
    metadata: &'a dyn Metadata,
    of: Vec<(String, Done)>,
    changes: usize,
    since: Option<Instant>,
    first_error: Option<MetadataError>,
}

impl<'a> Undone<'a> {
    pub(super) fn new(metadata: &'a dyn Metadata) -> Self {
        Self { metadata, of: Vec::new(), changes: 0, since: None, first_error: None }
    }

    pub(super) fn add(&mut self, rule: String, done: Done) {
        self.changes += done.changes.len();
        self.since.get_or_insert_with(started);
        self.of.push((rule, done));
    }

    /// Whether no more should be gathered.
    pub(super) fn is_ripe(&self) -> bool {
        self.changes >= MANY || self.since.is_some_and(|since| since.elapsed() >= WAIT)
    }

    /// Makes it so: all at once, or where somebody else has written of a rule, each rule's by itself.
    pub(super) fn write(&mut self, memory: &mut Memory, evaluated: &mut Evaluated) {
        (self.changes, self.since) = (0, None);
        let mut of = std::mem::take(&mut self.of);
        let mut changes: Vec<Vec<Change>> = of.iter_mut().map(|(_, done)| std::mem::take(&mut done.changes)).collect();
        let whole = apply(self.metadata, &changes.concat());
        match whole {
            Ok(()) => changes.iter_mut().for_each(Vec::clear),
            Err(error) if error.conflict().is_none() => {
                self.first_error.get_or_insert(error);
                return;
            }
            // The one that conflicts is found by trying each.
            Err(_) => {}
        }
        for ((rule, done), changes) in of.into_iter().zip(changes) {
            match apply(self.metadata, &changes) {
                Ok(()) => take(memory, &rule, done, evaluated),
                Err(error) => {
                    // What is remembered is not what there is.
                    memory.is_loaded &= error.conflict().is_none();
                    self.first_error.get_or_insert(error);
                }
            }
        }
    }

    pub(super) fn end(self) -> Result<(), MetadataError> {
        self.first_error.map_or(Ok(()), Err)
    }
}

fn apply(metadata: &dyn Metadata, changes: &[Change]) -> Result<(), MetadataError> {
    if changes.is_empty() { Ok(()) } else { metadata.apply(changes) }
}

fn take(memory: &mut Memory, rule: &str, done: Done, evaluated: &mut Evaluated) {
    evaluated.transitions += done.transitions;
    evaluated.written += done.written;
    if let Some(of) = memory.of.get_mut(rule) {
        of.take(done);
    }
}
