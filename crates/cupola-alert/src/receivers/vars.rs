//! Receivers from variables: what is set is on.

use std::fs;

use cupola_record::{VarError, Vars};
use cupola_redact::REDACTED;

use super::Receivers;
use crate::Heartbeat;
use crate::notify::{Alertmanager, Email, EmailSettings, EmailTls, SettingError, Slack, Webhook};

/// A variable whose value is a secret, and the one that names a file with it.
struct SecretVar {
    name: &'static str,
    file: &'static str,
}

macro_rules! secret {
    ($name:literal) => {
        SecretVar { name: $name, file: concat!($name, "_FILE") }
    };
}

const SLACK_WEBHOOK_URL: SecretVar = secret!("SLACK_WEBHOOK_URL");
const SLACK_BOT_TOKEN: SecretVar = secret!("SLACK_BOT_TOKEN");
const SMTP_PASSWORD: SecretVar = secret!("SMTP_PASSWORD");
const WEBHOOK_URL: SecretVar = secret!("CUPOLA_WEBHOOK_URL");
const HEARTBEAT_URL: SecretVar = secret!("CUPOLA_HEARTBEAT_URL");
const WEBHOOK_SECRET: SecretVar = secret!("CUPOLA_WEBHOOK_SECRET");
const ALERTMANAGER_TOKEN: SecretVar = secret!("CUPOLA_ALERTMANAGER_TOKEN");

impl Receivers {
    /// The log, and whoever the environment says:
    ///
    /// - `slack`: `SLACK_WEBHOOK_URL`, or `SLACK_BOT_TOKEN` and `SLACK_CHANNEL` (and `SLACK_API_URL`, where it is not slack.com's);
    /// - `email`: `SMTP_SERVER`, `ALERT_FROM_EMAIL` and `ALERT_TO_EMAILS` (separated by commas); `SMTP_PORT`, `SMTP_USERNAME` and `SMTP_PASSWORD`,
    ///   `SMTP_TLS` (`starttls`, `implicit`, `none`), `SMTP_CA_FILE`;
    /// - `webhook`: `CUPOLA_WEBHOOK_URL`, `CUPOLA_WEBHOOK_SECRET`;
    /// - `alertmanager`: `CUPOLA_ALERTMANAGER_URL`, `CUPOLA_ALERTMANAGER_TOKEN`;
    /// - the [heartbeat](crate::Heartbeat) `heartbeat`: `CUPOLA_HEARTBEAT_URL`.
    ///
    /// A secret may stand in a file, which a variable of its name and `_FILE` names. `ENABLE_SLACK_ALERTS` and `ENABLE_EMAIL_ALERTS` turn off what
    /// is set, or insist on it; without them it is on where all of it is set.
    ///
    /// # Errors
    /// A variable has a value that is not accepted, or one is missing that another wants.
    ///
    /// ```
    /// use cupola_alert::Receivers;
    ///
    /// let source = |name: &str| (name == "ENABLE_EMAIL_ALERTS").then(|| "true".to_owned());
    /// let error = Receivers::from_vars(&source).unwrap_err();
    /// assert!(error.to_string().starts_with("ENABLE_EMAIL_ALERTS is `true`: SMTP_SERVER is not set"));
    /// ```
    pub fn from_vars(source: &dyn Fn(&str) -> Option<String>) -> Result<Self, VarError> {
        let vars = Vars::new(source);
        let mut receivers = Self::default();
        if let Some(slack) = slack(vars)? {
            receivers = receivers.with("slack", slack);
        }
        if let Some(email) = email(vars)? {
            receivers = receivers.with("email", email);
        }
        if let Some(webhook) = webhook(vars)? {
            receivers = receivers.with("webhook", webhook);
        }
        if let Some(alertmanager) = alertmanager(vars)? {
            receivers = receivers.with("alertmanager", alertmanager);
        }
        if let Some(address) = HEARTBEAT_URL.read(vars)? {
            let made = Heartbeat::new(&address).map_err(|error| {
                refused(HEARTBEAT_URL.name, REDACTED.to_owned(), "an address of http or https", &error)
            })?;
            receivers = receivers.heartbeat("heartbeat", made);
        }
        Ok(receivers)
    }
}

fn slack(vars: Vars<'_>) -> Result<Option<Slack>, VarError> {
    const ENABLE: &str = "ENABLE_SLACK_ALERTS";
    const ACCEPTED: &str = "true with SLACK_WEBHOOK_URL, or with SLACK_BOT_TOKEN and SLACK_CHANNEL; or false";
    let wanted = vars.yes_or_no(ENABLE)?;
    if wanted == Some(false) {
        return Ok(None);
    }
    let (hook, token, channel) =
        (SLACK_WEBHOOK_URL.read(vars)?, SLACK_BOT_TOKEN.read(vars)?, vars.text("SLACK_CHANNEL"));
    match (token, channel, hook) {
        (Some(token), Some(channel), _) => {
            let api = vars.text("SLACK_API_URL").unwrap_or_else(|| "https://slack.com/api".to_owned());
            let made = Slack::bot_at(&api, &token, &channel);
            made.map(Some).map_err(|error| match error.field() {
                "channel" => refused("SLACK_CHANNEL", channel, "an id (C0123456789) or a name (#alerts)", &error),
                "api_url" => refused("SLACK_API_URL", api, "an address like https://slack.com/api", &error),
                _ => refused(SLACK_BOT_TOKEN.name, REDACTED.to_owned(), "a bot token (xoxb-...)", &error),
            })
        }
        (_, _, Some(hook)) => Slack::webhook(&hook).map(Some).map_err(|error| {
            let accepted = "the address of an incoming webhook (https://hooks.slack.com/services/...)";
            refused(SLACK_WEBHOOK_URL.name, REDACTED.to_owned(), accepted, &error)
        }),
        (token, ..) if wanted == Some(true) => {
            let missing = if token.is_some() { "SLACK_CHANNEL is not set" } else { "SLACK_WEBHOOK_URL is not set" };
            Err(VarError::new(ENABLE, "true".to_owned(), ACCEPTED).because(Some(missing.to_owned())))
        }
        // The program's own bot.
        _ => Ok(None),
    }
}

fn email(vars: Vars<'_>) -> Result<Option<Email>, VarError> {
    const ENABLE: &str = "ENABLE_EMAIL_ALERTS";
    const ACCEPTED: &str = "true with SMTP_SERVER, ALERT_FROM_EMAIL and ALERT_TO_EMAILS; or false";
    let wanted = vars.yes_or_no(ENABLE)?;
    if wanted == Some(false) {
        return Ok(None);
    }
    let missing =
        ["SMTP_SERVER", "ALERT_FROM_EMAIL", "ALERT_TO_EMAILS"].into_iter().find(|name| vars.text(name).is_none());
    if let Some(missing) = missing {
        let why = Some(format!("{missing} is not set"));
        return match (wanted, vars.text("ALERT_TO_EMAILS")) {
            (Some(true), _) => Err(VarError::new(ENABLE, "true".to_owned(), ACCEPTED).because(why)),
            // It has no other use, and so whoever sets it waits for mails.
            (_, Some(to)) => {
                let accepted = "addresses, with SMTP_SERVER and ALERT_FROM_EMAIL; or ENABLE_EMAIL_ALERTS=false";
                Err(VarError::new("ALERT_TO_EMAILS", to, accepted).because(why))
            }
            // The program's own mails.
            _ => Ok(None),
        };
    }
    let text = |name: &'static str| vars.text(name).unwrap_or_default();
    let settings = EmailSettings {
        server: text("SMTP_SERVER"),
        port: vars.read("SMTP_PORT", "a port, 1 to 65535", |port| port.parse().ok().filter(|port| *port > 0))?,
        tls: vars.read("SMTP_TLS", "starttls, implicit or none", EmailTls::parse)?,
        username: vars.text("SMTP_USERNAME"),
        password: SMTP_PASSWORD.read(vars)?,
        from: text("ALERT_FROM_EMAIL"),
        to: vars.list("ALERT_TO_EMAILS"),
        ca: vars.text("SMTP_CA_FILE").map(Into::into),
    };
    Email::new(settings).map(Some).map_err(|error| match error.field() {
        "server" => refused("SMTP_SERVER", text("SMTP_SERVER"), "the name of a host", &error),
        "from" => refused("ALERT_FROM_EMAIL", text("ALERT_FROM_EMAIL"), "an address of a mailbox", &error),
        "to" => {
            refused("ALERT_TO_EMAILS", text("ALERT_TO_EMAILS"), "addresses of mailboxes, separated by commas", &error)
        }
        "ca" => refused("SMTP_CA_FILE", text("SMTP_CA_FILE"), "a file of certificates in PEM", &error),
        "username" => missing_of(SMTP_PASSWORD.name, REDACTED.to_owned(), "a password, with SMTP_USERNAME"),
        "password" => missing_of("SMTP_USERNAME", text("SMTP_USERNAME"), "a name, with SMTP_PASSWORD"),
        _ => refused("SMTP_TLS", text("SMTP_TLS"), "starttls or implicit, where there is a password", &error),
    })
}

fn webhook(vars: Vars<'_>) -> Result<Option<Webhook>, VarError> {
    let (url, secret) = (WEBHOOK_URL.read(vars)?, WEBHOOK_SECRET.read(vars)?);
    match (url, secret) {
        (Some(address), secret) => {
            let made = Webhook::new(&address).map_err(|error| {
                refused(WEBHOOK_URL.name, REDACTED.to_owned(), "an address of http or https", &error)
            })?;
            Ok(Some(match secret {
                Some(secret) => made.secret(&secret),
                None => made,
            }))
        }
        (None, Some(_)) => {
            Err(missing_of(WEBHOOK_SECRET.name, REDACTED.to_owned(), "a secret, with CUPOLA_WEBHOOK_URL"))
        }
        (None, None) => Ok(None),
    }
}

fn alertmanager(vars: Vars<'_>) -> Result<Option<Alertmanager>, VarError> {
    const URL: &str = "CUPOLA_ALERTMANAGER_URL";
    let Some(address) = vars.text(URL) else { return Ok(None) };
    let made = Alertmanager::new(&address).map_err(|error| {
        refused(URL, REDACTED.to_owned(), "the address of Alertmanager (http://alertmanager:9093)", &error)
    })?;
    match ALERTMANAGER_TOKEN.read(vars)? {
        Some(token) => made
            .token(&token)
            .map(Some)
            .map_err(|error| refused(ALERTMANAGER_TOKEN.name, REDACTED.to_owned(), "a bearer token", &error)),
        None => Ok(Some(made)),
    }
}

impl SecretVar {
    fn read(&self, vars: Vars<'_>) -> Result<Option<String>, VarError> {
        let Some(path) = vars.text(self.file) else { return Ok(vars.text(self.name)) };
        let bad =
            |why: String| VarError::new(self.file, path.clone(), "a file with the secret in it").because(Some(why));
        if vars.text(self.name).is_some() {
            return Err(bad(format!("{} is set as well", self.name)));
        }
        let text = fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
        let text = text.trim();
        if text.is_empty() { Err(bad("it is empty".to_owned())) } else { Ok(Some(text.to_owned())) }
    }
}

fn refused(name: &'static str, value: String, accepted: &'static str, error: &SettingError) -> VarError {
    VarError::new(name, value, accepted).because(Some(format!("it {}", error.why())))
}

fn missing_of(name: &'static str, value: String, accepted: &'static str) -> VarError {
    VarError::new(name, value, accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let source = |name: &str| vars.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        let receivers = Receivers::from_vars(&source).map_err(|error| error.to_string())?;
        assert!(!format!("{receivers:?}").contains("hunter2"));
        Ok(receivers.names().map(str::to_owned).collect())
    }

    const MAIL: [(&str, &str); 3] = [
        ("SMTP_SERVER", "smtp.example.com"),
        ("ALERT_FROM_EMAIL", "a@example.com"),
        ("ALERT_TO_EMAILS", "b@example.com, c@example.com"),
    ];

    /// So that whoever sets it is told where nothing is judged.
    #[test]
    fn a_heartbeat_alone_reaches_somebody() {
        let check = |vars: &[(&str, &str)], expected: bool| {
            let source = |name: &str| vars.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Receivers::from_vars(&source).unwrap().reach_anybody(), expected, "{vars:?}");
        };
        check(&[], false);
        check(&MAIL, true);
        check(&[("CUPOLA_HEARTBEAT_URL", "https://hc.example/hunter2")], true);
    }

    #[test]
    fn what_is_set_is_on() {
        let check = |vars: &[(&str, &str)], expected: &[&str]| assert_eq!(read(vars).unwrap(), expected, "{vars:?}");
        check(&[], &["log"]);
        check(&MAIL, &["email", "log"]);
        check(&[MAIL[0], MAIL[1], MAIL[2], ("ENABLE_EMAIL_ALERTS", "false")], &["log"]);
        check(&[MAIL[0], MAIL[1], MAIL[2], ("SMTP_USERNAME", "a"), ("SMTP_PASSWORD", "hunter2")], &["email", "log"]);
        check(&[("SMTP_SERVER", "smtp.example.com"), ("SMTP_PASSWORD", "hunter2")], &["log"]);
        check(&[("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/hunter2")], &["log", "slack"]);
        check(&[("SLACK_BOT_TOKEN", "hunter2"), ("SLACK_CHANNEL", "#alerts")], &["log", "slack"]);
        check(&[("SLACK_BOT_TOKEN", "hunter2")], &["log"]);
        check(&[("SLACK_WEBHOOK_URL", "https://x.example/hunter2"), ("ENABLE_SLACK_ALERTS", "no")], &["log"]);
        check(
            &[("CUPOLA_WEBHOOK_URL", "https://a:hunter2@x.example/hunter2"), ("CUPOLA_WEBHOOK_SECRET", "hunter2")],
            &["log", "webhook"],
        );
        check(
            &[("CUPOLA_ALERTMANAGER_URL", "http://am:9093/"), ("CUPOLA_ALERTMANAGER_TOKEN", "hunter2")],
            &["alertmanager", "log"],
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_no_secret_shown() {
        fn check(vars: &[(&str, &str)], expected: &str) {
            let error = read(vars).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let on = ("ENABLE_EMAIL_ALERTS", "true");
        check(
            &[on],
            "ENABLE_EMAIL_ALERTS is `true`: SMTP_SERVER is not set; accepted: true with SMTP_SERVER, ALERT_FROM_EMAIL",
        );
        check(&[on, MAIL[0]], "ENABLE_EMAIL_ALERTS is `true`: ALERT_FROM_EMAIL is not set");
        check(&[on, MAIL[0], MAIL[1]], "ENABLE_EMAIL_ALERTS is `true`: ALERT_TO_EMAILS is not set");
        check(&[MAIL[2]], "ALERT_TO_EMAILS is `b@example.com, c@example.com`: SMTP_SERVER is not set");
        let with = |name, value| [MAIL[0], MAIL[1], MAIL[2], (name, value)];
        check(&with("SMTP_PORT", "0"), "SMTP_PORT is `0`; accepted: a port, 1 to 65535");
        check(&with("SMTP_TLS", "ssl"), "SMTP_TLS is `ssl`; accepted: starttls, implicit or none");
        check(&with("SMTP_USERNAME", "a"), "SMTP_USERNAME is `a`; accepted: a name, with SMTP_PASSWORD");
        check(
            &with("SMTP_PASSWORD", "hunter2"),
            "SMTP_PASSWORD is `[REDACTED]`; accepted: a password, with SMTP_USERNAME",
        );
        check(
            &[MAIL[0], MAIL[1], ("ALERT_TO_EMAILS", "b")],
            "ALERT_TO_EMAILS is `b`: it has \"b\", which is no address",
        );
        check(&with("SMTP_PASSWORD_FILE", "/nowhere"), "SMTP_PASSWORD_FILE is `");
        check(
            &with("SMTP_CA_FILE", "/nowhere"),
            "SMTP_CA_FILE is `/nowhere`: it cannot be read: /nowhere: No such file",
        );

        check(&[("ENABLE_SLACK_ALERTS", "true")], "ENABLE_SLACK_ALERTS is `true`: SLACK_WEBHOOK_URL is not set");
        let bot = ("SLACK_BOT_TOKEN", "hunter2");
        check(&[("ENABLE_SLACK_ALERTS", "1"), bot], "ENABLE_SLACK_ALERTS is `true`: SLACK_CHANNEL is not set");
        check(&[("ENABLE_SLACK_ALERTS", "perhaps")], "ENABLE_SLACK_ALERTS is `perhaps`; accepted: true or false");
        check(
            &[("SLACK_WEBHOOK_URL", "hunter2")],
            "SLACK_WEBHOOK_URL is `[REDACTED]`; accepted: the address of an incoming",
        );
        check(&[bot, ("SLACK_CHANNEL", "a b")], "SLACK_CHANNEL is `a b`: it is no channel");
        check(&[("SLACK_BOT_TOKEN", "hun\nter2"), ("SLACK_CHANNEL", "c")], "SLACK_BOT_TOKEN is `[REDACTED]`");
        check(
            &[("CUPOLA_WEBHOOK_URL", "ftp://hunter2")],
            "CUPOLA_WEBHOOK_URL is `[REDACTED]`; accepted: an address of http",
        );
        check(
            &[("CUPOLA_WEBHOOK_SECRET", "hunter2")],
            "CUPOLA_WEBHOOK_SECRET is `[REDACTED]`; accepted: a secret, with",
        );
        check(
            &[("CUPOLA_HEARTBEAT_URL", "hunter2")],
            "CUPOLA_HEARTBEAT_URL is `[REDACTED]`; accepted: an address of http or https",
        );
        check(
            &[("CUPOLA_ALERTMANAGER_URL", "am:9093")],
            "CUPOLA_ALERTMANAGER_URL is `[REDACTED]`; accepted: the address of",
        );
    }

    #[test]
    fn secrets_may_stand_in_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hook");
        fs::write(&path, " https://hooks.slack.com/services/hunter2\n").unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(read(&[("SLACK_WEBHOOK_URL_FILE", path)]).unwrap(), ["log", "slack"]);
        let both = read(&[("SLACK_WEBHOOK_URL_FILE", path), ("SLACK_WEBHOOK_URL", "https://hunter2")]).unwrap_err();
        assert!(both.contains("SLACK_WEBHOOK_URL is set as well") && !both.contains("hunter2"), "{both}");
        fs::write(path, "\n").unwrap();
        assert!(read(&[("SLACK_WEBHOOK_URL_FILE", path)]).unwrap_err().contains("it is empty"));
    }
}
