//! The life of an alert: by example, and against another way to tell it over random schedules.

use super::*;

const S: i64 = 1_000_000_000;

fn policy(r#for: i64, keep: i64) -> Policy {
    Policy {
        r#for: r#for * S,
        keep_firing_for: keep * S,
        flap_window: 600 * S,
        missing: 3,
        no_data: NoData::Keep,
        severity: Severity::Warning,
    }
}

const BAD: Seen = Seen::Breach(Some(9.0), Severity::Warning);
const WORSE: Seen = Seen::Breach(Some(99.0), Severity::Critical);
const GOOD: Seen = Seen::Well(Some(1.0));

/// Sees one thing every ten seconds, and tells the phases.
fn live(policy: &Policy, seen: &[Seen]) -> (State, Vec<Phase>) {
    let mut state = State::default();
    let phases = (0..).zip(seen).map(|(at, seen)| {
        state = state.next(*seen, policy, "x", at * 10 * S).0;
        state.phase
    });
    let phases = phases.collect();
    (state, phases)
}

#[test]
fn phases() {
    use Phase::*;
    let check = |r#for, keep, seen: &[Seen], expected: &[Phase]| {
        assert_eq!(live(&policy(r#for, keep), seen).1, expected, "{seen:?}");
    };
    check(0, 0, &[GOOD, BAD, BAD, GOOD, GOOD], &[Inactive, Firing, Firing, Resolved, Resolved]);
    check(20, 0, &[BAD, BAD, BAD, GOOD], &[Pending, Pending, Firing, Resolved]);
    check(20, 0, &[BAD, BAD, GOOD, BAD, BAD], &[Pending, Pending, Inactive, Pending, Pending]);
    check(0, 20, &[BAD, GOOD, GOOD, GOOD], &[Firing, Recovering, Recovering, Resolved]);
    check(0, 20, &[BAD, GOOD, BAD, GOOD, GOOD, GOOD], &[Firing, Recovering, Firing, Recovering, Recovering, Resolved]);
    // Between both thresholds it stays what it is.
    check(0, 0, &[Seen::Between(5.0), BAD, Seen::Between(5.0), GOOD], &[Inactive, Firing, Firing, Resolved]);
    check(0, 20, &[BAD, GOOD, Seen::Between(5.0), GOOD], &[Firing, Recovering, Firing, Recovering]);
    check(20, 0, &[BAD, Seen::Between(5.0)], &[Pending, Inactive]);
    // What is over and pending again and well again is still over.
    check(20, 0, &[BAD, BAD, BAD, GOOD, BAD, GOOD], &[Pending, Pending, Firing, Resolved, Pending, Resolved]);
    // Neither an error nor that nothing is known does anything.
    let nothing = Seen::NoData;
    check(10, 0, &[Seen::Error, nothing, BAD, Seen::Error, nothing], &[Inactive, Inactive, Pending, Pending, Pending]);
    check(0, 0, &[BAD, Seen::Error, nothing, Seen::Error], &[Firing, Firing, Firing, Firing]);
    // What is missing is over after three evaluations, and not before.
    let gone = Seen::Missing;
    check(0, 0, &[BAD, gone, gone, BAD, gone, gone, gone], &[Firing, Firing, Firing, Firing, Firing, Firing, Resolved]);
    check(60, 0, &[BAD, gone, gone, gone], &[Pending, Pending, Pending, Inactive]);
    check(0, 0, &[BAD, Seen::RuleGone], &[Firing, Resolved]);
    check(20, 0, &[BAD, Seen::RuleGone], &[Pending, Inactive]);
}

#[test]
fn what_nothing_is_known_of_is_as_the_rule_says() {
    let breach = Policy { no_data: NoData::Breach, ..policy(0, 0) };
    assert_eq!(live(&breach, &[Seen::NoData, GOOD]).1, [Phase::Firing, Phase::Resolved]);
    let ok = Policy { no_data: NoData::Ok, ..policy(0, 0) };
    assert_eq!(live(&ok, &[BAD, Seen::NoData]).1, [Phase::Firing, Phase::Resolved]);
}

#[test]
fn what_somebody_closes_does_not_begin_again_before_it_was_well() {
    use Phase::*;
    let (_, phases) = live(&policy(0, 0), &[BAD, Seen::Close, BAD, BAD, GOOD, BAD]);
    assert_eq!(phases, [Firing, Resolved, Resolved, Resolved, Resolved, Firing]);
    let (state, _) = live(&policy(0, 0), &[BAD, Seen::Close]);
    assert_eq!(state.episode.unwrap().reason, Some(Why::Closed));
    // What is well already when it is closed may begin at once.
    assert_eq!(live(&policy(0, 60), &[BAD, GOOD, Seen::Close, BAD]).1, [Firing, Recovering, Resolved, Firing]);
}

#[test]
fn it_gets_more_severe_once_and_an_episode_keeps_its_worst() {
    let policy = policy(0, 60);
    let mut state = State::default();
    let mut whys = Vec::new();
    for (at, seen) in (0..).zip([BAD, WORSE, WORSE, BAD, WORSE, GOOD, WORSE]) {
        let (next, changes) = state.next(seen, &policy, "x", at * S);
        whys.extend(changes.iter().map(|change| change.why));
        state = next;
    }
    assert_eq!(whys, [Why::Breach, Why::Breach, Why::Escalated, Why::Well, Why::Breach]);
    assert_eq!((state.severity, state.episode.unwrap().severity), (Severity::Critical, Severity::Critical));
}

#[test]
fn episodes_are_new_and_say_which_they_are_a_flap_of() {
    let policy = policy(0, 0);
    let mut state = State::default();
    let mut told = Vec::new();
    for (at, seen) in [(0, BAD), (10, GOOD), (20, BAD), (30, GOOD), (631, BAD)] {
        state = state.next(seen, &policy, "x", at * S).0;
        told.extend(state.episode.as_ref().filter(|_| seen == BAD).map(|one| (one.id.clone(), one.flap_of.clone())));
    }
    let ids: Vec<&String> = told.iter().map(|(id, _)| id).collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    assert_eq!(
        [&told[0].1, &told[1].1, &told[2].1],
        [&None, &Some(ids[0].clone()), &None],
        "the last came late enough"
    );
}

#[test]
fn a_clock_that_is_set_neither_fires_nor_resolves() {
    let policy = policy(60, 60);
    let (pending, _) = State::default().next(BAD, &policy, "x", 1_000 * S);
    // Back: nothing, and nothing is lost either, once it is told of.
    let (back, changes) = pending.next(BAD, &policy, "x", 100 * S);
    assert!(changes.is_empty());
    let mut moved = back;
    moved.shift(-900 * S);
    assert_eq!(moved.next(BAD, &policy, "x", 160 * S).0.phase, Phase::Firing);
    // Ahead: what stood still does not count.
    let mut ahead = pending;
    ahead.shift(3_590 * S);
    assert_eq!(ahead.next(BAD, &policy, "x", 4_600 * S).0.phase, Phase::Pending);
    let mut firing = moved.next(BAD, &policy, "x", 160 * S).0;
    firing.shift(3_600 * S);
    assert_eq!(firing.since, 160 * S, "of what does not wait nothing is moved");
}

#[test]
fn fingerprints_stay_and_differ() {
    let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let of = |rule: &str, pairs: &[(&str, &str)]| fingerprint(hash_of(rule), hash_of_labels(&labels(pairs)));
    assert_eq!(format!("{:016x}", of("cpu", &[("service", "shop")])), "e3207faf6ea46847", "they are kept for years");
    assert_ne!(of("cpu", &[("a", "bc")]), of("cpu", &[("ab", "c")]));
    assert_ne!(of("cpu", &[]), of("memory", &[]));
}

/// SplitMix64.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// The same told another way, by since when it has been too much and since when well: whether it fires, and whether it ever did.
fn told_again(history: &[(i64, Seen)], policy: &Policy) -> (bool, bool) {
    let (mut fires, mut ever, mut closed) = (false, false, false);
    let (mut bad, mut good): (Option<i64>, Option<i64>) = (None, None);
    let mut missed = 0;
    for (time, told) in history {
        let seen = match (told, policy.no_data) {
            (Seen::NoData, NoData::Breach) => Seen::Breach(None, Severity::Warning),
            (Seen::NoData, NoData::Ok) => Seen::Well(None),
            (other, _) => *other,
        };
        if matches!(told, Seen::Breach(..) | Seen::Between(_) | Seen::Well(_)) {
            missed = 0;
        }
        match seen {
            Seen::Breach(..) if closed => {}
            Seen::Breach(..) => {
                bad = bad.or(Some(*time));
                good = None;
                if !fires && bad.is_some_and(|bad| time - bad >= policy.r#for) {
                    (fires, ever) = (true, true);
                }
            }
            Seen::Between(_) => {
                bad = None;
                good = None;
            }
            Seen::Well(_) => {
                bad = None;
                closed &= *told == Seen::NoData;
                if fires {
                    good = good.or(Some(*time));
                    if good.is_some_and(|good| time - good >= policy.keep_firing_for) {
                        (fires, good) = (false, None);
                    }
                }
            }
            Seen::Missing => {
                missed += 1;
                if missed >= policy.missing {
                    (fires, bad, good, closed) = (false, None, None, false);
                }
            }
            Seen::Close => {
                closed = fires && good.is_none();
                (fires, bad, good) = (false, None, None);
            }
            Seen::RuleGone => (fires, bad, good) = (false, None, None),
            Seen::NoData | Seen::Error => {}
        }
    }
    (fires, ever)
}

#[test]
fn random_schedules_end_as_another_telling_of_them_does() {
    let mut seeded = Seeded(7);
    let mut fired = 0;
    for _ in 0..3_000 {
        let no_data = [NoData::Keep, NoData::Breach, NoData::Ok][seeded.below(3) as usize];
        let span = |seeded: &mut Seeded| seeded.below(4) as i64 * 15;
        let policy = Policy { no_data, ..policy(span(&mut seeded), span(&mut seeded)) };
        let (mut state, mut history, mut time) = (State::default(), Vec::new(), 0);
        let mut episodes = Vec::new();
        for _ in 0..40 {
            time += S * (1 + seeded.below(20) as i64);
            let seen = match seeded.below(20) {
                0..7 => BAD,
                7 | 8 => WORSE,
                9..14 => GOOD,
                14 => Seen::Between(5.0),
                15 => Seen::NoData,
                16 | 17 => Seen::Missing,
                18 => Seen::Error,
                _ => [Seen::Close, Seen::RuleGone][seeded.below(2) as usize],
            };
            history.push((time, seen));
            let (next, changes) = state.next(seen, &policy, "x", time);
            holds(&state, &next, &changes, seen);
            state = next;
            let told = told_again(&history, &policy);
            assert_eq!((state.is_active(), state.episode.is_some()), told, "{policy:?} {history:?}");
            if changes.iter().any(|change| change.to == Phase::Firing && change.from == Phase::Pending) {
                episodes.push(state.episode.as_ref().unwrap().id.clone());
            }
        }
        fired += episodes.len();
        let count = episodes.len();
        episodes.dedup();
        assert_eq!(episodes.len(), count, "an episode's name comes once");
    }
    assert!(fired > 3_000, "{fired}");
}

/// What is so after every step.
fn holds(before: &State, after: &State, changes: &[Transition], seen: Seen) {
    let mut phase = before.phase;
    for change in changes {
        assert_eq!(change.from, phase, "one follows from the other");
        phase = change.to;
    }
    assert_eq!(phase, after.phase, "nothing changes unsaid");
    if matches!(seen, Seen::Error) {
        assert_eq!(before, after);
    }
    let ended = after.episode.as_ref().and_then(|episode| episode.ends_at);
    assert!(!after.is_active() || after.episode.is_some() && ended.is_none(), "what fires has an episode that goes on");
    assert!(after.phase != Phase::Resolved || ended.is_some(), "what is over has an episode that ended");
    assert!(after.phase != Phase::Inactive || after.episode.is_none());
}
