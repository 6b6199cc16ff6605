//! The ambient context: the one that the work on this thread belongs to right now.

use std::borrow::Cow;
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::context::Context;
use crate::fields::FieldValue;
use crate::scope::with_scope;
use crate::totals::Amount;

thread_local! {
    static CURRENT: Cell<Option<Context>> = const { Cell::new(None) };
}

/// The context of the request that is being worked on, if any.
pub fn current() -> Option<Context> {
    // A thread that is being torn down has no current request.
    CURRENT
        .try_with(|cell| {
            let context = cell.take();
            let copy = context.clone();
            cell.set(context);
            copy
        })
        .ok()
        .flatten()
}

/// Sets a field of the ambient context; `false` where there is none, or where its bounds refuse it.
///
/// ```
/// assert!(!cupola_context::set("vm_id", "nobody listens"));
/// ```
pub fn set(key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> bool {
    current().is_some_and(|context| context.set(key, value))
}

/// Adds to a total of the ambient context, and of the ambient scopes that count; `false` where there is none, or no room for a new
/// name.
pub fn add(name: impl Into<Cow<'static, str>>, amount: impl Into<Amount>) -> bool {
    let (name, amount) = (name.into(), amount.into());
    let of_scope = with_scope(|scope| scope.add(&name, amount)).unwrap_or(false);
    current().is_some_and(|context| context.add(name, amount)) || of_scope
}

/// Tells the route template of the ambient context's request; `false` where there is none. Never a raw path.
pub fn set_route(route: impl Into<Arc<str>>) -> bool {
    current().map(|context| context.set_route(route)).is_some()
}

/// Makes the slot's context the ambient one until the guard is dropped, which puts back what was before.
///
/// What polls uses this: the context moves into place and back, so that no reference count is touched. An empty slot
/// leaves no context ambient. The guard cannot be sent, and so is never held over an await of a task that can.
pub fn enter_slot(slot: &mut Option<Context>) -> Entered<'_> {
    swap(slot);
    Entered { slot, _not_send: PhantomData }
}

/// The slot's context is ambient while this lives.
#[derive(Debug)]
#[must_use = "the context is ambient only while this lives"]
pub struct Entered<'a> {
    slot: &'a mut Option<Context>,
    _not_send: PhantomData<*const ()>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        swap(self.slot);
    }
}

fn swap(slot: &mut Option<Context>) {
    // Where the thread is being torn down nothing is ambient, and the slot keeps what it has.
    let _ = CURRENT.try_with(|cell| {
        let before = cell.replace(slot.take());
        *slot = before;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::Fresh;
    use crate::request_id::RequestIdFormat;

    fn context(byte: u8) -> Context {
        Context::root(RequestIdFormat::UuidV4, &Fresh::new(0, [byte; 40]))
    }

    #[test]
    fn contexts_nest_and_are_put_back() {
        let (outer, inner) = (context(1), context(2));
        outer.enter(|| {
            inner.enter(|| assert!(current().unwrap().is(&inner)));
            assert!(current().unwrap().is(&outer));
        });
        assert!(current().is_none());
    }

    #[test]
    fn a_panic_puts_back_what_was_before() {
        let outer = context(1);
        let result = std::panic::catch_unwind(|| outer.enter(|| panic!("inside")));
        assert!(result.is_err() && current().is_none());
    }
}
