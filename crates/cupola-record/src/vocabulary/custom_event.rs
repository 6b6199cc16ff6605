//! An event of the application's own.

use tracing::Level;

use super::macros::{noun, say};
use crate::category::Category;

const TARGET: &str = Category::General.target();

noun! {
    /// An event of the application's own, under its own name.
    ///
    /// ```
    /// use cupola_record::CustomEvent;
    ///
    /// CustomEvent::new("quota_exceeded").level(tracing::Level::WARN).field("tenant", "acme").field("used", 104).emit();
    /// CustomEvent::new("cache_swept").internal().emit();
    /// ```
    CustomEvent(name: &'a str) {
        /// Another level than INFO.
        level: Level,
        /// A category of the application's own, or another of [`Category`]'s; the target stays `cupola::general`.
        category: &'a str,
        /// The sentence for people, if the name does not do.
        message: &'a str,
    }
}

impl CustomEvent<'_> {
    /// For those who work on the application: DEBUG.
    pub const fn internal(mut self) -> Self {
        self.level = Some(Level::DEBUG);
        self
    }

    /// Says it.
    pub fn emit(&self) {
        let (level, message) = (self.level.unwrap_or(Level::INFO), self.message.unwrap_or(self.name));
        macro_rules! say_it {
            ($($category:tt)*) => {
                say!(
                    self.scope, level, [ERROR, WARN, INFO, DEBUG, TRACE],
                    TARGET, { message, event = self.name, $($category)* }
                )
            };
        }
        // A callsite without the field has its envelope ready.
        match self.category {
            Some(category) => say_it!(category),
            None => say_it!(),
        }
    }
}
