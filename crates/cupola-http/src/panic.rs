//! What a panic says of itself.

use std::any::Any;

/// A panic that was caught, on its way on or into a response.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Its message, raw; `None` where it carries something else.
pub(crate) fn text(panic: &Panic) -> Option<&str> {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}
