//! Receivers from a file: `[[receiver]]` and `[[route]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{LOG, Receiver, Receivers, Route};
use crate::notify::{Alertmanager, Email, EmailSettings, Network, Reach, SettingError, Slack, Webhook};
use crate::{Heartbeat, Notifier, Severity};

/// A file of receivers is not accepted. It says where and why, and shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiversError {
    place: String,
    why: String,
}

const KINDS: &str = "slack, email, webhook or alertmanager";

impl Receivers {
    /// The log, and what the file says. Tables of other names are somebody else's.
    ///
    /// A secret may stand in a file of its own: `password_file` instead of `password`, and so for `webhook_url`, `bot_token`, `url`, `secret` and
    /// `token`.
    ///
    /// ```
    /// use cupola_alert::Receivers;
    ///
    /// let receivers = Receivers::from_toml(r##"
    ///     [[receiver]]
    ///     name = "on-call"
    ///     kind = "slack"
    ///     bot_token = "xoxb-000"
    ///     channel = "#alerts"
    ///
    ///     [[receiver]]
    ///     name = "team"
    ///     kind = "email"
    ///     server = "smtp.example.com"
    ///     from = "Cupola <cupola@example.com>"
    ///     to = ["team@example.com"]
    ///     send_resolved = false
    ///
    ///     [[receiver]]
    ///     name = "automation"
    ///     kind = "webhook"
    ///     url = "https://hooks.example/alerts"
    ///     secret = "of both sides"
    ///     only_public = true
    ///
    ///     [[route]]
    ///     receivers = ["on-call"]
    ///     severity = "critical"
    ///
    ///     [[route]]
    ///     receivers = ["team", "automation"]
    ///     labels = { service = "api*" }
    /// "##)?;
    /// assert_eq!(receivers.names().collect::<Vec<_>>(), ["automation", "log", "on-call", "team"]);
    /// # Ok::<(), cupola_alert::ReceiversError>(())
    /// ```
    ///
    /// # Errors
    /// It is no TOML, or a receiver or a route is not accepted.
    pub fn from_toml(text: &str) -> Result<Self, ReceiversError> {
        // What its `Display` shows of the text may be a secret.
        let table: Table = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            ReceiversError::at(format!("line {line}"), error.message())
        })?;
        Self::from_table(&table)
    }

    fn from_table(table: &Table) -> Result<Self, ReceiversError> {
        let mut receivers = Self::default();
        for (index, table) in tables(table, "receiver")?.into_iter().enumerate() {
            let (name, receiver) = receiver(index, table)?;
            if receivers.get(&name).is_some() {
                let why =
                    if name == LOG { "is a name that is taken: the log is always there" } else { "is there twice" };
                return Err(ReceiversError::at(format!("receiver {name:?}"), why));
            }
            receivers = receivers.with_receiver(name, receiver);
        }
        for table in tables(table, "heartbeat")? {
            let (name, made) = heartbeat(table)?;
            receivers = receivers.heartbeat(name, made);
        }
        for (index, table) in tables(table, "route")?.into_iter().enumerate() {
            let route = route(&format!("route {}", index + 1), table, &receivers)?;
            receivers = receivers.route(route);
        }
        Ok(receivers)
    }
}

fn tables(table: &Table, name: &str) -> Result<Vec<Table>, ReceiversError> {
    let Some(value) = table.get(name) else { return Ok(Vec::new()) };
    let all = value.as_array().and_then(|all| all.iter().map(|one| one.as_table().cloned()).collect());
    all.ok_or_else(|| ReceiversError::at(name.to_owned(), format!("is written [[{name}]]")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlackText {
    webhook_url: Option<String>,
    bot_token: Option<String>,
    channel: Option<String>,
    api_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookText {
    url: String,
    secret: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    external_url: Option<String>,
    #[serde(default)]
    only_public: bool,
    #[serde(default)]
    allow: Vec<String>,
    timeout_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertmanagerText {
    url: String,
    token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteText {
    receivers: BTreeSet<String>,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

fn receiver(index: usize, mut table: Table) -> Result<(String, Receiver), ReceiversError> {
    let nth = format!("receiver {}", index + 1);
    let name = text(&mut table, "name", &nth)?;
    let place = format!("receiver {name:?}");
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(ReceiversError::at(place, "name has other characters than letters, digits, `-`, `_` and `.`"));
    }
    let kind = text(&mut table, "kind", &place)?;
    let send_resolved = match table.remove("send_resolved") {
        None => true,
        Some(Value::Boolean(send)) => send,
        Some(_) => return Err(ReceiversError::at(place, "send_resolved is neither true nor false")),
    };
    read_secrets(&mut table, &place)?;
    let refused = |error: SettingError| ReceiversError::at(place.clone(), error.to_string());
    let notifier: Arc<dyn Notifier> = match kind.as_str() {
        "slack" => Arc::new(slack(parsed(table, &place)?).map_err(refused)?),
        "email" => Arc::new(Email::new(parsed::<EmailSettings>(table, &place)?).map_err(refused)?),
        "webhook" => Arc::new(webhook(parsed(table, &place)?).map_err(refused)?),
        "alertmanager" => Arc::new(alertmanager(parsed(table, &place)?).map_err(refused)?),
        other => return Err(ReceiversError::at(place, format!("kind is {other:?}; accepted: {KINDS}"))),
    };
    Ok((name, Receiver { notifier, send_resolved }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeartbeatText {
    url: String,
    every_seconds: Option<u64>,
}

fn heartbeat(mut table: Table) -> Result<(String, Heartbeat), ReceiversError> {
    let name = if table.contains_key("name") { text(&mut table, "name", "heartbeat")? } else { "heartbeat".to_owned() };
    let place = format!("heartbeat {name:?}");
    read_secrets(&mut table, &place)?;
    let HeartbeatText { url, every_seconds } = parsed(table, &place)?;
    let made = Heartbeat::new(&url).map_err(|error| ReceiversError::at(place.clone(), error.to_string()))?;
    match every_seconds {
        None => Ok((name, made)),
        Some(seconds @ 1..=3_600) => Ok((name, made.every(Duration::from_secs(seconds)))),
        Some(seconds) => Err(ReceiversError::at(place, format!("every_seconds is {seconds}; accepted: 1 to 3600"))),
    }
}

fn slack(SlackText { webhook_url, bot_token, channel, api_url }: SlackText) -> Result<Slack, SettingError> {
    match (webhook_url, bot_token, channel) {
        (Some(address), None, None) => Slack::webhook(&address),
        (None, Some(token), Some(channel)) => {
            Slack::bot_at(api_url.as_deref().unwrap_or("https://slack.com/api"), &token, &channel)
        }
        (None, Some(_), None) => Err(SettingError::new("channel", "is missing, and there is a bot_token")),
        (None, None, Some(_)) => Err(SettingError::new("bot_token", "is missing, and there is a channel")),
        (None, None, None) => Err(SettingError::new("webhook_url", "is missing, or bot_token and channel")),
        (Some(_), ..) => {
            Err(SettingError::new("webhook_url", "has its own channel: it goes without bot_token and channel"))
        }
    }
}

fn webhook(text: WebhookText) -> Result<Webhook, SettingError> {
    let besides = text.allow.iter().map(|network| {
        let bad = || SettingError::new("allow", format!("has {network:?}; accepted: networks like 10.1.0.0/16"));
        Network::parse(network).ok_or_else(bad)
    });
    let besides: Vec<Network> = besides.collect::<Result<_, _>>()?;
    if !besides.is_empty() && !text.only_public {
        return Err(SettingError::new("allow", "is of use with only_public = true alone"));
    }
    let reach = if text.only_public { Reach::Public { besides } } else { Reach::Anywhere };
    let mut made = Webhook::within(&text.url, &reach)?;
    for (name, value) in &text.headers {
        made = made.header(name, value)?;
    }
    if let Some(secret) = &text.secret {
        made = made.secret(secret);
    }
    if let Some(external) = text.external_url {
        made = made.external(external);
    }
    match text.timeout_seconds {
        None => Ok(made),
        Some(seconds @ 1..=30) => Ok(made.timeout(Duration::from_secs(seconds))),
        Some(seconds) => Err(SettingError::new("timeout_seconds", format!("is {seconds}; accepted: 1 to 30"))),
    }
}

fn alertmanager(text: AlertmanagerText) -> Result<Alertmanager, SettingError> {
    let made = Alertmanager::new(&text.url)?;
    match text.token {
        Some(token) => made.token(&token),
        None => Ok(made),
    }
}

fn route(place: &str, table: Table, receivers: &Receivers) -> Result<Route, ReceiversError> {
    let RouteText { receivers: names, severity, labels } = parsed(table, place)?;
    if let Some(name) = names.iter().find(|name| receivers.get(name).is_none()) {
        let known: Vec<&str> = receivers.names().collect();
        let why = format!("receivers has {name:?}; there are: {}", known.join(", "));
        return Err(ReceiversError::at(place.to_owned(), why));
    }
    Ok(Route { severity: severity.unwrap_or(Severity::Info), labels, ..Route::to(names) })
}

/// The fields whose values nobody is shown.
const SECRETS: [&str; 6] = ["webhook_url", "bot_token", "password", "url", "secret", "token"];

/// Puts what stands in files into its place.
fn read_secrets(table: &mut Table, place: &str) -> Result<(), ReceiversError> {
    for name in SECRETS {
        let file = format!("{name}_file");
        let bad = |why: String| ReceiversError::at(place.to_owned(), why);
        let in_file = table.remove(&file);
        match (table.get(name), in_file) {
            (None, None) | (Some(Value::String(_)), None) => {}
            // It is said here, since words of others would show the value.
            (Some(_), None) => return Err(bad(format!("{name} is no text"))),
            (Some(_), Some(_)) => return Err(bad(format!("{name} and {file} are one too many"))),
            (None, Some(Value::String(path))) => {
                let read = fs::read_to_string(&path).map_err(|error| bad(format!("{file} {path:?}: {error}")))?;
                table.insert(name.to_owned(), Value::String(read.trim().to_owned()));
            }
            (None, Some(_)) => return Err(bad(format!("{file} is no path"))),
        }
    }
    if let Some(Value::Table(headers)) = table.get("headers")
        && let Some((name, _)) = headers.iter().find(|(_, value)| !value.is_str())
    {
        return Err(ReceiversError::at(place.to_owned(), format!("headers has {name:?}, which is no text")));
    }
    Ok(())
}

fn text(table: &mut Table, field: &str, place: &str) -> Result<String, ReceiversError> {
    match table.remove(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(ReceiversError::at(place.to_owned(), format!("{field} is no text"))),
        None => Err(ReceiversError::at(place.to_owned(), format!("{field} is missing"))),
    }
}

fn parsed<T: DeserializeOwned>(table: Table, place: &str) -> Result<T, ReceiversError> {
    table.try_into().map_err(|error: toml::de::Error| ReceiversError::at(place.to_owned(), error.to_string()))
}

impl ReceiversError {
    fn at(place: String, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { place, why: why.split_whitespace().collect::<Vec<_>>().join(" ") }
    }
}

impl fmt::Display for ReceiversError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl Error for ReceiversError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_accepted_names_receiver_and_field() {
        fn check(text: &str, expected: &str) {
            let error = Receivers::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("hunter2") && !error.contains("4711"), "{error}");
        }
        let with = |kind: &str, rest: &str| format!("[[receiver]]\nname = \"a\"\nkind = \"{kind}\"\n{rest}");
        check("x = 1\npassword = \"hunter2", "line 2: ");
        check("receiver = 1", "receiver: is written [[receiver]]");
        check("[receiver]\nname = \"a\"", "receiver: is written [[receiver]]");
        check("[[receiver]]\nkind = \"slack\"", "receiver 1: name is missing");
        check("[[receiver]]\nname = \"a/b\"\nkind = \"slack\"", "receiver \"a/b\": name has other characters");
        check("[[receiver]]\nname = \"a\"", "receiver \"a\": kind is missing");
        check(&with("smoke", ""), "receiver \"a\": kind is \"smoke\"; accepted: slack, email, webhook or alertmanager");
        check(&with("slack", ""), "receiver \"a\": webhook_url is missing, or bot_token and channel");
        check(&with("slack", "bot_token = \"hunter2\""), "receiver \"a\": channel is missing");
        check(&with("slack", "webhook_url = \"hunter2\""), "receiver \"a\": webhook_url is no URL");
        check(&with("slack", "webhook_url = 4711"), "receiver \"a\": webhook_url is no text");
        check(
            &with("slack", "webhok_url = \"hunter2\""),
            "receiver \"a\": unknown field `webhok_url`, expected one of",
        );
        check(
            &with("slack", "bot_token_file = \"/nowhere\""),
            "receiver \"a\": bot_token_file \"/nowhere\": No such file",
        );
        check(&with("email", "password = 4711"), "receiver \"a\": password is no text");
        check(&with("email", "server = \"x\""), "receiver \"a\": missing field `from`");
        check(&with("email", "server = \"x\"\nfrom = \"a\"\nto = []"), "receiver \"a\": from has \"a\"");
        check(
            &with("webhook", "url = \"http://127.0.0.1/\"\nonly_public = true"),
            "receiver \"a\": url leads to an internal",
        );
        check(
            &with("webhook", "url = \"http://x/\"\nallow = [\"10.0.0.0/8\"]"),
            "receiver \"a\": allow is of use with only_public",
        );
        check(
            &with("webhook", "url = \"http://x/\"\nheaders = { Authorization = 4711 }"),
            "receiver \"a\": headers has \"Authorization\"",
        );
        check(
            &with("webhook", "url = \"http://x/\"\ntimeout_seconds = 0"),
            "receiver \"a\": timeout_seconds is 0; accepted: 1 to 30",
        );
        check(&with("alertmanager", "send_resolved = 1"), "receiver \"a\": send_resolved is neither true nor false");
        check(
            &[with("alertmanager", "url = \"http://x\"\n"), with("slack", "webhook_url = \"http://x\"")].concat(),
            "receiver \"a\": is there twice",
        );
        check(
            "[[receiver]]\nname = \"log\"\nkind = \"alertmanager\"\nurl = \"http://x\"",
            "receiver \"log\": is a name that is taken",
        );
        check("[[heartbeat]]\nurl = \"hunter2\"", "heartbeat \"heartbeat\": url is no URL");
        check(
            "[[heartbeat]]\nname = \"a\"\nurl = \"http://x\"\nevery_seconds = 0",
            "heartbeat \"a\": every_seconds is 0; accepted: 1 to 3600",
        );
        check("[[heartbeat]]\nurls = \"http://x\"", "heartbeat \"heartbeat\": unknown field `urls`");
        check("[[route]]\nreceivers = [\"b\"]", "route 1: receivers has \"b\"; there are: log");
        check(
            "[[route]]\nreceivers = [\"log\"]\nseverity = \"bad\"",
            "route 1: unknown variant `bad`, expected one of `info`, `warning`",
        );
        check("[[route]]\nto = [\"log\"]", "route 1: unknown field `to`");
    }

    #[test]
    fn internal_addresses_may_be_allowed() {
        let receivers = Receivers::from_toml(
            "[[receiver]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"http://10.1.2.3/\"\nonly_public = true\nallow = [\"10.1.0.0/16\"]",
        );
        assert!(receivers.unwrap().get("a").unwrap().send_resolved);
    }
}
