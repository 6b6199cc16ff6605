//! The worker over a real outbox.

mod ends;
mod stories;

use cupola_store::{Change, Expect, MetadataFile, Note};

use super::*;
use crate::{Manner, Message, MessageKind, Notice, Notifier, Sending, Severity};

use MessageKind::{Escalated, Firing, Repeat, Resolved};

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;

/// What it answers to the attempts at a message, in turn; when all are used up it takes it.
#[derive(Debug, Default)]
struct Fake {
    taken: Mutex<Vec<Message>>,
    tried: Mutex<Vec<Message>>,
    refuses: Mutex<VecDeque<SendError>>,
    manner: Option<Manner>,
    thread: Option<String>,
}

impl Notifier for Arc<Fake> {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            self.tried.lock().unwrap().push(message.clone());
            if let Some(error) = self.refuses.lock().unwrap().pop_front() {
                return Err(error);
            }
            let mut taken = self.taken.lock().unwrap();
            taken.push(message.clone());
            Ok(Sent { thread: self.thread.clone() })
        })
    }

    fn manner(&self) -> Manner {
        self.manner.unwrap_or(Manner::PEOPLE)
    }
}

impl Fake {
    fn refuse(&self, error: SendError) {
        self.refuses.lock().unwrap().push_back(error);
    }

    fn kinds(&self) -> Vec<(MessageKind, usize)> {
        self.taken.lock().unwrap().iter().map(|message| (message.kind, message.alerts.len() + message.more)).collect()
    }

    fn tries(&self) -> usize {
        self.tried.lock().unwrap().len()
    }
}

struct World {
    _dir: tempfile::TempDir,
    metadata: Arc<MetadataFile>,
    fake: Arc<Fake>,
    delivery: Delivery,
}

fn world(fake: Fake) -> World {
    let dir = tempfile::tempdir().unwrap();
    let metadata = Arc::new(MetadataFile::open(dir.path()).unwrap());
    let fake = Arc::new(fake);
    let delivery = delivery(Arc::clone(&metadata) as Arc<dyn Metadata>, &fake);
    World { _dir: dir, metadata, fake, delivery }
}

fn delivery(metadata: Arc<dyn Metadata>, fake: &Arc<Fake>) -> Delivery {
    Delivery::new(metadata, Receivers::default().with("chat", Arc::clone(fake))).chance(|| 1.0)
}

fn row(episode: &str, kind: MessageKind, written: i64) -> Change {
    let notice = Notice { rule: "r".into(), fingerprint: episode.into(), episode: episode.into(), ..Notice::default() };
    let outgoing = Outgoing { kind, receiver: "chat".into(), written, ..Outgoing::of(notice) };
    outgoing.change(u32::try_from(written / SECOND).unwrap())
}

impl World {
    fn write(&self, rows: &[Change]) {
        self.metadata.apply(rows).unwrap();
    }

    async fn deliver(&self, now: i64) -> Pass {
        self.delivery.deliver(now).await.unwrap()
    }

    fn told(&self, episode: &str) -> Option<MessageKind> {
        Delivered::read(&*self.metadata, episode, "chat").unwrap().map(|known| known.kind)
    }

    /// Outcomes, the oldest first.
    fn history(&self, episode: &str) -> Vec<(Outcome, MessageKind, u32)> {
        let subject = format!("r/{episode}");
        let notes = self.metadata.notes("alert", Some(&subject), None, 100).unwrap();
        let read = |note: &Note| serde_json::from_str::<DeliveryNote>(&note.body).unwrap();
        notes.iter().rev().map(read).map(|note| (note.outcome, note.kind, note.attempts)).collect()
    }
}

#[tokio::test]
async fn a_hundred_alerts_of_a_group_are_one_message() {
    let world = world(Fake { thread: Some("t".into()), ..Fake::default() });
    let rows: Vec<Change> = (0..150).map(|index| row(&format!("e{index}"), Firing, SECOND)).collect();
    world.write(&rows);
    assert_eq!(world.deliver(SECOND).await, Pass { next: Some(2 * SECOND), ..Pass::default() }, "its window is open");
    assert_eq!(world.deliver(2 * SECOND).await, Pass { sent: 1, ..Pass::default() });
    let message = world.fake.taken.lock().unwrap()[0].clone();
    assert_eq!((message.alerts.len(), message.more), (100, 50));
    assert_eq!(world.told("e149"), Some(Firing), "those that it only counts were told of, too");
    assert_eq!(world.history("e149"), [(Outcome::Sent, Firing, 1)]);

    let rows: Vec<Change> = (0..120).map(|index| row(&format!("e{index}"), Resolved, 3 * SECOND)).collect();
    world.write(&rows);
    world.deliver(4 * SECOND).await;
    let message = world.fake.taken.lock().unwrap()[1].clone();
    assert_eq!((message.kind, message.thread.as_deref()), (Resolved, Some("t")));
    assert_eq!((message.alerts.len(), message.more, message.open), (100, 20, 50 - 20 + 20));
    assert_eq!(world.deliver(5 * SECOND).await, Pass::default());
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_later_and_nothing_else_changes() {
    let world = world(Fake::default());
    for _ in 0..3 {
        world.fake.refuse(SendError::transient("503"));
    }
    world.write(&[row("a", Firing, 0)]);
    let first = world.deliver(SECOND).await;
    assert_eq!(first, Pass { delayed: 1, next: Some(2 * SECOND), ..Pass::default() });
    assert_eq!((world.told("a"), world.history("a")), (None, vec![]));
    assert_eq!(world.deliver(2 * SECOND - 1).await.next, Some(2 * SECOND), "not before it is due");
    assert_eq!(world.deliver(2 * SECOND).await.next, Some(4 * SECOND));
    assert_eq!(world.deliver(4 * SECOND).await.next, Some(8 * SECOND));
    assert_eq!(world.deliver(8 * SECOND).await.sent, 1);
    let tried = world.fake.tried.lock().unwrap();
    assert!(tried.iter().all(|message| message.id == tried[0].id), "one message, one id");
    assert_eq!(tried.iter().map(|message| message.sent / SECOND).collect::<Vec<_>>(), [1, 2, 4, 8]);
    assert_eq!(world.history("a"), [(Outcome::Sent, Firing, 4)]);
}

#[tokio::test]
async fn after_a_day_it_is_given_up_and_shown() {
    let world = world(Fake::default());
    for _ in 0..10_000 {
        world.fake.refuse(SendError::transient("503"));
    }
    world.write(&[row("a", Firing, 0)]);
    let mut now = SECOND;
    let last = loop {
        let pass = world.deliver(now).await;
        if pass.failed > 0 {
            break pass;
        }
        now = pass.next.unwrap();
    };
    assert_eq!((last.next, now), (None, SECOND + 24 * HOUR));
    let failed = world.delivery.failed().unwrap().remove(0);
    assert_eq!(failed.error, "503, for too long");
    assert_eq!(failed.attempts as usize, world.fake.tries());
    assert_eq!(world.history("a"), [(Outcome::Failed, Firing, failed.attempts)]);
    world.write(&[row("a", Resolved, now)]);
    assert_eq!(world.deliver(now + SECOND).await.needless, 1, "nobody knew of it");
    world.write(&[failed.seen()]);
    assert_eq!(world.delivery.failed().unwrap(), []);
}

#[tokio::test]
async fn what_never_arrives_is_given_up_at_once() {
    let world = world(Fake::default());
    world.fake.refuse(SendError::lasting("404 no_service"));
    world.write(&[row("a", Firing, 0)]);
    assert_eq!(world.deliver(SECOND).await, Pass { failed: 1, ..Pass::default() });
    assert_eq!(world.delivery.failed().unwrap()[0].error, "404 no_service");
    assert_eq!(world.deliver(2 * SECOND).await, Pass::default());
}

#[tokio::test]
async fn who_wants_to_be_left_alone_is() {
    let world = world(Fake::default());
    world.fake.refuse(SendError::transient("429").retry_after(Duration::from_secs(60)));
    world.write(&[row("a", Firing, 0)]);
    assert_eq!(world.deliver(SECOND).await.next, Some(61 * SECOND));
    let mut other = row("b", Firing, 0);
    if let Change::Put { body, .. } = &mut other {
        *body = body.replace(r#""rule":"r"}"#, r#""rule":"other"}"#);
    }
    world.write(&[other]);
    assert_eq!(world.deliver(60 * SECOND).await.next, Some(61 * SECOND), "nothing else is sent to it either");
    assert_eq!(world.fake.tries(), 1);
    assert_eq!(world.deliver(61 * SECOND).await.sent, 2);

    world.fake.refuse(SendError::transient("429").retry_after(Duration::from_secs(86_400 * 30)));
    world.write(&[row("c", Firing, 61 * SECOND)]);
    assert_eq!(world.deliver(62 * SECOND).await.next, Some(62 * SECOND + 24 * HOUR), "once more before the end");
}

#[tokio::test]
async fn an_end_never_overtakes_its_beginning() {
    let world = world(Fake::default());
    world.fake.refuse(SendError::transient("no connection"));
    world.write(&[row("a", Firing, 0)]);
    world.deliver(SECOND).await;
    // It may have arrived; so the end is told after it.
    world.write(&[row("a", Resolved, SECOND)]);
    assert_eq!(world.deliver(2 * SECOND - 1).await.sent, 0);
    world.deliver(2 * SECOND).await;
    world.deliver(3 * SECOND).await;
    assert_eq!(world.fake.kinds(), [(Firing, 1), (Resolved, 1)]);

    world.write(&[row("b", Firing, 3 * SECOND), row("b", Resolved, 4 * SECOND)]);
    assert_eq!(world.deliver(9 * SECOND).await, Pass { needless: 2, ..Pass::default() });
    assert_eq!(world.history("b"), [(Outcome::Needless, Firing, 0)], "over before it was told");
}

#[tokio::test]
async fn more_than_people_can_read_becomes_one() {
    let world =
        world(Fake { manner: Some(Manner { per_minute: Some(3), alerts: 2, remind: None }), ..Fake::default() });
    let rows = (0..10).map(|index| {
        let Change::Put { kind, key, body, expect } = row(&format!("e{index}"), Firing, 0) else { unreachable!() };
        Change::Put { kind, key, body: body.replace(r#""rule":"r"}"#, &format!(r#""rule":"{index}"}}"#)), expect }
    });
    world.write(&rows.collect::<Vec<_>>());
    assert_eq!(world.deliver(SECOND).await.sent, 3);
    assert_eq!(world.fake.kinds(), [(Firing, 1), (Firing, 1), (Firing, 8)]);
    let last = world.fake.taken.lock().unwrap()[2].clone();
    assert_eq!((last.alerts.len(), last.more), (2, 6));
    world.write(&[row("late", Firing, SECOND)]);
    assert_eq!(world.deliver(2 * SECOND).await, Pass { next: Some(61 * SECOND), ..Pass::default() });
    assert_eq!(world.deliver(61 * SECOND).await.sent, 1);
}

#[tokio::test]
async fn who_forgets_is_reminded_until_it_is_over() {
    let remind = Some(Duration::from_secs(60));
    let world = world(Fake { manner: Some(Manner { remind, ..Manner::PROGRAM }), ..Fake::default() });
    world.write(&[row("a", Firing, 0), row("b", Firing, 0)]);
    let pass = world.deliver(SECOND).await;
    assert_eq!((pass.sent, pass.next), (1, Some(61 * SECOND)));
    world.fake.taken.lock().unwrap().clear();
    world.write(&[row("a", Resolved, 2 * SECOND)]);
    world.deliver(3 * SECOND).await;
    assert_eq!(world.deliver(61 * SECOND).await, Pass { next: Some(121 * SECOND), ..Pass::default() });
    assert_eq!(world.fake.kinds(), [(Resolved, 1), (Repeat, 1)]);
    world.fake.refuse(SendError::transient("503"));
    assert_eq!(world.deliver(121 * SECOND).await, Pass { next: Some(181 * SECOND), ..Pass::default() });
    assert_eq!(world.history("b").len(), 1, "reminders are no history");
}

#[tokio::test]
async fn who_was_never_told_of_the_end_is_not_reminded_for_ever() {
    let remind = Some(Duration::from_secs(60));
    let world = world(Fake { manner: Some(Manner { remind, ..Manner::PROGRAM }), ..Fake::default() });
    world.write(&[row("a", Firing, 0)]);
    world.deliver(SECOND).await;
    world.write(&[row("a", Resolved, 2 * SECOND)]);
    world.fake.refuse(SendError::lasting("400"));
    world.deliver(3 * SECOND).await;
    world.deliver(61 * SECOND).await;
    assert_eq!(world.fake.kinds(), [(Firing, 1), (Repeat, 1)], "once, with the first");
    assert_eq!(world.told("a"), Some(Firing), "what it was told is what it was told");
}

#[tokio::test]
async fn receivers_that_are_gone_leave_nothing_behind() {
    let world = world(Fake::default());
    world.fake.refuse(SendError::transient("503"));
    world.write(&[row("a", Firing, 0)]);
    world.deliver(SECOND).await;
    world.write(&[row("b", Firing, 0)]);
    world.write(&[Change::Put { kind: Outgoing::KIND, key: "x".into(), body: "{".into(), expect: Expect::Any }]);
    let without = Delivery::new(Arc::clone(&world.metadata) as Arc<dyn Metadata>, Receivers::default());
    let pass = without.deliver(2 * SECOND).await.unwrap();
    assert_eq!((pass.failed, pass.needless), (1, 1));
    assert_eq!(world.history("b"), [(Outcome::Failed, Firing, 0)]);
    assert_eq!(without.deliver(3 * SECOND).await.unwrap(), Pass::default());
    assert_eq!(world.metadata.all(Outgoing::KIND).unwrap(), []);
}

#[tokio::test]
async fn a_notifier_that_panics_or_hangs_fails() {
    #[derive(Debug)]
    struct Bad;
    impl Notifier for Bad {
        fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
            Box::pin(async move {
                if message.alerts[0].episode == "panics" { panic!("as told") } else { std::future::pending().await }
            })
        }
    }
    for (episode, expected) in [("panics", "the notifier panicked"), ("hangs", "no answer within 0 s")] {
        let world = world(Fake::default());
        world.write(&[row(episode, Firing, 0)]);
        let metadata = Arc::clone(&world.metadata) as Arc<dyn Metadata>;
        let pace = Pace { patience: Duration::from_millis(10), give_up: Duration::ZERO, ..Pace::default() };
        let delivery = Delivery::new(metadata, Receivers::default().with("chat", Bad)).pace(pace);
        assert_eq!(delivery.deliver(SECOND).await.unwrap().failed, 1);
        assert_eq!(delivery.failed().unwrap()[0].error, format!("{expected}, for too long"));
    }
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let world = world(Fake::default());
    let far = 8 * 24 * HOUR;
    world.write(&[row("old", Firing, 0), row("open", Firing, 0)]);
    world.deliver(SECOND).await;
    world.write(&[row("old", Resolved, SECOND)]);
    world.deliver(2 * SECOND).await;
    world.write(&[row("new", Firing, far - HOUR)]);
    world.deliver(far - 2 * SECOND).await;
    world.deliver(far).await;
    world.deliver(far + HOUR).await;
    assert_eq!((world.told("old"), world.told("open"), world.told("new")), (None, Some(Firing), Some(Firing)));
    let all = Deliveries::read(&*world.metadata).unwrap();
    assert_eq!(
        (all.last_firing("r", "old", "chat"), all.last_firing("r", "new", "chat")),
        (None, Some(far - 2 * SECOND))
    );
}

#[tokio::test]
async fn a_pass_that_is_dropped_sends_the_same_again() {
    #[derive(Debug)]
    struct Mute(Mutex<Vec<String>>, tokio::sync::Notify);
    impl Notifier for Arc<Mute> {
        fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
            Box::pin(async move {
                self.0.lock().unwrap().push(message.id.clone());
                self.1.notify_one();
                std::future::pending().await
            })
        }
    }
    let world = world(Fake::default());
    world.write(&[row("a", Firing, 0)]);
    let mute = Arc::new(Mute(Mutex::default(), tokio::sync::Notify::new()));
    let metadata = Arc::clone(&world.metadata) as Arc<dyn Metadata>;
    let delivery = Delivery::new(metadata, Receivers::default().with("chat", Arc::clone(&mute)));
    tokio::select! {
        _ = delivery.deliver(SECOND) => unreachable!("it waits for an answer"),
        () = mute.1.notified() => (),
    }
    tokio::select! {
        _ = delivery.deliver(SECOND) => unreachable!("it waits for an answer"),
        () = mute.1.notified() => (),
    }
    assert_eq!(world.deliver(SECOND).await.sent, 1);
    let ids = mute.0.lock().unwrap().clone();
    let taken = world.fake.taken.lock().unwrap()[0].id.clone();
    assert_eq!(ids, [taken.clone(), taken]);
}

#[tokio::test]
async fn a_slow_receiver_holds_up_nobody_else() {
    #[derive(Debug)]
    struct Slow(tokio::sync::Semaphore, tokio::sync::Notify);
    impl Notifier for Arc<Slow> {
        fn send<'a>(&'a self, _: &'a Message) -> Sending<'a> {
            Box::pin(async move {
                self.1.notify_one();
                self.0.acquire().await.unwrap().forget();
                Ok(Sent::default())
            })
        }
    }
    let world = world(Fake::default());
    let slow = Arc::new(Slow(tokio::sync::Semaphore::new(0), tokio::sync::Notify::new()));
    let receivers = Receivers::default().with("chat", Arc::clone(&world.fake)).with("slow", Arc::clone(&slow));
    let delivery = Delivery::new(Arc::clone(&world.metadata) as Arc<dyn Metadata>, receivers);
    let notice = Notice { episode: "s".into(), severity: Severity::Critical, ..Notice::default() };
    world.write(&[Outgoing { receiver: "slow".into(), ..Outgoing::of(notice) }.change(0)]);
    let first = delivery.deliver(SECOND);
    let others = async {
        slow.1.notified().await;
        for second in 1..5 {
            world.write(&[row(&format!("e{second}"), Firing, second * SECOND)]);
            assert_eq!(delivery.deliver((second + 1) * SECOND).await.unwrap().sent, 1);
        }
        slow.0.add_permits(1);
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!(first.unwrap().sent, 1);
    assert_eq!(world.fake.kinds().len(), 4);
}
