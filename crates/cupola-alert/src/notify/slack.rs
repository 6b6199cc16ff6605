//! Slack: by an incoming webhook, or by a bot, which can answer in threads and change what it has said.

mod blocks;

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Answer, Http, secret_value};
use super::secret::{Secret, one_line};
use super::text::Picture;
use super::{Reach, SettingError};
use crate::{Message, MessageKind, Notifier, SendError, Sending, Sent};

/// A channel of Slack.
///
/// By an incoming webhook each message stands for itself. A bot (scope `chat:write`, and a member of the channel) answers in the thread of the
/// first one, and marks that as resolved when all that it told of is over.
///
/// ```
/// use cupola_alert::{Receivers, Slack};
///
/// let receivers = Receivers::default()
///     .with("everybody", Slack::webhook("https://hooks.slack.com/services/T000/B000/abcd")?)
///     .with("on-call", Slack::bot("xoxb-000", "C0123456789")?);
/// # Ok::<(), cupola_alert::SettingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Slack(By);

#[derive(Clone, Debug)]
enum By {
    Webhook(Http),
    Bot { http: Http, channel: String, token: Secret, header: HeaderValue },
}

impl Slack {
    /// By an incoming webhook, whose address is a secret.
    ///
    /// # Errors
    /// It is no address.
    pub fn webhook(url: &str) -> Result<Self, SettingError> {
        Ok(Self(By::Webhook(Http::new("webhook_url", url, &Reach::Anywhere)?)))
    }

    /// By a bot, into a channel: its id, or its name.
    ///
    /// # Errors
    /// The token is none, or the channel.
    pub fn bot(token: &str, channel: &str) -> Result<Self, SettingError> {
        Self::bot_at("https://slack.com/api", token, channel)
    }

    /// By a bot of an installation of its own.
    ///
    /// # Errors
    /// The address, the token or the channel is none.
    pub fn bot_at(api: &str, token: &str, channel: &str) -> Result<Self, SettingError> {
        let channel = channel.trim();
        if channel.is_empty() || channel.contains(char::is_whitespace) {
            return Err(SettingError::new(
                "channel",
                "is no channel: accepted are an id (C0123456789) or a name (#alerts)",
            ));
        }
        let header = secret_value("bot_token", &format!("Bearer {}", token.trim()))?;
        let http = Http::new("api_url", api, &Reach::Anywhere)?;
        Ok(Self(By::Bot { http, channel: channel.to_owned(), token: Secret::new(token.trim()), header }))
    }

    /// How long an answer may take: 10 seconds, where nothing else is said.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(match self.0 {
            By::Webhook(http) => By::Webhook(http.timeout(timeout)),
            By::Bot { http, channel, token, header } => By::Bot { http: http.timeout(timeout), channel, token, header },
        })
    }
}

impl Notifier for Slack {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            let drawn = blocks::draw(Picture::of(message));
            match &self.0 {
                By::Webhook(http) => {
                    let answer = http.post(drawn.to_string().into_bytes(), HeaderMap::new()).await?;
                    answer.taken(http.address()).await?;
                    Ok(Sent::default())
                }
                By::Bot { http, channel, token, header } => {
                    Bot { http, channel, token, header }.send(message, drawn).await
                }
            }
        })
    }
}

struct Bot<'a> {
    http: &'a Http,
    channel: &'a str,
    token: &'a Secret,
    header: &'a HeaderValue,
}

impl Bot<'_> {
    async fn send(&self, message: &Message, drawn: Value) -> Result<Sent, SendError> {
        let thread = message.thread.as_deref().and_then(|thread| thread.split_once('/'));
        if let Some((channel, ts)) = thread.filter(|_| message.kind == MessageKind::Resolved && message.open == 0) {
            // Before the answer in the thread: to change it twice is to change it once.
            let change = merged(drawn.clone(), json!({ "channel": channel, "ts": ts }));
            match self.call("chat.update", &change).await {
                // It was deleted, or is too old to be changed: the answer in the thread says the same.
                Err(error) if error.is_lasting() => {}
                outcome => drop(outcome?),
            }
        }
        let mut with = json!({
            "channel": thread.map_or(self.channel, |(channel, _)| channel),
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": { "event_type": "cupola_alert", "event_payload": { "id": message.id } },
        });
        if let Some((_, ts)) = thread {
            with["thread_ts"] = ts.into();
            // What goes on or gets worse is for the whole channel; what is over is seen at the first message.
            with["reply_broadcast"] = (message.kind != MessageKind::Resolved).into();
        }
        let said = self.call("chat.postMessage", &merged(drawn, with)).await?;
        let thread = said.channel.zip(said.ts).map(|(channel, ts)| format!("{channel}/{ts}"));
        Ok(Sent { thread: message.thread.clone().or(thread) })
    }

    async fn call(&self, method: &str, with: &Value) -> Result<Said, SendError> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, self.header.clone())]);
        let answer = self.http.join(method).post(with.to_string().into_bytes(), headers).await?;
        if answer.status != StatusCode::OK {
            answer.taken(self.token).await?;
            return Err(SendError::transient(format!("{method} gave no answer that Slack documents")));
        }
        let Answer { retry_after, .. } = answer;
        let text = answer.text().await?;
        let said: Said = serde_json::from_str(&text)
            .map_err(|_| SendError::transient(format!("{method} answered something that is not JSON")))?;
        if said.ok {
            return Ok(said);
        }
        let word = said.error.as_deref().unwrap_or("no reason");
        let what = format!("{method} said {}", self.token.hide_in(&one_line(word, 80)));
        Err(match (is_transient(word), retry_after) {
            (false, _) => SendError::lasting(what),
            (true, None) => SendError::transient(what),
            (true, Some(wait)) => SendError::transient(what).retry_after(wait),
        })
    }
}

#[derive(Deserialize)]
struct Said {
    ok: bool,
    error: Option<String>,
    channel: Option<String>,
    ts: Option<String>,
}

/// What Slack says of itself, and not of the message.
fn is_transient(error: &str) -> bool {
    matches!(
        error,
        "ratelimited"
            | "rate_limited"
            | "accesslimited"
            | "message_limit_exceeded"
            | "request_timeout"
            | "service_unavailable"
            | "internal_error"
            | "fatal_error"
            | "team_added_to_org"
            | "external_channel_migrating"
    )
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}
