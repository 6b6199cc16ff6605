//! Masks what must not leave the process: headers, URLs, queries, cookies, forms, JSON and text.

mod body;
mod cookie;
mod decode;
mod header;
mod masked;
mod media;
mod name;
mod parts;
mod pattern;
mod policy;
mod rule;
mod text;
mod url;

pub use body::{Captured, End, Redactor};
pub use masked::{Masked, REDACTED};
pub use media::Media;
pub use parts::MaskedParts;
pub use policy::{KeyPolicy, KeyPolicyBuilder, PolicyError};
pub use rule::Verdict;
