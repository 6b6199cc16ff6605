//! Items that come one by one, gathered into messages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::exporter::Exporter;
use super::queue::Message;
use super::resource::Resource;
use super::wire::{Wire, head_length, varint};

/// A message is sent off before it holds more bytes than this: collectors refuse what is over 4 MiB.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The most scopes that are kept apart; they come from code. Items of further ones go under the last.
const MAX_SCOPES: usize = 256;

/// Gathers encoded items (spans, log records) into messages, and offers each to an [`Exporter`] when it is full, and
/// once in each period. Clones gather into the same message.
///
/// What is gathered and not sealed is bounded by one message, and stands outside the queue's own bound.
#[derive(Clone, Debug)]
pub struct Gather(Arc<Inner>);

/// A scope that a [`Gather`] has been told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeId(usize);

#[derive(Debug)]
struct Inner {
    exporter: Exporter,
    /// The encoded resource, as every message begins.
    resource: Vec<u8>,
    max_items: u64,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    scopes: Vec<Scope>,
    items: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Scope {
    /// Encoded, as every message repeats it.
    encoded: Vec<u8>,
    items: Vec<u8>,
    /// How much the last message had.
    usual: usize,
}

impl Gather {
    /// Gathers at most `max_items` into a message, and sends it after `period` even where it is not full.
    pub fn new(exporter: &Exporter, resource: &Resource, max_items: usize, period: Duration) -> Self {
        let resource = resource.encode();
        let (max_items, open) = (max_items.max(1) as u64, Mutex::default());
        let inner = Arc::new(Inner { exporter: exporter.clone(), resource, max_items, open });
        let weak = Arc::downgrade(&inner);
        exporter.collect_every(period, move |_| {
            if let Some(inner) = weak.upgrade() {
                Self(inner).seal();
            }
        });
        Self(inner)
    }

    /// Where the messages go.
    pub fn exporter(&self) -> &Exporter {
        &self.0.exporter
    }

    /// The scope of this name and version, told once.
    pub fn scope(&self, name: &str, version: &str) -> ScopeId {
        let mut encoded = Vec::new();
        Wire(&mut encoded).message(1, |scope| {
            scope.bytes(1, name.as_bytes());
            scope.bytes(2, version.as_bytes());
        });
        let mut open = self.open();
        let known = open.scopes.iter().position(|scope| scope.encoded == encoded);
        ScopeId(known.unwrap_or_else(|| {
            if open.scopes.len() < MAX_SCOPES {
                open.scopes.push(Scope { encoded, items: Vec::new(), usual: 0 });
            }
            open.scopes.len() - 1
        }))
    }

    /// Takes one encoded item. It waits for nobody but whoever does the same; what finds no room is dropped and counted.
    pub fn add(&self, scope: ScopeId, item: &[u8]) {
        self.0.exporter.accept(1);
        let bytes = head_length(item.len()) + item.len();
        if bytes > MAX_MESSAGE_BYTES {
            return self.0.exporter.drop_for_want_of_room(1);
        }
        let mut open = self.open();
        let before = (open.bytes + bytes > MAX_MESSAGE_BYTES).then(|| self.take(&mut open)).flatten();
        open.append(scope, item);
        open.items += 1;
        open.bytes += bytes;
        let after = (open.items >= self.0.max_items).then(|| self.take(&mut open)).flatten();
        drop(open);
        before.into_iter().chain(after).for_each(|message| self.push(message));
        if self.0.exporter.is_closed() {
            // Nobody seals any more: what comes now is refused, and counted, at once.
            self.seal();
        }
    }

    /// Sends what was gathered so far.
    pub fn seal(&self) {
        let message = self.take(&mut self.open());
        message.into_iter().for_each(|message| self.push(message));
    }

    fn push(&self, message: Message) {
        // Where it is dropped, that is counted.
        self.0.exporter.push(message);
    }

    fn take(&self, open: &mut Open) -> Option<Message> {
        let items = std::mem::take(&mut open.items);
        open.bytes = 0;
        let full = |scope: &&mut Scope| !scope.items.is_empty();
        let length = |scope: &mut Scope| {
            let length = scope.encoded.len() + scope.items.len();
            head_length(length) + length
        };
        let scopes: usize = open.scopes.iter_mut().filter(full).map(length).sum();
        let mut pieces = vec![Vec::new()];
        push_head(&mut pieces[0], 1, self.0.resource.len() + scopes);
        pieces[0].extend_from_slice(&self.0.resource);
        for scope in open.scopes.iter_mut().filter(full) {
            let items = std::mem::take(&mut scope.items);
            scope.usual = items.len();
            let mut head = Vec::new();
            push_head(&mut head, 2, scope.encoded.len() + items.len());
            head.extend_from_slice(&scope.encoded);
            pieces.extend([head, items]);
        }
        (items > 0).then_some(Message { pieces, items })
    }

    /// A panic while the lock was held leaves whole items behind, so the poison says nothing.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn append(&mut self, scope: ScopeId, item: &[u8]) {
        let Some(scope) = self.scopes.get_mut(scope.0) else { return };
        if scope.items.capacity() == 0 {
            scope.items.reserve(scope.usual + item.len());
        }
        push_head(&mut scope.items, 2, item.len());
        scope.items.extend_from_slice(item);
    }
}

fn push_head(out: &mut Vec<u8>, field: u8, length: usize) {
    out.push(field << 3 | 2);
    varint(out, length as u64);
}
