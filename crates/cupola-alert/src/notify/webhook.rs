//! A program that takes JSON: the body that Alertmanager's webhooks have, which much understands already.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use sha2::Sha256;

use super::alertmanager::{annotations, labels};
use super::http::{Http, headers, secret_value};
use super::secret::Secret;
use super::text::stamp;
use super::{Reach, SettingError};
use crate::{Manner, Message, MessageKind, Notice, Notifier, Sending, Sent};

/// A webhook: each message is one `POST` of Alertmanager's body, version 4.
///
/// `Idempotency-Key` is the same whenever a message is sent again. With a secret it is signed as <https://www.standardwebhooks.com> has it:
/// `webhook-id`, `webhook-timestamp` (of the attempt), and `webhook-signature`, `v1,` and the HMAC-SHA256 in base64 of
/// `{id}.{timestamp}.{body}`. Redirects are not followed.
///
/// ```
/// use cupola_alert::{Receivers, Webhook};
///
/// let hook = Webhook::new("https://hooks.example/alerts")?.secret("a secret of both sides");
/// let receivers = Receivers::default().with("hook", hook);
/// # Ok::<(), cupola_alert::SettingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Webhook {
    http: Http,
    url: Secret,
    secret: Option<Secret>,
    with: HeaderMap,
    external: String,
}

impl Webhook {
    /// To this address, wherever it leads.
    ///
    /// # Errors
    /// It is no address.
    pub fn new(url: &str) -> Result<Self, SettingError> {
        Self::within(url, &Reach::Anywhere)
    }

    /// To this address, so far as it is within reach.
    ///
    /// # Errors
    /// It is no address, or out of reach.
    pub fn within(url: &str, reach: &Reach) -> Result<Self, SettingError> {
        let http = Http::new("url", url, reach)?;
        let url = Secret::new(url);
        Ok(Self { http, url, secret: None, with: HeaderMap::new(), external: String::new() })
    }

    /// What messages are signed with: text, or `whsec_` and base64.
    #[must_use]
    pub fn secret(self, secret: &str) -> Self {
        Self { secret: Some(Secret::new(secret)), ..self }
    }

    /// A header that each request has: `Authorization`.
    ///
    /// # Errors
    /// It is no header.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, SettingError> {
        let bad = |_| SettingError::new("headers", format!("has {name:?}, which is no name of a header"));
        self.with.insert(HeaderName::from_bytes(name.as_bytes()).map_err(bad)?, secret_value("headers", value)?);
        Ok(self)
    }

    /// Where people look at alerts, for `externalURL`.
    #[must_use]
    pub fn external(self, url: impl Into<String>) -> Self {
        Self { external: url.into(), ..self }
    }

    /// How long an answer may take: 10 seconds, where nothing else is said.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { http: self.http.timeout(timeout), ..self }
    }
}

impl Notifier for Webhook {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            let document = serde_json::to_vec(&Hook::of(message, &self.external)).expect("its maps have keys of text");
            let seconds = (message.sent / 1_000_000_000).to_string();
            let mut with = self.with.clone();
            with.extend(headers([
                ("idempotency-key", message.id.clone()),
                ("webhook-id", message.id.clone()),
                ("webhook-timestamp", seconds.clone()),
            ]));
            if let Some(secret) = &self.secret {
                let signature = signature(secret, &message.id, &seconds, &document);
                let value = HeaderValue::try_from(signature).expect("base64 is of what headers carry");
                with.insert("webhook-signature", value);
            }
            self.http.post(document, with).await?.taken(&self.url).await?;
            Ok(Sent::default())
        })
    }

    fn manner(&self) -> Manner {
        Manner::PROGRAM
    }
}

fn signature(secret: &Secret, id: &str, seconds: &str, document: &[u8]) -> String {
    let text = secret.expose();
    let key = text.strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
    let key = key.unwrap_or_else(|| text.as_bytes().to_owned());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(document);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hook<'a> {
    version: &'static str,
    group_key: String,
    truncated_alerts: usize,
    status: &'static str,
    receiver: &'a str,
    group_labels: BTreeMap<String, String>,
    common_labels: BTreeMap<String, String>,
    common_annotations: BTreeMap<String, String>,
    #[serde(rename = "externalURL")]
    external: &'a str,
    alerts: Vec<Alert<'a>>,
    /// Besides what Alertmanager has: why it is sent, and how many were held back before it.
    notification_reason: &'static str,
    suppressed: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    status: &'static str,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator: &'a str,
    fingerprint: &'a str,
    /// Besides what Alertmanager has.
    episode: &'a str,
    value: Option<f64>,
    threshold: Option<f64>,
    unit: &'a str,
}

/// What Alertmanager writes where there is no time.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl<'a> Hook<'a> {
    fn of(message: &'a Message, external: &'a str) -> Self {
        let alerts: Vec<Alert<'a>> = message.alerts.iter().map(|notice| Alert::of(notice, message)).collect();
        let is_over = alerts.iter().all(|alert| alert.status == RESOLVED);
        let named = |(name, value): (&String, &String)| {
            (if name == "rule" { "alertname".to_owned() } else { name.clone() }, value.clone())
        };
        let group_labels: BTreeMap<String, String> = message.group.iter().map(named).collect();
        let key: Vec<String> = group_labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        Self {
            version: "4",
            group_key: format!("{{}}:{{{}}}", key.join(", ")),
            truncated_alerts: message.more,
            status: if is_over { RESOLVED } else { FIRING },
            receiver: &message.receiver,
            group_labels,
            common_labels: common(alerts.iter().map(|alert| &alert.labels)),
            common_annotations: common(alerts.iter().map(|alert| &alert.annotations)),
            external,
            alerts,
            notification_reason: message.kind.as_str(),
            suppressed: message.suppressed,
        }
    }
}

const FIRING: &str = "firing";
const RESOLVED: &str = "resolved";

impl<'a> Alert<'a> {
    fn of(notice: &'a Notice, message: &Message) -> Self {
        let over = notice.ends_at.or_else(|| (message.kind == MessageKind::Resolved).then_some(message.time));
        Self {
            status: if over.is_some() { RESOLVED } else { FIRING },
            labels: labels(notice),
            annotations: annotations(notice),
            starts_at: stamp(notice.starts_at).to_string(),
            ends_at: over.map_or_else(|| NEVER.to_owned(), |over| stamp(over).to_string()),
            generator: notice.link.as_deref().unwrap_or_default(),
            fingerprint: &notice.fingerprint,
            episode: &notice.episode,
            value: notice.value.filter(|value| value.is_finite()),
            threshold: notice.threshold.filter(|value| value.is_finite()),
            unit: &notice.unit,
        }
    }
}

/// What all of them have.
fn common<'a>(mut all: impl Iterator<Item = &'a BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let mut common = all.next().cloned().unwrap_or_default();
    for other in all {
        common.retain(|name, value| other.get(name) == Some(value));
    }
    common
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::text::tests::message;
    use super::*;

    #[test]
    fn the_body_is_alertmanagers_version_4() {
        let document =
            serde_json::to_value(Hook::of(&message(MessageKind::Firing, 2, false), "https://c.example")).unwrap();
        assert_eq!(document["version"], "4");
        assert_eq!(document["groupKey"], r#"{}:{alertname="error ratio"}"#);
        assert_eq!((&document["status"], &document["truncatedAlerts"]), (&json!("firing"), &json!(0)));
        assert_eq!(document["groupLabels"], json!({"alertname": "error ratio"}));
        let common = json!({"alertname": "error ratio", "route": "/users/{id}", "severity": "critical"});
        assert_eq!(document["commonLabels"], common);
        assert_eq!(document["externalURL"], "https://c.example");
        let alert = &document["alerts"][1];
        assert_eq!(alert["labels"]["service"], "api-1");
        assert_eq!((&alert["status"], &alert["endsAt"]), (&json!("firing"), &json!("0001-01-01T00:00:00Z")));
        assert_eq!(alert["startsAt"], "2025-11-27T09:38:41Z");
        assert_eq!(alert["fingerprint"], "0000000000000001");
        assert_eq!((&alert["value"], &alert["annotations"]["threshold"]), (&json!(14.25), &json!("10%")));
        let over = serde_json::to_value(Hook::of(&message(MessageKind::Resolved, 1, false), "")).unwrap();
        assert_eq!(
            (&over["status"], &over["alerts"][0]["endsAt"]),
            (&json!("resolved"), &json!("2025-11-27T09:51:42Z"))
        );
        let mut odd = message(MessageKind::Firing, 1, false);
        odd.alerts[0].value = Some(f64::NAN);
        assert_eq!(serde_json::to_value(Hook::of(&odd, "")).unwrap()["alerts"][0]["value"], Value::Null);
    }

    /// The example of the specification.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
