//! What of the outbox becomes which message: pure, so that every case is a row of a table.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Outgoing;
use crate::MessageKind;

/// A row of the outbox, with its key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) outgoing: Outgoing,
}

/// What a receiver knows of an episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    pub(super) thread: Option<String>,
}

/// Rows that become one message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bundle {
    pub(super) kind: MessageKind,
    pub(super) group: BTreeMap<String, String>,
    pub(super) thread: Option<String>,
    /// The last word of each episode, the gravest first.
    pub(super) rows: Vec<Row>,
    /// Rows that the last word of their episode makes needless.
    pub(super) covered: Vec<String>,
    /// How many messages evaluation held back before them.
    pub(super) suppressed: u32,
}

/// What is to be done for one receiver.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) bundles: Vec<Bundle>,
    /// Rows that nobody needs to be told of, and why.
    pub(super) needless: Vec<(Row, &'static str)>,
    /// When what waits for its window is due.
    pub(super) next: Option<i64>,
    /// There was no room for all of it.
    pub(super) is_full: bool,
}

/// How much of it may be sent now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) now: i64,
    /// How long a group waits for others of its kind.
    pub(super) window: Duration,
    /// How many messages there may be yet in this minute.
    pub(super) messages: usize,
}

/// `known` says what the receiver was told of an episode; `waits` are episodes with a message that is on its way: theirs stay where they are,
/// so that nothing overtakes it.
pub(super) fn plan(
    rows: Vec<Row>,
    known: &dyn Fn(&str) -> Option<Known>,
    waits: &BTreeSet<String>,
    room: Room,
) -> Plan {
    let mut episodes: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let episode = &row.outgoing.notice.episode;
        if !waits.contains(episode) {
            episodes.entry(episode.clone()).or_default().push(row);
        }
    }
    let mut plan = Plan::default();
    let mut bundles: BTreeMap<_, Bundle> = BTreeMap::new();
    for (episode, mut rows) in episodes {
        rows.sort_by(|a, b| {
            let order = |row: &Row| (row.outgoing.written, row.outgoing.kind);
            order(a).cmp(&order(b)).then_with(|| a.key.cmp(&b.key))
        });
        let known = known(&episode);
        let Some(word) = last_word(rows, known.is_some(), &mut plan.needless) else { continue };
        let thread = known.and_then(|known| known.thread);
        let of = (word.kind, thread.clone(), word.row.outgoing.group.clone());
        let bundle = bundles.entry(of).or_insert_with(|| Bundle {
            kind: word.kind,
            group: word.row.outgoing.group.clone(),
            thread,
            rows: Vec::new(),
            covered: Vec::new(),
            suppressed: 0,
        });
        bundle.suppressed = bundle.suppressed.saturating_add(word.suppressed);
        bundle.rows.push(word.row);
        bundle.covered.extend(word.covered);
    }
    for mut bundle in bundles.into_values() {
        let due = bundle.due(room.window);
        // Something written in the future is of a clock that was set back.
        if due <= room.now || bundle.rows.iter().any(|row| row.outgoing.written > room.now) {
            bundle.sort();
            plan.bundles.push(bundle);
        } else {
            plan.next = Some(plan.next.map_or(due, |next| next.min(due)));
        }
    }
    plan.bundles.sort_by_key(Bundle::order);
    plan.is_full = into_room(&mut plan.bundles, room.messages);
    plan
}

struct Word {
    kind: MessageKind,
    row: Row,
    covered: Vec<String>,
    suppressed: u32,
}

/// What of an episode's rows is to be said: the last. `None`: nothing, since it is over before anybody was told.
fn last_word(mut rows: Vec<Row>, is_known: bool, needless: &mut Vec<(Row, &'static str)>) -> Option<Word> {
    let last = rows.last()?;
    let kind = match last.outgoing.kind {
        MessageKind::Resolved if is_known => MessageKind::Resolved,
        MessageKind::Resolved => {
            needless.extend(rows.into_iter().map(|row| (row, "it was over before it was told")));
            return None;
        }
        // Whoever does not know of it is told that it fires, whatever evaluation believed.
        _ if !is_known => MessageKind::Firing,
        _ => rows
            .iter()
            .map(|row| row.outgoing.kind)
            .filter(|kind| *kind != MessageKind::Resolved)
            .min_by_key(urgency)?,
    };
    let suppressed = rows.iter().map(|row| row.outgoing.suppressed).sum();
    let row = rows.pop()?;
    Some(Word { kind, row, covered: rows.into_iter().map(|row| row.key).collect(), suppressed })
}

/// What is told first where not all can be.
fn urgency(kind: &MessageKind) -> u8 {
    match kind {
        MessageKind::Escalated => 0,
        MessageKind::Firing | MessageKind::Test => 1,
        MessageKind::Resolved => 2,
        MessageKind::Repeat => 3,
    }
}

impl Bundle {
    /// An escalation does not wait.
    fn due(&self, window: Duration) -> i64 {
        let first = self.rows.iter().map(|row| row.outgoing.written).min().unwrap_or_default();
        let window = if self.kind == MessageKind::Escalated { Duration::ZERO } else { window };
        first.saturating_add(nanos(window))
    }

    fn order(&self) -> (u8, std::cmp::Reverse<Option<crate::Severity>>, i64) {
        let worst = self.rows.iter().map(|row| row.outgoing.notice.severity).max();
        let first = self.rows.iter().map(|row| row.outgoing.written).min().unwrap_or_default();
        (urgency(&self.kind), std::cmp::Reverse(worst), first)
    }

    fn sort(&mut self) {
        self.rows.sort_by(|a, b| {
            let (a_notice, b_notice) = (&a.outgoing.notice, &b.outgoing.notice);
            b_notice.severity.cmp(&a_notice.severity).then_with(|| a.key.cmp(&b.key))
        });
    }
}

/// What is too much for one minute becomes one message, the last that there is room for; where some of it says that it fires and some that it
/// is over, the latter waits for the next minute. Whether something waits is the answer.
fn into_room(bundles: &mut Vec<Bundle>, room: usize) -> bool {
    if bundles.len() <= room {
        return false;
    }
    let mut rest = bundles.split_off(room.saturating_sub(1)).into_iter();
    let Some(mut merged) = rest.next().filter(|_| room > 0) else { return true };
    let is_over = |bundle: &Bundle| bundle.kind == MessageKind::Resolved;
    let (alike, other): (Vec<Bundle>, Vec<Bundle>) = rest.partition(|bundle| is_over(bundle) == is_over(&merged));
    for bundle in alike {
        merged.group.retain(|label, value| bundle.group.get(label) == Some(value));
        if merged.thread != bundle.thread {
            merged.thread = None;
        }
        if merged.kind != bundle.kind {
            merged.kind = MessageKind::Firing;
        }
        merged.suppressed = merged.suppressed.saturating_add(bundle.suppressed);
        merged.rows.extend(bundle.rows);
        merged.covered.extend(bundle.covered);
    }
    merged.sort();
    bundles.push(merged);
    !other.is_empty()
}

pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use MessageKind::{Escalated, Firing, Repeat, Resolved};

    use super::*;
    use crate::{Notice, Severity};

    fn row(episode: &str, kind: MessageKind, written: i64) -> Row {
        let notice = Notice { rule: "r".into(), episode: episode.into(), ..Notice::default() };
        let outgoing = Outgoing { kind, receiver: "x".into(), written, suppressed: 1, ..Outgoing::of(notice) };
        Row { key: outgoing.key(0), outgoing }
    }

    fn known(episodes: &'static [&'static str]) -> impl Fn(&str) -> Option<Known> {
        move |episode| episodes.contains(&episode).then(|| Known { thread: Some(format!("t-{episode}")) })
    }

    const SECOND: i64 = 1_000_000_000;

    fn room(messages: usize) -> Room {
        Room { now: 10 * SECOND, window: Duration::from_secs(1), messages }
    }

    #[test]
    fn of_an_episode_the_last_word_is_said() {
        /// The kind that is said, and how many rows it makes needless.
        fn check(kinds: &[MessageKind], is_known: bool, expected: Option<(MessageKind, usize)>) {
            let rows = kinds.iter().zip(0..).map(|(kind, written)| row("a", *kind, written)).collect();
            let known = known(if is_known { &["a"] } else { &[] });
            let plan = plan(rows, &known, &BTreeSet::new(), room(9));
            let said = plan.bundles.first().map(|bundle| (bundle.kind, bundle.covered.len()));
            assert_eq!(said, expected, "{kinds:?}");
            assert_eq!(plan.needless.len(), if expected.is_none() { kinds.len() } else { 0 }, "{kinds:?}");
        }
        check(&[Firing], false, Some((Firing, 0)));
        check(&[Firing, Escalated], false, Some((Firing, 1)));
        check(&[Firing, Repeat, Repeat], false, Some((Firing, 2)));
        check(&[Repeat], false, Some((Firing, 0)));
        check(&[Firing, Resolved], false, None);
        check(&[Resolved], false, None);
        check(&[Resolved], true, Some((Resolved, 0)));
        check(&[Escalated, Repeat, Resolved], true, Some((Resolved, 2)));
        check(&[Escalated, Repeat], true, Some((Escalated, 1)));
        check(&[Repeat, Repeat], true, Some((Repeat, 1)));
    }

    #[test]
    fn a_group_is_one_message_once_its_window_is_over() {
        let of_group = |index: i64, written| row(&format!("e{index:03}"), Firing, written);
        let rows: Vec<Row> = (0..100).map(|index| of_group(index, 9 * SECOND + index)).collect();
        let planned = plan(rows.clone(), &known(&[]), &BTreeSet::new(), room(9));
        assert_eq!(planned.bundles.len(), 1);
        assert_eq!((planned.bundles[0].rows.len(), planned.bundles[0].suppressed), (100, 100));

        let early = plan(rows.clone(), &known(&[]), &BTreeSet::new(), Room { now: 9 * SECOND + 500, ..room(9) });
        assert_eq!((early.bundles.len(), early.next), (0, Some(10 * SECOND)));
        let set_back = plan(rows, &known(&[]), &BTreeSet::new(), Room { now: SECOND, ..room(9) });
        assert_eq!(set_back.bundles.len(), 1, "a clock that was set back delays nothing");
        let urgent = vec![row("a", Escalated, 10 * SECOND)];
        assert_eq!(plan(urgent, &known(&["a"]), &BTreeSet::new(), room(9)).bundles.len(), 1);
    }

    #[test]
    fn nothing_overtakes_what_is_on_its_way() {
        let rows = vec![row("a", Resolved, 0), row("b", Resolved, 0)];
        let waits = BTreeSet::from(["a".to_owned()]);
        let plan = plan(rows, &known(&["a", "b"]), &waits, room(9));
        let said: Vec<&str> = plan.bundles.iter().flat_map(|bundle| &bundle.rows).map(|row| row.key.as_str()).collect();
        assert_eq!((said, plan.needless.len()), (vec!["b/x/resolved/000000"], 0));
    }

    #[test]
    fn what_is_over_is_said_where_it_was_said_that_it_fires() {
        let rows = vec![row("a", Resolved, 0), row("b", Resolved, 0)];
        let plan = plan(rows, &known(&["a", "b"]), &BTreeSet::new(), room(9));
        let threads: Vec<_> = plan.bundles.iter().map(|bundle| bundle.thread.as_deref()).collect();
        assert_eq!(threads, [Some("t-a"), Some("t-b")]);
    }

    #[test]
    fn what_is_too_much_becomes_one() {
        fn check(room_for: usize, expected: &[(MessageKind, usize, &[&str])]) {
            let mut rows = Vec::new();
            for (index, severity) in [(0, Severity::Info), (1, Severity::Critical), (2, Severity::Warning)] {
                let mut row = row(&format!("e{index}"), Firing, index);
                row.outgoing.notice.severity = severity;
                row.outgoing.group = BTreeMap::from([("rule".into(), "r".into()), ("host".into(), index.to_string())]);
                rows.push(row);
            }
            rows.push(row("k", Resolved, 3));
            let plan = plan(rows, &known(&["k"]), &BTreeSet::new(), room(room_for));
            let said: Vec<_> = plan
                .bundles
                .iter()
                .map(|bundle| {
                    (bundle.kind, bundle.rows.len(), bundle.group.keys().map(String::as_str).collect::<Vec<_>>())
                })
                .collect();
            let expected: Vec<_> = expected.iter().map(|(kind, rows, group)| (*kind, *rows, group.to_vec())).collect();
            assert_eq!(said, expected, "room for {room_for}");
            assert_eq!(plan.is_full, room_for < 4, "what is over waits");
        }
        let (own, shared): (&[&str], &[&str]) = (&["host", "rule"], &["rule"]);
        check(4, &[(Firing, 1, own), (Firing, 1, own), (Firing, 1, own), (Resolved, 1, shared)]);
        check(3, &[(Firing, 1, own), (Firing, 1, own), (Firing, 1, own)]);
        check(2, &[(Firing, 1, own), (Firing, 2, shared)]);
        check(1, &[(Firing, 3, shared)]);
        check(0, &[]);
    }
}
