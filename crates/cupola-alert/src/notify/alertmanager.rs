//! Alertmanager, for teams that have one: it groups, silences and routes by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Serialize;

use super::http::{Http, secret_value};
use super::secret::{Secret, one_line};
use super::text::stamp;
use super::{Reach, SettingError};
use crate::{Manner, Message, MessageKind, Notice, Notifier, Sending, Sent};

/// How often alerts that go on are told again.
const AGAIN: Duration = Duration::from_secs(60);
/// For how long Alertmanager believes in an alert that it hears nothing of: four times as long.
const BELIEVED: i64 = 240_000_000_000;

/// Alerts for the API of Alertmanager, version 2.
///
/// It is told of what goes on once a minute, as Prometheus does; where this process ends, its alerts are over there after four minutes.
///
/// ```
/// use cupola_alert::{Alertmanager, Receivers};
///
/// let receivers = Receivers::default().with("alertmanager", Alertmanager::new("http://alertmanager:9093")?);
/// # Ok::<(), cupola_alert::SettingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Alertmanager {
    http: Http,
    token: Option<HeaderValue>,
}

impl Alertmanager {
    /// At this address, the one that its pages have.
    ///
    /// # Errors
    /// It is no address.
    pub fn new(url: &str) -> Result<Self, SettingError> {
        let http = Http::new("url", url, &Reach::Anywhere)?.join("api/v2/alerts");
        Ok(Self { http, token: None })
    }

    /// Who asks, where Alertmanager stands behind something that wants to know: a bearer token.
    ///
    /// # Errors
    /// No header can carry it.
    pub fn token(self, token: &str) -> Result<Self, SettingError> {
        Ok(Self { token: Some(secret_value("token", &format!("Bearer {token}"))?), ..self })
    }

    /// How long an answer may take: 10 seconds, where nothing else is said.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { http: self.http.timeout(timeout), ..self }
    }
}

impl Notifier for Alertmanager {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            let alerts: Vec<Alert<'_>> = message.alerts.iter().map(|notice| Alert::of(notice, message)).collect();
            let document = serde_json::to_vec(&alerts).expect("its maps have keys of text");
            let with: HeaderMap = self.token.iter().map(|token| (AUTHORIZATION, token.clone())).collect();
            let hidden = Secret::new(self.token.as_ref().and_then(|token| token.to_str().ok()).unwrap_or_default());
            self.http.post(document, with).await?.taken(&hidden).await?;
            Ok(Sent::default())
        })
    }

    fn manner(&self) -> Manner {
        Manner { remind: Some(AGAIN), ..Manner::PROGRAM }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator: Option<&'a str>,
}

impl<'a> Alert<'a> {
    fn of(notice: &'a Notice, message: &Message) -> Self {
        let over = notice.ends_at.or_else(|| (message.kind == MessageKind::Resolved).then_some(message.time));
        // An end before the beginning is refused.
        let ends_at = over.unwrap_or_else(|| message.sent.saturating_add(BELIEVED)).max(notice.starts_at);
        Self {
            labels: labels(notice),
            annotations: annotations(notice),
            starts_at: stamp(notice.starts_at).to_string(),
            ends_at: stamp(ends_at).to_string(),
            generator: notice.link.as_deref(),
        }
    }
}

/// A name as Prometheus has it: `http.route` is `http_route`. Alertmanager refuses an alert that has another, also of an annotation.
fn named(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Empty ones are none.
pub(super) fn labels(notice: &Notice) -> BTreeMap<String, String> {
    let labels = notice.labels.iter().filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let mut labels: BTreeMap<String, String> = labels.map(|(name, value)| (named(name), value.clone())).collect();
    labels.insert("alertname".to_owned(), one_line(&notice.rule, 200));
    labels.insert("severity".to_owned(), notice.severity.as_str().to_owned());
    labels
}

/// With what was measured, which there is no other place for.
pub(super) fn annotations(notice: &Notice) -> BTreeMap<String, String> {
    let all = notice.annotations.iter().filter(|(name, _)| !name.is_empty());
    let mut annotations: BTreeMap<String, String> = all.map(|(name, text)| (named(name), text.clone())).collect();
    for (name, value) in [("value", notice.value), ("threshold", notice.threshold)] {
        if let Some(value) = value {
            annotations.entry(name.to_owned()).or_insert_with(|| format!("{value}{}", notice.unit));
        }
    }
    if let Some(reason) = &notice.reason {
        annotations.entry("reason".to_owned()).or_insert_with(|| reason.clone());
    }
    annotations
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::message;
    use super::*;

    #[test]
    fn what_goes_on_ends_later_and_what_is_over_has_ended() {
        let check = |kind, expected: &str| {
            let message = message(kind, 1, false);
            assert_eq!(Alert::of(&message.alerts[0], &message).ends_at, expected, "{kind}");
        };
        check(MessageKind::Firing, "2025-11-27T09:42:42Z");
        check(MessageKind::Repeat, "2025-11-27T09:42:42Z");
        check(MessageKind::Resolved, "2025-11-27T09:51:42Z");
        let mut odd = message(MessageKind::Resolved, 1, false);
        odd.alerts[0].ends_at = Some(0);
        assert_eq!(Alert::of(&odd.alerts[0], &odd).ends_at, "2025-11-27T09:38:41Z");
    }

    #[test]
    fn labels_are_named_as_prometheus_names_them() {
        let text = |name: &str| (name.to_owned(), "v".to_owned());
        let labels_of =
            BTreeMap::from([text("http.route"), text("2nd"), text("größe"), ("empty".into(), String::new())]);
        let notice = Notice { rule: "r".into(), labels: labels_of, ..Notice::default() };
        let annotated = Notice { annotations: notice.labels.clone(), ..notice.clone() };
        assert!(annotations(&annotated).into_keys().eq(["_2nd", "empty", "gr__e", "http_route"]));
        let names: Vec<String> = labels(&notice).into_keys().collect();
        assert_eq!(names, ["_2nd", "alertname", "gr__e", "http_route", "severity"]);
    }
}
