//! A message as a mail.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::super::text::{Picture, html};
use crate::{Message, MessageKind, SendError, Severity};

/// A mail, of which each receiver gets a copy.
pub(super) struct Mail<'a> {
    /// Its `Message-ID`: the same whenever it is sent again.
    pub(super) id: String,
    message: &'a Message,
    from: &'a Mailbox,
    to: &'a [Mailbox],
    picture: Picture,
}

impl<'a> Mail<'a> {
    pub(super) fn of(message: &'a Message, from: &'a Mailbox, to: &'a [Mailbox]) -> Self {
        let own: String = message.id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let id = format!("<{own}@{}>", from.email.domain());
        Self { id, message, from, to, picture: Picture::of(message) }
    }

    /// All are named in it; it is for one.
    pub(super) fn copy_for(&self, to: &Mailbox) -> Result<lettre::Message, SendError> {
        let bad = |_| SendError::lasting("the message cannot be made a mail");
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()]);
        let mut builder = lettre::Message::builder()
            .envelope(envelope.map_err(|_| SendError::lasting("an address cannot be written to"))?)
            .from(self.from.clone())
            .date(moment(self.message.time))
            .message_id(Some(self.id.clone()))
            .subject(format!("[Cupola] {}", self.picture.title))
            // Nobody's holidays answer it.
            .raw_header(header("Auto-Submitted", "auto-generated"));
        for all in self.to {
            builder = builder.to(all.clone());
        }
        if let Some(first) = self.message.thread.as_deref().filter(|first| is_id(first) && **first != *self.id) {
            builder = builder.in_reply_to(first.to_owned()).references(first.to_owned());
        }
        if self.is_urgent() {
            builder = builder.raw_header(header("Importance", "high"));
        }
        builder.multipart(MultiPart::alternative_plain_html(self.picture.plain(), html(&self.picture))).map_err(bad)
    }

    fn is_urgent(&self) -> bool {
        let is_news = !matches!(self.message.kind, MessageKind::Resolved | MessageKind::Test);
        is_news && self.message.alerts.iter().any(|notice| notice.severity == Severity::Critical)
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What may stand in a header as it is.
fn is_id(text: &str) -> bool {
    let within = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    within.is_some_and(|id| {
        id.len() < 200 && id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'))
    })
}

fn moment(nanos: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos.max(0).cast_unsigned())
}
