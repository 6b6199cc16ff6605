//! Calls of language models: the answer is read while it passes, and the call is one record.
//!
//! [`LlmTap`] stands around whatever client makes the calls. It knows the answers of OpenAI (chat completions and responses) and
//! all who speak as it does, Anthropic (messages) and Gemini, as JSON and as server-sent events, and counts their tokens alike:
//! [`Usage::input`](cupola_record::Usage) has those of the cache in it, `output` the thoughts. OpenAI sends the usage of a
//! stream only where it is asked to (`"stream_options":{"include_usage":true}`): no byte of the request is changed here, and what
//! the provider does not say is absent from the record. A compressed answer passes unread.
//!
//! What is of another format is recorded by hand: [`LlmTap::open`].

mod body;
mod config;
mod endpoint;
mod format;
mod found;
mod limits;
mod lines;
mod node;
mod parameters;
mod parser;
mod pending;
mod prices;
#[cfg(feature = "toml")]
mod prices_file;
mod quiet;
mod shape;
mod tap;
mod walk;
mod watch;

pub use body::LlmBody;
pub use config::Config;
pub use endpoint::Endpoint;
pub use format::Format;
pub use parser::AnswerParser;
pub use pending::PendingAnswer;
pub use prices::{Price, Prices};
#[cfg(feature = "toml")]
pub use prices_file::PricesError;
pub use tap::{LlmRequest, LlmTap};
