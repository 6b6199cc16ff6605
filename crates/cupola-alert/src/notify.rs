//! Those who tell somebody: chats, mailboxes, programs, the log.

mod alertmanager;
mod email;
mod http;
mod log;
mod reach;
mod secret;
mod setting;
mod slack;
mod text;
mod webhook;

pub use alertmanager::Alertmanager;
pub use email::{Email, EmailSettings, EmailTls};
pub(crate) use http::Http;
pub use log::Log;
pub use reach::{Network, Reach};
pub(crate) use secret::Secret;
pub use setting::SettingError;
pub use slack::Slack;
pub use webhook::Webhook;
