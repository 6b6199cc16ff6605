//! What the nouns have in common: setters, fields of the caller's own, and a callsite for each level.

use std::fmt;

use cupola_context::Scope;

/// Makes a noun: what it needs, what may be known of it, and what has setters of its own besides.
macro_rules! noun {
    (
        $(#[$meta:meta])*
        $name:ident($($required:ident: $needed:ty),*) {
            $($(#[$doc:meta])* $field:ident: $type:ty,)*
        }
        $(besides $own:ident: $own_type:ty;)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        #[must_use = "it is said by `emit`"]
        pub struct $name<'a> {
            $(pub(crate) $required: $needed,)*
            $(pub(crate) $field: Option<$type>,)*
            $(pub(crate) $own: Option<$own_type>,)*
            pub(crate) scope: Option<cupola_context::Scope>,
        }

        impl<'a> $name<'a> {
            /// What has to be known of it.
            pub const fn new($($required: $needed),*) -> Self {
                Self { $($required,)* $($field: None,)* $($own: None,)* scope: None }
            }

            $(
                $(#[$doc])*
                pub fn $field(mut self, $field: $type) -> Self {
                    self.$field = Some($field);
                    self
                }
            )*

            /// With a field of the caller's own; the event's own fields win over one of their names.
            pub fn field(
                mut self,
                key: impl Into<std::borrow::Cow<'static, str>>,
                value: impl Into<cupola_context::FieldValue>,
            ) -> Self {
                self.scope = Some(self.scope.unwrap_or_default().with(key, value));
                self
            }

            /// With all fields of this scope.
            pub fn context(mut self, scope: &cupola_context::Scope) -> Self {
                self.scope = Some(scope.clone());
                self
            }
        }
    };
}
pub(super) use noun;

/// An event at one of the levels that its kind can have: a level is part of a callsite.
macro_rules! say {
    ($scope:expr, $level:expr, [$($possible:ident),+], $target:expr, $fields:tt) => {
        $crate::vocabulary::macros::within($scope.as_ref(), || match $level {
            $(tracing::Level::$possible => $crate::vocabulary::macros::say_one!($possible, $target, $fields),)+
            #[allow(unreachable_patterns, reason = "where all levels are possible")]
            _ => {}
        })
    };
}
pub(super) use say;

macro_rules! say_one {
    ($level:ident, $target:expr, { $($fields:tt)+ }) => {
        tracing::event!(target: $target, tracing::Level::$level, $($fields)+)
    };
}
pub(super) use say_one;

/// With the fields of the caller's own.
pub(super) fn within(scope: Option<&Scope>, say: impl FnOnce()) {
    match scope {
        Some(scope) => scope.enter(say),
        None => say(),
    }
}

/// Something that is shown as text. Nouns can be sent, so that a future that holds one can.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a>(pub(crate) &'a (dyn fmt::Display + Sync));

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
