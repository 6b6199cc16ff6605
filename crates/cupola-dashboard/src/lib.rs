//! An axum router over the store: OTLP comes in, and questions are answered over REST.
//!
//! ```
//! use std::sync::Arc;
//! use cupola_dashboard::{Api, Receiver, replay};
//! use cupola_store::{Reader, Settings, Store};
//!
//! # let dir = tempfile::tempdir()?;
//! let store = Store::open(dir.path(), &Settings::default(), &replay)?;
//! let receiver = Receiver::new(Arc::new(store.writer())).token("secret");
//! let api = Api::new(Arc::new(Reader::open(dir.path())?)).token("other secret");
//! let app: axum::Router = receiver.router().merge(api.router());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where this sits
//! Floor 4: on cupola-store, behind its traits `Write` and `Query`, so that another store can stand there, and on cupola-redact, by which
//! what others send is masked. It must not know where the store's files are, read the environment, or listen by itself: whoever serves the
//! router decides that.

mod access;
mod api;
mod asked;
mod caretaker;
mod desk;
mod levels;
mod limits;
mod pages;
mod problem;
mod receiver;
mod token;
mod views;

pub use access::{Access, Role, User, UserError, Users};
pub use api::{Api, alerting_health};
pub use caretaker::Caretaker;
pub use levels::LogLevels;
pub use limits::Limits;
pub use pages::Pages;
pub use receiver::{KINDS, Receiver, replay, replay_with};
