//! Fields for what runs inside: of an operation, a wrapped function, one event.

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fields::{FieldValue, Fields};
use crate::totals::{Amount, Totals};

/// Work that begins its own successor in its scope would make a chain without end.
const MAX_DEPTH: u8 = 16;

thread_local! {
    static CURRENT: Cell<Option<Scope>> = const { Cell::new(None) };
}

/// Fields that lines show while this is entered, whether there is a request or not.
///
/// A [`Context`](crate::Context)'s fields are the request's, and stay to its end; a scope's end with the work that it was
/// entered for. Scopes nest, 16 deep: the nearest wins. Each has room for as much as a context has.
///
/// ```
/// use cupola_context::Scope;
///
/// let outer = Scope::new().with("operation", "sync").with("shard", 7);
/// let seen = outer.enter(|| {
///     let inner = Scope::new().with("shard", 8);
///     let mut seen = Vec::new();
///     inner.each_field(|key, value| seen.push(format!("{key}={value}")));
///     seen
/// });
/// assert_eq!(seen, ["shard=8", "operation=sync", "shard=7"]);
/// ```
#[derive(Clone, Debug)]
pub struct Scope(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    fields: Fields,
    /// Where it has sums of its own; clones share them.
    totals: Option<Arc<Mutex<Totals>>>,
    outer: Option<Scope>,
    depth: u8,
}

impl Scope {
    /// Inside of the scope that is ambient now, if any; where that is 16 deep already, a first one again.
    pub fn new() -> Self {
        let outer = Self::current().filter(|outer| outer.0.depth < MAX_DEPTH);
        let depth = outer.as_ref().map_or(1, |outer| outer.0.depth + 1);
        Self(Arc::new(Inner { fields: Fields::default(), totals: None, outer, depth }))
    }

    /// The scope that is ambient now.
    pub fn current() -> Option<Self> {
        CURRENT
            .try_with(|cell| {
                let scope = cell.take();
                let copy = scope.clone();
                cell.set(scope);
                copy
            })
            .ok()
            .flatten()
    }

    /// With a field more; the last of a name wins. What has no room is dropped and counted.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> Self {
        let (key, value) = (key.into(), value.into());
        Arc::make_mut(&mut self.0).fields.set(key, value);
        self
    }

    /// With sums of its own: what is added inside is added here as well as to the request's totals.
    ///
    /// ```
    /// use cupola_context::{Amount, Scope};
    ///
    /// let (part, mut sums) = (Scope::new().counting(), Vec::new());
    /// part.enter(|| {
    ///     cupola_context::add("rows", 3_u64);
    ///     Scope::new().enter(|| cupola_context::add("rows", 4_u64));
    /// });
    /// part.each_total(|name, sum| sums.push(format!("{name}={sum}")));
    /// assert_eq!(sums, ["rows=7"]);
    /// ```
    #[must_use]
    pub fn counting(mut self) -> Self {
        Arc::make_mut(&mut self.0).totals = Some(Arc::default());
        self
    }

    /// Adds to the sums of this scope and of those around it, where they have any; `false` where none has.
    #[allow(clippy::ptr_arg, reason = "a name that is code is kept as it is: no allocation")]
    pub fn add(&self, name: &Cow<'static, str>, amount: Amount) -> bool {
        let (mut next, mut added) = (Some(self), false);
        while let Some(scope) = next {
            added |= scope.totals().is_some_and(|mut totals| totals.add(name.clone(), amount));
            next = scope.0.outer.as_ref();
        }
        added
    }

    /// Shows each sum of this very scope. `visit` must not touch it.
    pub fn each_total(&self, mut visit: impl FnMut(&Cow<'static, str>, Amount)) {
        if let Some(totals) = self.totals() {
            totals.list().iter().for_each(|(name, sum)| visit(name, *sum));
        }
    }

    fn totals(&self) -> Option<MutexGuard<'_, Totals>> {
        self.0.totals.as_ref().map(|totals| totals.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows each field, the nearest first: a name may come again from further out.
    pub fn each_field(&self, mut visit: impl FnMut(&Cow<'static, str>, &FieldValue)) {
        let mut next = Some(self);
        while let Some(scope) = next {
            scope.0.fields.list().iter().for_each(|(key, value)| visit(key, value));
            next = scope.0.outer.as_ref();
        }
    }

    /// The value of a field, the nearest one.
    pub fn field(&self, key: &str) -> Option<&FieldValue> {
        let mut next = Some(self);
        while let Some(scope) = next {
            if let Some(value) = scope.0.fields.get(key) {
                return Some(value);
            }
            next = scope.0.outer.as_ref();
        }
        None
    }

    /// How many fields had no room, from here on outwards.
    pub fn dropped_fields(&self) -> u64 {
        self.0.fields.dropped() + self.0.outer.as_ref().map_or(0, Self::dropped_fields)
    }

    /// Runs `work` with this scope ambient.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        let mut slot = Some(self.clone());
        let _entered = enter_scope(&mut slot);
        work()
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the ambient scope, if there is one, to `look`, which finds none ambient meanwhile.
pub fn with_scope<R>(look: impl FnOnce(&Scope) -> R) -> Option<R> {
    let mut slot = None;
    let entered = enter_scope(&mut slot);
    entered.slot.as_ref().map(look)
}

/// Makes the slot's scope the ambient one until the guard is dropped, as [`enter_slot`](crate::enter_slot) does.
pub fn enter_scope(slot: &mut Option<Scope>) -> EnteredScope<'_> {
    swap(slot);
    EnteredScope { slot, _not_send: PhantomData }
}

/// The slot's scope is ambient while this lives.
#[derive(Debug)]
#[must_use = "the scope is ambient only while this lives"]
pub struct EnteredScope<'a> {
    slot: &'a mut Option<Scope>,
    _not_send: PhantomData<*const ()>,
}

impl Drop for EnteredScope<'_> {
    fn drop(&mut self) {
        swap(self.slot);
    }
}

fn swap(slot: &mut Option<Scope>) {
    // Where the thread is being torn down nothing is ambient, and the slot keeps what it has.
    let _ = CURRENT.try_with(|cell| {
        let before = cell.replace(slot.take());
        *slot = before;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::MAX_FIELDS;

    #[test]
    fn scopes_nest_and_are_put_back() {
        let seen = || with_scope(|scope| scope.field("n").cloned()).flatten();
        let outer = Scope::new().with("n", 1).with("m", 1);
        outer.enter(|| {
            let inner = Scope::new().with("n", 2);
            inner.enter(|| {
                assert_eq!(seen(), Some(2.into()));
                assert_eq!(Scope::current().unwrap().field("m"), Some(&1.into()));
            });
            assert_eq!(seen(), Some(1.into()));
            let caught = std::panic::catch_unwind(|| inner.enter(|| panic!("inside")));
            assert!(caught.is_err() && seen() == Some(1.into()));
        });
        assert_eq!(seen(), None);
    }

    #[test]
    fn a_clone_that_gets_a_field_leaves_the_other_alone() {
        let first = Scope::new().with("n", 1);
        let second = first.clone().with("n", 2);
        assert_eq!((first.field("n"), second.field("n")), (Some(&1.into()), Some(&2.into())));
    }

    #[test]
    fn a_chain_has_an_end() {
        let mut scope = Scope::new();
        for n in 0..100 {
            scope = scope.enter(|| Scope::new().with("n", n));
            let mut seen = 0;
            scope.each_field(|_, _| seen += 1);
            assert!((1..=usize::from(MAX_DEPTH)).contains(&seen), "{seen}");
        }
    }

    #[test]
    fn sums_go_to_every_scope_that_counts() {
        let sums = |scope: &Scope| {
            let mut sums = Vec::new();
            scope.each_total(|name, sum| sums.push((name.to_string(), sum)));
            sums
        };
        let outer = Scope::new().counting();
        let inner = outer.enter(|| Scope::new().with("part", 1).counting());
        let copy = inner.clone().with("part", 2);
        outer.enter(|| assert!(crate::add("tokens", 5_u64)));
        inner.enter(|| assert!(crate::add("tokens", 7_u64)));
        copy.enter(|| assert!(crate::add("calls", 1_u64)));
        let of = |name: &str, sum: u64| (name.to_owned(), Amount::Whole(sum));
        assert_eq!(sums(&inner), [of("tokens", 7), of("calls", 1)]);
        assert_eq!(sums(&outer), [of("tokens", 12), of("calls", 1)]);
        assert!(!Scope::new().enter(|| crate::add("tokens", 1_u64)), "nobody counts");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let full = (0..=MAX_FIELDS).fold(Scope::new(), |scope, n| scope.with(format!("k{n}"), n));
        assert_eq!(full.dropped_fields(), 1);
        full.enter(|| assert_eq!(Scope::new().dropped_fields(), 1));
    }
}
