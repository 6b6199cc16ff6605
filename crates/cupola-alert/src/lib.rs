//! Rules over what was observed, the life of an alert, and those who are told of it.
//!
//! ```
//! use cupola_alert::{Message, Notifier, Sending, Sent};
//!
//! /// A receiver of one's own.
//! #[derive(Debug)]
//! struct Bell;
//!
//! impl Notifier for Bell {
//!     fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
//!         Box::pin(async move {
//!             eprintln!("\x07{}: {} alerts", message.kind, message.alerts.len());
//!             Ok(Sent::default())
//!         })
//!     }
//! }
//! ```
//!
//! # Where this sits
//! Floor 3: on cupola-store, behind its traits `Query`, for what was observed, and `Metadata`, for what was decided. It must not know where
//! the store is, read the environment, install anything, or draw pages.

mod delivery;
mod engine;
mod evaluate;
mod heartbeat;
mod history;
mod message;
mod notifier;
mod notify;
mod people;
mod prometheus;
mod receivers;
mod rule;
mod state;

pub use delivery::{Delivered, Deliveries, Delivery, DeliveryNote, Failed, Outcome, Outgoing, Pace, Pass};
pub use engine::{
    Alert, Alerts, Condition, EvaluateError, Evaluated, Health, HealthStatus, Preview, Previewed, ReceiverCondition,
    RuleStatus, Told,
};
pub use heartbeat::{Beat, Heartbeat};
pub use history::{Event, Happened, Transitioned};
pub use message::{Message, MessageKind, Notice, Severity};
pub use notifier::{Manner, Notifier, SendError, Sending, Sent};
pub use notify::{Alertmanager, Email, EmailSettings, EmailTls, Log, Network, Reach, SettingError, Slack, Webhook};
pub use people::{Acknowledged, AlertId, Assigned, Matcher, People, PeopleError, Silence};
pub use prometheus::prometheus;
pub use receivers::{LOG, Receiver, Receivers, ReceiversError, Route};
pub use rule::{Rule, RuleError, RuleSource, Rules, RulesError};
pub use state::{Episode, Phase, Why};
