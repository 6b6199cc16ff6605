//! The log: each alert of a message is one event.

use crate::{Manner, Message, MessageKind, Notifier, Sending, Sent, Severity};

/// The log as a receiver: an event of the target `cupola.alert` for each alert. It never fails, and so it is what is left where all else does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Notifier for Log {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            tell(message);
            Ok(Sent::default())
        })
    }

    fn manner(&self) -> Manner {
        Manner::PROGRAM
    }
}

macro_rules! tell_at {
    ($level:ident, $message:expr, $notice:expr) => {
        tracing::event!(
            target: "cupola.alert",
            tracing::Level::$level,
            alert_rule = $notice.rule,
            alert_kind = $message.kind.as_str(),
            alert_severity = $notice.severity.as_str(),
            alert_fingerprint = $notice.fingerprint,
            alert_episode = $notice.episode,
            alert_labels = serde_json::to_string(&$notice.labels).unwrap_or_default(),
            alert_value = $notice.value,
            alert_threshold = $notice.threshold,
            alert_unit = $notice.unit,
            alert_reason = $notice.reason.as_deref(),
            "alert {}: {}",
            $message.kind,
            super::text::headline($notice)
        )
    };
}

fn tell(message: &Message) {
    for notice in &message.alerts {
        match (message.kind, notice.severity) {
            (MessageKind::Resolved | MessageKind::Test, _) | (_, Severity::Info) => tell_at!(INFO, message, notice),
            // Not an error, however bad it is: it would be counted among those that it tells of.
            _ => tell_at!(WARN, message, notice),
        }
    }
}
