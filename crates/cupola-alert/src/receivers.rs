//! Who can be told, and who is told of what.

mod file;
mod vars;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub use file::ReceiversError;

use crate::notify::Log;
use crate::{Heartbeat, Message, MessageKind, Notice, Notifier, SendError, Sent, Severity};

/// The receiver that is always there: each message is an event of `tracing`.
pub const LOG: &str = "log";

/// How long somebody who pressed a button waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Named notifiers, and which alerts go to which of them: all to all, where nothing else is said.
///
/// ```
/// use cupola_alert::{MessageKind, Notice, Receivers, Route, Severity};
/// # use cupola_alert::{Message, Notifier, Sending, Sent};
/// # #[derive(Debug)]
/// # struct Bell;
/// # impl Notifier for Bell {
/// #     fn send<'a>(&'a self, _: &'a Message) -> Sending<'a> { Box::pin(async { Ok(Sent::default()) }) }
/// # }
/// let receivers = Receivers::default().with("bell", Bell);
/// let info = Notice { severity: Severity::Info, ..Notice::default() };
/// assert_eq!(receivers.told(&info, MessageKind::Firing), ["bell", "log"]);
///
/// let grave = Route { severity: Severity::Critical, ..Route::to(["bell"]) };
/// assert_eq!(receivers.route(grave).told(&info, MessageKind::Firing), ["log"]);
/// ```
#[derive(Clone, Debug)]
pub struct Receivers {
    receivers: BTreeMap<String, Receiver>,
    routes: Vec<Route>,
    heartbeats: BTreeMap<String, Heartbeat>,
}

/// A receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Who brings the messages.
    pub notifier: Arc<dyn Notifier>,
    /// Whether it is told that something is over. Whoever is reminded of what goes on always is.
    pub send_resolved: bool,
}

impl Receiver {
    /// Whether it is told that something is over, of a rule that wants that to be told or not. A program that is reminded of what goes on would
    /// otherwise be reminded for ever.
    pub(crate) fn hears_of_ends(&self, of_rule: bool) -> bool {
        self.send_resolved && of_rule || self.notifier.manner().remind.is_some()
    }
}

/// Which alerts go to some receivers. Where there are routes, an alert goes to the receivers of all that fit; to the log it always goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// To whom.
    pub receivers: BTreeSet<String>,
    /// How bad it has to be.
    pub severity: Severity,
    /// Which labels it has to have; `rule` is the rule's name. In a value `*` stands for anything.
    pub labels: BTreeMap<String, String>,
}

impl Default for Receivers {
    /// The log alone.
    fn default() -> Self {
        Self { receivers: BTreeMap::new(), routes: Vec::new(), heartbeats: BTreeMap::new() }.with(LOG, Log)
    }
}

impl Receivers {
    /// Adds a receiver, which is told as well that something is over; one of the same name gives way.
    #[must_use]
    pub fn with(self, name: impl Into<String>, notifier: impl Notifier + 'static) -> Self {
        self.with_receiver(name, Receiver { notifier: Arc::new(notifier), send_resolved: true })
    }

    /// Adds a receiver; one of the same name gives way.
    #[must_use]
    pub fn with_receiver(mut self, name: impl Into<String>, receiver: Receiver) -> Self {
        self.receivers.insert(name.into(), receiver);
        self
    }

    /// Adds an address that is asked regularly as long as rules are evaluated; one of the same name gives way.
    #[must_use]
    pub fn heartbeat(mut self, name: impl Into<String>, heartbeat: Heartbeat) -> Self {
        self.heartbeats.insert(name.into(), heartbeat);
        self
    }

    /// Whether anybody is told, or hears that alerting lives, beside the log.
    pub fn reach_anybody(&self) -> bool {
        !self.heartbeats.is_empty() || self.receivers.keys().any(|name| name != LOG)
    }

    pub(crate) fn heartbeats(&self) -> &BTreeMap<String, Heartbeat> {
        &self.heartbeats
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// With the receivers, the heartbeats and the routes of another, as where a file adds to the environment; of two with one name the other's stays.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.receivers.extend(other.receivers);
        self.routes.extend(other.routes);
        self.heartbeats.extend(other.heartbeats);
        self
    }

    /// Who is told of this alert.
    ///
    /// Of one that is over those are told who would have been told that it fires: give it with the worst severity that it had.
    pub fn told(&self, notice: &Notice, kind: MessageKind) -> Vec<&str> {
        let fitting = |name: &str| {
            let is_meant = |route: &Route| route.receivers.contains(name) && route.fits(notice);
            name == LOG || self.routes.is_empty() || self.routes.iter().any(is_meant)
        };
        let takes = |receiver: &Receiver| kind != MessageKind::Resolved || receiver.hears_of_ends(true);
        let all = self.receivers.iter().filter(|(name, receiver)| takes(receiver) && fitting(name));
        all.map(|(name, _)| name.as_str()).collect()
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.receivers.keys().map(String::as_str)
    }

    /// The receiver of this name.
    pub fn get(&self, name: &str) -> Option<&Receiver> {
        self.receivers.get(name)
    }

    /// Sends a message that somebody wants to see, at once and past the outbox.
    ///
    /// # Errors
    /// There is no such receiver, or it does not take the message.
    pub async fn test(&self, name: &str, now: i64) -> Result<Sent, SendError> {
        let Some(receiver) = self.get(name) else {
            let names: Vec<&str> = self.names().collect();
            return Err(SendError::lasting(format!("there is no receiver {name:?}, only {}", names.join(", "))));
        };
        let message = trial(name, now);
        let sent = tokio::time::timeout(PATIENCE, receiver.notifier.send(&message)).await;
        sent.unwrap_or_else(|_| Err(SendError::transient(format!("no answer within {} s", PATIENCE.as_secs()))))
    }
}

impl Route {
    /// Every alert, to these.
    pub fn to<N: Into<String>>(receivers: impl IntoIterator<Item = N>) -> Self {
        Self {
            receivers: receivers.into_iter().map(Into::into).collect(),
            severity: Severity::Info,
            labels: BTreeMap::new(),
        }
    }

    fn fits(&self, notice: &Notice) -> bool {
        let has = |label: &str, wanted: &str| {
            let value = if label == "rule" { Some(&notice.rule) } else { notice.labels.get(label) };
            // A label that is missing is an empty one.
            matches(wanted, value.map_or("", String::as_str))
        };
        notice.severity >= self.severity && self.labels.iter().all(|(label, wanted)| has(label, wanted))
    }
}

/// `*` stands for anything.
fn matches(pattern: &str, value: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == value };
    let Some(mut value) = value.strip_prefix(head) else { return false };
    let Some((between, tail)) = rest.rsplit_once('*') else { return value.ends_with(rest) };
    for part in between.split('*') {
        let Some(at) = value.find(part) else { return false };
        value = &value[at + part.len()..];
    }
    value.ends_with(tail)
}

fn trial(receiver: &str, now: i64) -> Message {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let notice = Notice {
        rule: "test".into(),
        fingerprint: "test".into(),
        episode: format!("test-{now}"),
        severity: Severity::Info,
        labels: BTreeMap::from([text("receiver", receiver)]),
        annotations: BTreeMap::from([
            text("summary", "This is a test: messages of alerts arrive here"),
            text("description", "Somebody pressed the button. Nothing is wrong."),
        ]),
        starts_at: now,
        ..Notice::default()
    };
    Message {
        id: format!("test-{now}"),
        kind: MessageKind::Test,
        receiver: receiver.to_owned(),
        time: now,
        sent: now,
        group: BTreeMap::new(),
        alerts: vec![notice],
        more: 0,
        suppressed: 0,
        thread: None,
        open: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sending, Sent};

    #[derive(Debug)]
    struct Bell;

    impl Notifier for Bell {
        fn send<'a>(&'a self, _: &'a Message) -> Sending<'a> {
            Box::pin(async { Ok(Sent::default()) })
        }
    }

    fn notice(severity: Severity, labels: &[(&str, &str)]) -> Notice {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Notice { rule: "slow".into(), severity, labels, ..Notice::default() }
    }

    #[test]
    fn who_is_told_of_what() {
        let labels = |labels: &[(&str, &str)]| notice(Severity::Info, labels).labels;
        let quiet = Receiver { notifier: Arc::new(Bell), send_resolved: false };
        let receivers = Receivers::default().with("a", Bell).with_receiver("quiet", quiet);
        assert_eq!(receivers.told(&notice(Severity::Info, &[]), MessageKind::Firing), ["a", "log", "quiet"]);
        assert_eq!(receivers.told(&notice(Severity::Info, &[]), MessageKind::Resolved), ["a", "log"]);

        assert!(!Receiver { notifier: Arc::new(Bell), send_resolved: true }.hears_of_ends(false));
        let reminded = Arc::new(crate::Alertmanager::new("http://alertmanager:9093").unwrap());
        assert!(Receiver { notifier: reminded, send_resolved: false }.hears_of_ends(false));

        let grave = Route { severity: Severity::Critical, ..Route::to(["a"]) };
        let api = Route { labels: labels(&[("service", "api*"), ("rule", "slow")]), ..Route::to(["quiet"]) };
        let receivers = receivers.route(grave).route(api);
        let check = |severity, of: &[(&str, &str)], expected: &[&str]| {
            assert_eq!(receivers.told(&notice(severity, of), MessageKind::Firing), expected, "{severity} {of:?}");
        };
        check(Severity::Warning, &[("service", "web")], &["log"]);
        check(Severity::Critical, &[("service", "web")], &["a", "log"]);
        check(Severity::Warning, &[("service", "api-2")], &["log", "quiet"]);
        check(Severity::Critical, &[("service", "api")], &["a", "log", "quiet"]);
        check(Severity::Info, &[], &["log"]);
    }

    #[test]
    fn two_become_one() {
        let file = Receivers::default().with("b", Bell).route(Route::to(["b"]));
        let both = Receivers::default().with("a", Bell).and(file);
        assert_eq!(both.names().collect::<Vec<_>>(), ["a", "b", "log"]);
        assert_eq!(both.told(&notice(Severity::Info, &[]), MessageKind::Firing), ["b", "log"]);
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, value, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("api*", "api", true),
            ("api*", "an-api", false),
            ("*api", "an-api", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c", false),
            ("*b*", "abc", true),
            ("**", "ü", true),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_tries_does_not_wait_for_ever() {
        #[derive(Debug)]
        struct Mute;
        impl Notifier for Mute {
            fn send<'a>(&'a self, _: &'a Message) -> Sending<'a> {
                Box::pin(std::future::pending())
            }
        }
        let error = Receivers::default().with("mute", Mute).test("mute", 1).await.unwrap_err();
        assert_eq!(error.to_string(), "no answer within 30 s");
    }

    #[tokio::test]
    async fn a_test_names_those_that_there_are() {
        let receivers = Receivers::default().with("bell", Bell);
        assert_eq!(receivers.test("bell", 1).await.unwrap(), Sent::default());
        let error = receivers.test("slack", 1).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no receiver \"slack\", only bell, log");
    }
}
