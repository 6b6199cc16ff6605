//! What people read: one picture of a message, which each kind of receiver draws in its own way. Labels and annotations are texts of others:
//! here they become single lines without tricks, and whoever draws them escapes them.

mod html;

use std::fmt::Write as _;

use jiff::Timestamp;

use super::secret::{lines, one_line};
use crate::{Message, MessageKind, Notice, Severity};

pub(crate) use html::html;

/// How many alerts a person is shown in one message.
const SHOWN: usize = 10;

/// A message, ready to be drawn.
#[derive(Debug)]
pub(crate) struct Picture {
    /// `Critical: error ratio of api`.
    pub(crate) title: String,
    /// `Critical`, `Resolved`: what the colour says, for those who do not see it.
    pub(crate) badge: String,
    /// Of the whole.
    pub(crate) colour: &'static str,
    pub(crate) symbol: &'static str,
    pub(crate) cards: Vec<Card>,
    /// How many alerts there are besides the cards.
    more: usize,
    /// What else is said below: how many go on, what was held back.
    notes: Vec<String>,
}

/// An alert of it.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) rule: String,
    pub(crate) badge: String,
    pub(crate) colour: &'static str,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    /// `Value`, `Since`.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) labels: Vec<(String, String)>,
    /// What can be followed: `http` and `https` alone.
    pub(crate) links: Vec<(&'static str, String)>,
}

impl Picture {
    pub(crate) fn of(message: &Message) -> Self {
        let worst = message.alerts.iter().map(|notice| notice.severity).max().unwrap_or_default();
        let (badge, colour, symbol) = look(message.kind, worst);
        let mut cards: Vec<Card> = message.alerts.iter().take(SHOWN).map(|notice| Card::of(notice, message)).collect();
        if cards.len() > 1 {
            // Of many each is told in short: the whole is behind its link.
            cards.iter_mut().for_each(|card| card.description = None);
        }
        let mut notes = Vec::new();
        let more = message.alerts.len() - cards.len() + message.more;
        match (message.kind, message.open) {
            (MessageKind::Resolved, 1) => notes.push("1 other goes on".to_owned()),
            (MessageKind::Resolved, open @ 2..) => notes.push(format!("{open} others go on")),
            _ => {}
        }
        match message.suppressed {
            0 => {}
            1 => notes.push("1 message was held back before it, for the cooldown".to_owned()),
            many => notes.push(format!("{many} messages were held back before it, for the cooldown")),
        }
        Self { title: title(message, badge), badge: badge.to_owned(), colour, symbol, cards, more, notes }
    }

    /// Leaves the last card out, where there is not room for all.
    pub(crate) fn shorten(&mut self) -> bool {
        let is_shorter = self.cards.len() > 1 && self.cards.pop().is_some();
        self.more += usize::from(is_shorter);
        is_shorter
    }

    /// What is said below.
    pub(crate) fn notes(&self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        more.into_iter().chain(self.notes.iter().cloned()).collect()
    }

    /// As text, for mails and for what cannot draw.
    pub(crate) fn plain(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for card in &self.cards {
            card.plain(self.cards.len() > 1, &mut text);
        }
        let notes = self.notes();
        for note in &notes {
            let _ = write!(text, "\n{note}");
        }
        text.push_str(if notes.is_empty() { "\n-- \nCupola\n" } else { "\n\n-- \nCupola\n" });
        text
    }
}

impl Card {
    fn of(notice: &Notice, message: &Message) -> Self {
        let kind = match message.kind {
            // One message may tell of what goes on and of what is over.
            MessageKind::Test => MessageKind::Test,
            _ if notice.ends_at.is_some() => MessageKind::Resolved,
            kind => kind,
        };
        let (badge, colour, _) = look(kind, notice.severity);
        let annotation = |name: &str| notice.annotations.get(name).filter(|text| !text.trim().is_empty());
        let link = |text: &String| {
            let address = text.trim();
            let is_safe = address.starts_with("https://") || address.starts_with("http://");
            (is_safe && !address.contains(|c: char| c.is_control() || c.is_whitespace())).then(|| address.to_owned())
        };
        let links = [
            ("Open in Cupola", notice.link.as_ref().and_then(link)),
            ("Runbook", annotation("runbook").and_then(link)),
        ];
        let labels = notice.labels.iter().map(|(name, value)| (one_line(name, 60), one_line(value, 200)));
        Self {
            rule: one_line(&notice.rule, 120),
            badge: badge.to_owned(),
            colour,
            summary: annotation("summary").map(|text| one_line(text, 300)),
            description: annotation("description").map(|text| lines(text, 1_500)),
            facts: facts(notice, kind),
            labels: labels.collect(),
            links: links.into_iter().filter_map(|(name, link)| Some((name, link?))).collect(),
        }
    }

    fn plain(&self, says_which: bool, text: &mut String) {
        text.push('\n');
        if says_which {
            let _ = writeln!(text, "[{}] {}", self.badge, self.rule);
        }
        let texts = [&self.summary, &self.description];
        texts.into_iter().flatten().for_each(|line| {
            let _ = writeln!(text, "{line}");
        });
        let facts = self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let labels = self.labels.iter().cloned();
        let links = self.links.iter().map(|(name, link)| ((*name).to_owned(), link.clone()));
        let rows: Vec<(String, String)> = facts.chain(labels).chain(links).collect();
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, value) in rows {
            let _ = writeln!(text, "  {name:width$}  {value}");
        }
    }
}

/// One line about an alert: the rule, and what it is about.
pub(crate) fn headline(notice: &Notice) -> String {
    let summary = notice.annotations.get("summary").filter(|text| !text.trim().is_empty());
    match summary {
        Some(summary) => one_line(&format!("{}: {summary}", notice.rule), 300),
        None => one_line(&[&notice.rule, " ", &about(notice)].concat(), 300),
    }
}

/// What it is about: the values of its labels, service and route first.
fn about(notice: &Notice) -> String {
    let first = ["service", "route", "host", "instance"];
    let known = first.iter().filter_map(|name| notice.labels.get(*name));
    let others = notice.labels.iter().filter(|(name, _)| !first.contains(&name.as_str())).map(|(_, value)| value);
    let values: Vec<&str> = known.chain(others).filter(|value| !value.is_empty()).map(String::as_str).take(3).collect();
    values.join(" · ")
}

fn title(message: &Message, badge: &str) -> String {
    let count = message.alerts.len() + message.more;
    let of = match message.alerts.as_slice() {
        [notice] if count == 1 => {
            let about = about(notice);
            if about.is_empty() { notice.rule.clone() } else { format!("{} · {about}", notice.rule) }
        }
        alerts => {
            let group = message.group.get("rule").or_else(|| message.group.values().next());
            let rule = alerts.first().map(|notice| &notice.rule);
            let shared = rule.filter(|rule| alerts.iter().all(|notice| notice.rule == **rule));
            let of = group.or(shared).map(|name| format!(" of {name}")).unwrap_or_default();
            format!("{count} alerts{of}")
        }
    };
    one_line(&format!("{badge}: {of}"), 140)
}

/// What it is called, in which colour, and with which symbol.
fn look(kind: MessageKind, severity: Severity) -> (&'static str, &'static str, &'static str) {
    match (kind, severity) {
        (MessageKind::Resolved, _) => ("Resolved", "#2e7d4f", "✅"),
        (MessageKind::Test, _) => ("Test", "#5b6472", "🔔"),
        (MessageKind::Repeat, Severity::Critical) => ("Still critical", "#c4314b", "🔴"),
        (_, Severity::Critical) => ("Critical", "#c4314b", "🔴"),
        (MessageKind::Repeat, Severity::Warning) => ("Still a warning", "#b7791f", "🟠"),
        (_, Severity::Warning) => ("Warning", "#b7791f", "🟠"),
        (_, Severity::Info) => ("Info", "#2b6cb0", "🔵"),
    }
}

fn facts(notice: &Notice, kind: MessageKind) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let unit = one_line(&notice.unit, 20);
    let with_unit = |value: f64| match unit.as_str() {
        "" => number(value),
        "%" => format!("{} %", number(value)),
        per if per.starts_with('/') => format!("{}{per}", number(value)),
        unit => format!("{} {unit}", number(value)),
    };
    match (notice.value, notice.threshold) {
        (Some(value), Some(threshold)) => {
            facts.push(("Value", format!("{} (threshold {})", with_unit(value), with_unit(threshold))));
        }
        (Some(value), None) => facts.push(("Value", with_unit(value))),
        (None, Some(threshold)) => facts.push(("Threshold", with_unit(threshold))),
        (None, None) => {}
    }
    match (kind, notice.ends_at) {
        (MessageKind::Test, _) => {}
        (_, Some(end)) => {
            facts.push(("Lasted", format!("{}, until {}", duration(end - notice.starts_at), moment(end))));
        }
        _ => facts.push(("Since", moment(notice.starts_at))),
    }
    facts.extend(notice.reason.as_ref().map(|reason| ("Ended", one_line(reason, 200))));
    facts
}

/// With three or four figures, as one says it.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs();
    let decimals = match magnitude {
        0.0 => 0,
        m if m >= 100.0 => 0,
        m if m >= 1.0 => 2,
        m if m >= 0.001 => 4,
        _ => return format!("{value:.2e}"),
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

pub(crate) fn moment(nanos: i64) -> String {
    stamp(nanos).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

pub(crate) fn stamp(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanos.into()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn duration(nanos: i64) -> String {
    let seconds = nanos.max(0) / 1_000_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) if minutes < 10 && seconds % 60 != 0 => format!("{minutes} min {} s", seconds % 60),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (_, 0, _) => format!("{days} d"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Whatever a text may try.
    pub(crate) const EVIL: &str =
        "</td><script>alert(1)</script>\r\nBcc: all@example.org\n<!channel> & *bold* `code` <https://evil|ok>";

    pub(crate) fn message(kind: MessageKind, alerts: usize, evil: bool) -> Message {
        let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let notice = |index: usize| Notice {
            rule: if evil { EVIL.into() } else { "error ratio".into() },
            fingerprint: format!("{index:016x}"),
            episode: format!("e{index}"),
            severity: Severity::Critical,
            labels: if evil {
                BTreeMap::from([text(EVIL, EVIL)])
            } else {
                BTreeMap::from([text("route", "/users/{id}"), text("service", &format!("api-{index}"))])
            },
            annotations: BTreeMap::from([
                text("summary", if evil { EVIL } else { "More than 10 % of requests fail" }),
                text("description", if evil { EVIL } else { "Most of them with 503.\nThe database may be down." }),
                text("runbook", if evil { "javascript:alert(1)" } else { "https://wiki.example/errors" }),
            ]),
            value: Some(14.25),
            threshold: Some(10.0),
            unit: "%".into(),
            starts_at: 1_764_236_321_000_000_000,
            ends_at: (kind == MessageKind::Resolved).then_some(1_764_237_102_000_000_000),
            reason: None,
            link: Some(if evil { "data:text/html,x".into() } else { "https://cupola.example/alerts/e0".into() }),
        };
        Message {
            id: "0123456789abcdef".into(),
            kind,
            receiver: "ops".into(),
            time: 1_764_236_322_000_000_000,
            sent: 1_764_236_322_000_000_000,
            group: BTreeMap::from([text("rule", if evil { EVIL } else { "error ratio" })]),
            alerts: (0..alerts).map(notice).collect(),
            more: 0,
            suppressed: 0,
            thread: None,
            open: 0,
        }
    }

    #[test]
    fn a_message_as_text() {
        let expected = "\
Critical: error ratio · api-0 · /users/{id}

More than 10 % of requests fail
Most of them with 503.
The database may be down.
  Value           14.25 % (threshold 10 %)
  Since           2025-11-27 09:38:41 UTC
  route           /users/{id}
  service         api-0
  Open in Cupola  https://cupola.example/alerts/e0
  Runbook         https://wiki.example/errors

-- \nCupola\n";
        assert_eq!(Picture::of(&message(MessageKind::Firing, 1, false)).plain(), expected);
    }

    #[test]
    fn many_alerts_are_counted() {
        let many = Message { more: 50, suppressed: 2, ..message(MessageKind::Firing, 100, false) };
        let picture = Picture::of(&many);
        assert_eq!(picture.title, "Critical: 150 alerts of error ratio");
        assert_eq!(picture.cards.len(), 10);
        assert_eq!(picture.notes(), ["and 140 more", "2 messages were held back before it, for the cooldown"]);
        let over = Message { open: 3, ..message(MessageKind::Resolved, 2, false) };
        let picture = Picture::of(&over);
        assert_eq!(
            (picture.title.as_str(), picture.notes()),
            ("Resolved: 2 alerts of error ratio", vec!["3 others go on".to_owned()])
        );
        assert_eq!(picture.cards[0].facts[1], ("Lasted", "13 min, until 2025-11-27 09:51:42 UTC".to_owned()));
    }

    #[test]
    fn texts_of_others_stay_in_their_line_and_make_no_links() {
        let picture = Picture::of(&message(MessageKind::Firing, 1, true));
        assert!(!picture.title.contains(['\r', '\n']));
        let card = &picture.cards[0];
        assert!(card.labels.iter().all(|(name, value)| !name.contains('\n') && !value.contains('\n')));
        assert_eq!(card.links, []);
        assert!(!headline(&message(MessageKind::Firing, 1, true).alerts[0]).contains('\n'));
    }

    #[test]
    fn numbers_and_durations_as_one_says_them() {
        for (value, expected) in [
            (0.0, "0"),
            (14.25, "14.25"),
            (10.0, "10"),
            (0.1, "0.1"),
            (0.123_456, "0.1235"),
            (99.999, "100"),
            (1234.5, "1234"),
            (1e-9, "1.00e-9"),
            (-3.5, "-3.5"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
            (1e12, "1000000000000"),
        ] {
            assert_eq!(number(value), expected);
        }
        for (seconds, expected) in [
            (-5, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (781, "13 min"),
            (3_600, "1 h"),
            (3_720, "1 h 2 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds * 1_000_000_000), expected);
        }
    }
}
