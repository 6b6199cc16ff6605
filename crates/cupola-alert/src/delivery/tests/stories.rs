//! Random stories.

use super::*;

/// Numbers that look random, the same for each seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Alerts come and go, messages are refused, processes end in the midst of it: whoever listens hears of each episode that it fires before it
/// hears anything else, hears of no end of what it has not heard of, and in the end hears of every end.
#[tokio::test]
async fn whatever_happens_what_is_heard_makes_sense() {
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let manner = Manner { per_minute: Some(4), alerts: 3, remind: None };
        let world = world(Fake { manner: Some(manner), ..Fake::default() });
        let metadata = || Arc::clone(&world.metadata) as Arc<dyn Metadata>;
        let mut worker = delivery(metadata(), &world.fake);
        let mut written: BTreeMap<String, Vec<MessageKind>> = BTreeMap::new();
        let mut now = SECOND;
        for step in 0..60 {
            for _ in 0..dice.roll(4) {
                let index = dice.roll(12);
                let episode = format!("e{index}");
                let told = written.entry(episode.clone()).or_default();
                let kind = match (told.last(), dice.roll(3)) {
                    (None, _) => Firing,
                    (Some(Resolved), _) => continue,
                    (_, 0) => Repeat,
                    (_, 1) => Escalated,
                    _ => Resolved,
                };
                let notice = Notice { rule: "r".into(), fingerprint: episode.clone(), episode, ..Notice::default() };
                let group = BTreeMap::from([("half".to_owned(), (index % 2).to_string())]);
                let row = Outgoing { kind, receiver: "chat".into(), written: now, group, ..Outgoing::of(notice) };
                world.write(&[row.change(u32::try_from(told.len()).unwrap())]);
                told.push(kind);
            }
            for _ in 0..dice.roll(3) {
                world.fake.refuse(SendError::transient("503"));
            }
            if dice.roll(4) == 0 {
                worker = delivery(metadata(), &world.fake);
            }
            worker.deliver(now).await.unwrap();
            now += SECOND * i64::try_from(dice.roll(if step % 7 == 0 { 90 } else { 4 })).unwrap();
        }
        world.fake.refuses.lock().unwrap().clear();
        while let Some(next) = worker.deliver(now).await.unwrap().next {
            now = next;
        }
        let mut heard: BTreeMap<String, Vec<MessageKind>> = BTreeMap::new();
        for message in &*world.fake.taken.lock().unwrap() {
            assert!(message.alerts.len() <= 3);
            let shown = message.alerts.iter().map(|notice| notice.episode.clone());
            shown.for_each(|episode| heard.entry(episode).or_default().push(message.kind));
        }
        for (episode, kinds) in &heard {
            // Of some it was only said that they are among others.
            let all_shown =
                world.history(episode).iter().filter(|(outcome, ..)| *outcome == Outcome::Sent).count() == kinds.len();
            assert!(!all_shown || kinds[0] == Firing, "{seed} {episode} {kinds:?}");
            let end = kinds.iter().position(|kind| *kind == Resolved);
            assert!(end.is_none_or(|end| end == kinds.len() - 1), "{seed} {episode} {kinds:?}");
        }
        for (episode, kinds) in &written {
            let sent: Vec<MessageKind> = world
                .history(episode)
                .into_iter()
                .filter(|(outcome, ..)| *outcome == Outcome::Sent)
                .map(|(_, kind, _)| kind)
                .collect();
            let is_over = kinds.last() == Some(&Resolved);
            match sent.as_slice() {
                [] => assert!(is_over, "{seed} {episode}: nothing of {kinds:?} was said"),
                [first, .., last] => {
                    assert_eq!((*first, *last == Resolved), (Firing, is_over), "{seed} {episode} {kinds:?} {sent:?}");
                }
                [only] => assert!(*only == Firing && !is_over, "{seed} {episode} {kinds:?} {sent:?}"),
            }
            assert_eq!(world.told(episode), sent.last().copied());
        }
        assert_eq!(world.metadata.all(Outgoing::KIND).unwrap(), []);
        assert_eq!(world.metadata.all(sending::OnItsWay::KIND).unwrap(), []);
        assert!(!heard.is_empty());
    }
}
