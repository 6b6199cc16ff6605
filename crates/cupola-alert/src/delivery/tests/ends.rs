//! The process ends at each step, or what became of a message cannot be written down.

use std::collections::BTreeSet;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};

use cupola_store::Document;

use super::*;

/// What ends a process here.
const END: &str = "the process ends here";

/// Stops at one of its steps: before it, or after it.
#[derive(Debug)]
struct Fragile {
    inner: Arc<MetadataFile>,
    steps: AtomicUsize,
    stops_at: usize,
    after: bool,
    /// An error instead of a panic.
    fails: bool,
}

impl Fragile {
    fn step<T>(&self, act: impl FnOnce(&MetadataFile) -> Result<T, MetadataError>) -> Result<T, MetadataError> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        if step != self.stops_at {
            return act(&self.inner);
        }
        if self.fails {
            let impossible =
                Change::Put { kind: "none", key: String::new(), body: String::new(), expect: Expect::Version(9) };
            return Err(self.inner.apply(&[impossible]).unwrap_err());
        }
        if self.after {
            let _ = act(&self.inner);
        }
        panic::panic_any(END);
    }
}

impl Metadata for Fragile {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Document>, MetadataError> {
        self.step(|inner| inner.get(kind, key))
    }

    fn list(&self, kind: &str, after: Option<&str>, limit: usize) -> Result<Vec<Document>, MetadataError> {
        self.step(|inner| inner.list(kind, after, limit))
    }

    fn apply(&self, changes: &[Change]) -> Result<(), MetadataError> {
        self.step(|inner| inner.apply(changes))
    }

    fn notes(
        &self,
        topic: &str,
        of: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Note>, MetadataError> {
        self.step(|inner| inner.notes(topic, of, before, limit))
    }

    fn notes_after(&self, topic: &str, after: i64, limit: usize) -> Result<Vec<Note>, MetadataError> {
        self.step(|inner| inner.notes_after(topic, after, limit))
    }
}

/// What evaluation writes, and when; messages are refused now and then.
async fn story(stops_at: usize, after: bool, fails: bool) -> (World, usize) {
    let world = world(Fake { thread: Some("t".into()), ..Fake::default() });
    for _ in 0..2 {
        world.fake.refuse(SendError::transient("503"));
    }
    let fragile = Fragile { inner: Arc::clone(&world.metadata), steps: AtomicUsize::new(0), stops_at, after, fails };
    let fragile = Arc::new(fragile);
    let mut worker = delivery(Arc::clone(&fragile) as Arc<dyn Metadata>, &world.fake);
    let mut later = vec![
        (SECOND, vec![row("a", Firing, SECOND), row("b", Firing, SECOND)]),
        (20 * SECOND, vec![row("a", Resolved, 20 * SECOND), row("b", Escalated, 20 * SECOND)]),
        (30 * SECOND, vec![row("c", Firing, 30 * SECOND)]),
        (31 * SECOND, vec![row("c", Resolved, 31 * SECOND), row("b", Repeat, 30 * SECOND)]),
        (40 * SECOND, vec![row("b", Resolved, 40 * SECOND)]),
    ]
    .into_iter();
    let mut next = later.next();
    let mut now = SECOND;
    loop {
        if let Some((_, rows)) = next.take_if(|(at, _)| *at <= now) {
            world.write(&rows);
            next = later.next();
        }
        let due = loop {
            let pass = tokio::spawn(async move { (worker.deliver(now).await, worker) }).await;
            match pass {
                Ok((pass, same)) => {
                    worker = same;
                    if let Ok(pass) = pass {
                        break pass.next;
                    }
                }
                Err(_) => worker = delivery(Arc::clone(&world.metadata) as Arc<dyn Metadata>, &world.fake),
            }
        };
        let Some(then) = next.iter().map(|(at, _)| *at).chain(due).min() else { break };
        now = then;
    }
    let steps = fragile.steps.load(Ordering::SeqCst);
    (world, steps)
}

fn said(world: &World) -> Vec<(String, MessageKind, Vec<String>)> {
    let mut seen = BTreeSet::new();
    let taken = world.fake.taken.lock().unwrap();
    let first = taken.iter().filter(|message| seen.insert(message.id.clone()));
    let episodes = |message: &Message| message.alerts.iter().map(|notice| notice.episode.clone()).collect();
    first.map(|message| (message.id.clone(), message.kind, episodes(message))).collect()
}

#[tokio::test]
async fn whenever_the_process_ends_all_is_told_once_or_twice_and_in_order() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&END) {
            hook(info);
        }
    }));
    let (undisturbed, steps) = story(usize::MAX, false, false).await;
    let expected = said(&undisturbed);
    let kinds: Vec<_> = expected.iter().map(|(_, kind, episodes)| (*kind, episodes.concat())).collect();
    let all = [(Firing, "ab"), (Escalated, "b"), (Resolved, "a"), (Repeat, "b"), (Resolved, "b")];
    assert_eq!(kinds, all.map(|(kind, episodes)| (kind, episodes.to_owned())));
    let (mut repeats, mut stops) = (0, 0);
    for after in [false, true] {
        for stops_at in 0..steps {
            let (world, _) = story(stops_at, after, false).await;
            assert_eq!(said(&world), expected, "stopped at {stops_at}, after: {after}");
            for kind in [Outgoing::KIND, sending::OnItsWay::KIND, Failed::KIND] {
                assert_eq!(world.metadata.all(kind).unwrap(), [], "{kind} after {stops_at}");
            }
            for episode in ["a", "b", "c"] {
                assert_eq!(world.told(episode), undisturbed.told(episode));
                let mut history = world.history(episode);
                // Whether an attempt counts that was made as the process ended, nobody knows.
                history.iter_mut().for_each(|(_, _, attempts)| *attempts = 0);
                let mut own = undisturbed.history(episode);
                own.iter_mut().for_each(|(_, _, attempts)| *attempts = 0);
                assert_eq!(history, own, "{episode} after {stops_at}");
            }
            repeats += world.fake.taken.lock().unwrap().len() - expected.len();
            stops += 1;
        }
    }
    assert!(stops >= 100, "{stops}");
    // Between an answer and the note of it: at each reading of what was said before, on either side, and before the note.
    let places: usize = expected.iter().map(|(_, _, episodes)| 2 * episodes.len() + 1).sum();
    assert_eq!(repeats, places);
}

#[tokio::test]
async fn where_it_cannot_be_written_down_nothing_is_sent_twice() {
    let (undisturbed, steps) = story(usize::MAX, false, true).await;
    for stops_at in 0..steps {
        let (world, _) = story(stops_at, false, true).await;
        assert_eq!(world.fake.kinds(), undisturbed.fake.kinds(), "failed at {stops_at}");
        assert_eq!(world.fake.tries(), undisturbed.fake.tries(), "failed at {stops_at}");
    }
}
