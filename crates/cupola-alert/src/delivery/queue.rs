//! What waits, and the work on it for one receiver.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cupola_store::{Change, Metadata, MetadataError};

use super::history::{DeliveryNote, Outcome};
use super::plan::{Known, Plan, Room, Row, plan};
use super::sending::{OnItsWay, Verdict, reminder};
use super::{Deliveries, Delivery, Memory, Outgoing, Pass, nanos};
use crate::{Delivered, Message, MessageKind, Notice, Receiver, SendError, Sent};

const MINUTE: i64 = 60_000_000_000;

/// Whose turn it is for receivers that are no longer there: no receiver is named like this.
const STRANGERS: &str = "";

const GONE: &str = "there is no receiver of this name any more";

/// All that waits.
#[derive(Debug)]
pub(super) struct Queue {
    rows: Vec<Row>,
    on_their_way: Vec<OnItsWay>,
}

/// What waits for one receiver.
#[derive(Debug, Default)]
pub(super) struct Work {
    rows: Vec<Row>,
    on_their_way: Vec<OnItsWay>,
}

impl Queue {
    pub(super) fn read(metadata: &dyn Metadata) -> Result<Self, MetadataError> {
        // First what is on its way: a row that becomes a message in between is then in neither, and not in both.
        let on_their_way = metadata.all(OnItsWay::KIND)?;
        let mut rows = Vec::new();
        let mut unreadable = Vec::new();
        for document in metadata.all(Outgoing::KIND)? {
            match serde_json::from_str(&document.body) {
                Ok(outgoing) => rows.push(Row { key: document.key, outgoing }),
                Err(error) => {
                    tracing::warn!(target: "cupola", key = document.key, %error, "a row of the outbox cannot be read");
                    unreadable.push(Change::Delete { kind: Outgoing::KIND, key: document.key });
                }
            }
        }
        if !unreadable.is_empty() {
            metadata.apply(&unreadable)?;
        }
        Ok(Self { rows, on_their_way: on_their_way.iter().filter_map(OnItsWay::read).collect() })
    }

    pub(super) fn by_receiver(self) -> BTreeMap<String, Work> {
        let mut all: BTreeMap<String, Work> = BTreeMap::new();
        for row in self.rows {
            all.entry(row.outgoing.receiver.clone()).or_default().rows.push(row);
        }
        for message in self.on_their_way {
            all.entry(message.message.receiver.clone()).or_default().on_their_way.push(message);
        }
        all
    }
}

/// One pass at a time for each receiver; it ends also where the pass is dropped.
pub(super) struct Turn<'a> {
    delivery: &'a Delivery,
    pub(super) name: String,
}

impl Turn<'_> {
    pub(super) fn is_for_strangers(&self) -> bool {
        self.name == STRANGERS
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.delivery.remember(&self.name, |memory| memory.is_busy = false);
    }
}

impl Delivery {
    /// Of all receivers that no other pass is at.
    pub(super) fn turns(&self) -> Vec<Turn<'_>> {
        let is_free = |name: &&str| !self.remember(name, |memory| std::mem::replace(&mut memory.is_busy, true));
        let free = self.receivers.names().chain([STRANGERS]).filter(is_free);
        free.map(|name| Turn { delivery: self, name: name.to_owned() }).collect()
    }

    pub(super) async fn deliver_to(&self, turn: Turn<'_>, work: Work, now: i64) -> Result<Pass, MetadataError> {
        let mut pass = Pass::default();
        let Some(receiver) = self.receivers.get(&turn.name) else { return Ok(pass) };
        if !work.rows.is_empty() || !work.on_their_way.is_empty() {
            self.work(&turn.name, receiver, work, now, &mut pass).await?;
        }
        self.remind(&turn.name, receiver, now, &mut pass).await?;
        Ok(pass)
    }

    async fn work(
        &self,
        name: &str,
        receiver: &Receiver,
        work: Work,
        now: i64,
        pass: &mut Pass,
    ) -> Result<(), MetadataError> {
        let Work { rows, mut on_their_way } = work;
        on_their_way.sort_by_key(|message| message.message.time);
        if let Some(hold) = on_their_way.iter().filter(|message| message.holds(now)).filter_map(|m| m.hold).max() {
            pass.again(hold);
            return Ok(());
        }
        let mut waits = BTreeSet::new();
        for message in on_their_way {
            let episodes = message.episodes();
            // A message about the same episode that is older comes first.
            if !message.is_due(now) || !waits.is_disjoint(&episodes) {
                pass.again(message.due);
                waits.extend(episodes);
            } else if !self.attempt(receiver, message, now, pass).await? {
                // It may be down: what else there is waits for the next pass, and grows together meanwhile.
                return Ok(());
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let (receiver_name, episodes) =
            (name.to_owned(), rows.iter().map(|row| row.outgoing.notice.episode.clone()).collect());
        let about = self.blocking(move |metadata| Deliveries::about(metadata, &receiver_name, &episodes));
        let deliveries = about.await?;
        let known = |episode: &str| deliveries.of(episode, name).map(|known| Known { thread: known.thread.clone() });
        let messages = self.room(name, receiver, now);
        let room = Room { now, window: self.pace.window, messages };
        let Plan { bundles, needless, next, is_full } = plan(rows, &known, &waits, room);
        next.into_iter().for_each(|next| pass.again(next));
        if is_full {
            let first = self.remember(name, |memory| memory.begun.front().copied());
            pass.again(first.unwrap_or(now) + MINUTE);
        }
        self.drop_needless(needless, Outcome::Needless, now, pass).await?;
        for bundle in bundles {
            let (message, changes) = OnItsWay::of(bundle, name, receiver.notifier.manner().alerts, now);
            self.blocking(move |metadata| metadata.apply(&changes)).await?;
            self.remember(name, |memory| memory.begun.push_back(now));
            if !self.attempt(receiver, message, now, pass).await? {
                break;
            }
        }
        Ok(())
    }

    /// Whether the receiver is there: it took the message, or will never take it.
    async fn attempt(
        &self,
        receiver: &Receiver,
        mut on_its_way: OnItsWay,
        now: i64,
        pass: &mut Pass,
    ) -> Result<bool, MetadataError> {
        let message = &mut on_its_way.message;
        let (id, name) = (message.id.clone(), message.receiver.clone());
        let earlier = self.remember(&name, |memory| memory.unwritten.remove(&id));
        let outcome = match earlier {
            Some(outcome) => outcome,
            None => {
                message.sent = now;
                if let (MessageKind::Resolved, Some(thread)) = (message.kind, message.thread.clone()) {
                    let deliveries = self.blocking(Deliveries::read).await?;
                    message.open = deliveries.open(&name, &thread, &message.alerts);
                }
                self.send(receiver, message.clone()).await
            }
        };
        let written = self.write_down(receiver, on_its_way, &outcome, now, pass).await;
        if written.is_err() {
            self.remember(&name, |memory| memory.unwritten.insert(id, outcome));
        }
        written
    }

    async fn write_down(
        &self,
        receiver: &Receiver,
        on_its_way: OnItsWay,
        outcome: &Result<Sent, SendError>,
        now: i64,
        pass: &mut Pass,
    ) -> Result<bool, MetadataError> {
        let keeps = receiver.notifier.manner().remind.is_some();
        let (name, receiver_name) = (on_its_way.message.receiver.clone(), on_its_way.message.receiver.clone());
        let is_end = on_its_way.message.kind == MessageKind::Resolved;
        let ended: Vec<Notice> = on_its_way.notices().filter(|_| keeps && is_end).cloned().collect();
        match outcome {
            Ok(sent) => {
                let sent = sent.clone();
                self.blocking(move |metadata| {
                    let before = Deliveries::about(metadata, &on_its_way.message.receiver, &on_its_way.episodes())?;
                    metadata.apply(&on_its_way.taken(&sent, &before, keeps, now))
                })
                .await?;
                pass.sent += 1;
                Ok(true)
            }
            Err(error) => match on_its_way.refused(error, self.pace.give_up, (self.chance)(), now) {
                Verdict::Again { due, changes } => {
                    self.blocking(move |metadata| metadata.apply(&changes)).await?;
                    pass.delayed += 1;
                    pass.again(due);
                    Ok(false)
                }
                Verdict::GivenUp(mut changes) => {
                    self.blocking(move |metadata| {
                        // That it is over was never taken; but it is not reminded any more that it goes on.
                        for notice in ended {
                            if let Some(known) = Delivered::read(metadata, &notice.episode, &name)? {
                                changes.extend(Delivered { notice: None, ..known }.changes(&notice));
                            }
                        }
                        metadata.apply(&changes)
                    })
                    .await?;
                    tracing::warn!(target: "cupola", receiver = receiver_name, %error, "a message of alerts is given up");
                    pass.failed += 1;
                    Ok(error.is_lasting())
                }
            },
        }
    }

    /// In a task of its own: a notifier that panics fails, and harms nobody else.
    async fn send(&self, receiver: &Receiver, message: Message) -> Result<Sent, SendError> {
        let notifier = std::sync::Arc::clone(&receiver.notifier);
        let patience = self.pace.patience;
        let mut task = tokio::task::JoinSet::new();
        task.spawn(async move { tokio::time::timeout(patience, notifier.send(&message)).await });
        match task.join_next().await {
            Some(Ok(Ok(outcome))) => outcome,
            Some(Ok(Err(_))) => Err(SendError::transient(format!("no answer within {} s", patience.as_secs()))),
            Some(Err(_)) | None => Err(SendError::transient("the notifier panicked")),
        }
    }

    /// How many messages there may be yet in this minute.
    fn room(&self, name: &str, receiver: &Receiver, now: i64) -> usize {
        let Some(most) = receiver.notifier.manner().per_minute else { return usize::MAX };
        self.remember(name, |memory| {
            // Also what a clock that was set back makes later than now.
            memory.begun.retain(|begun| (now - MINUTE + 1..=now).contains(begun));
            (most as usize).saturating_sub(memory.begun.len())
        })
    }

    /// What is for receivers that are no longer there.
    pub(super) async fn nobody(&self, work: BTreeMap<String, Work>, now: i64) -> Result<Pass, MetadataError> {
        let mut pass = Pass::default();
        for (name, Work { rows, on_their_way }) in work {
            tracing::warn!(target: "cupola", receiver = name, "messages are for a receiver that is not configured any more");
            for message in on_their_way {
                if let Verdict::GivenUp(changes) = message.refused(&SendError::lasting(GONE), Duration::ZERO, 0.0, now)
                {
                    self.blocking(move |metadata| metadata.apply(&changes)).await?;
                    pass.failed += 1;
                }
            }
            let rows = rows.into_iter().map(|row| (row, GONE)).collect();
            self.drop_needless(rows, Outcome::Failed, now, &mut pass).await?;
        }
        Ok(pass)
    }

    async fn drop_needless(
        &self,
        rows: Vec<(Row, &'static str)>,
        outcome: Outcome,
        now: i64,
        pass: &mut Pass,
    ) -> Result<(), MetadataError> {
        if rows.is_empty() {
            return Ok(());
        }
        pass.needless += rows.len();
        let mut changes = Vec::new();
        for (Row { key, outgoing }, why) in rows {
            changes.push(Change::Delete { kind: Outgoing::KIND, key });
            // That a message which only says that it is over was not needed is no news.
            if outgoing.kind != MessageKind::Resolved || outcome == Outcome::Failed {
                let note = DeliveryNote {
                    outcome,
                    kind: outgoing.kind,
                    receiver: outgoing.receiver,
                    episode: outgoing.notice.episode.clone(),
                    message: None,
                    attempts: 0,
                    why: Some(why.to_owned()),
                };
                changes.push(note.change(&outgoing.notice, now));
            }
        }
        self.blocking(move |metadata| metadata.apply(&changes)).await
    }

    /// Tells those who forget that what they were told of goes on. Nothing of it is written down: the next one says the same.
    async fn remind(&self, name: &str, receiver: &Receiver, now: i64, pass: &mut Pass) -> Result<(), MetadataError> {
        let Some(every) = receiver.notifier.manner().remind else { return Ok(()) };
        let due = self.remember(name, |memory| memory.reminded).map(|reminded| reminded.saturating_add(nanos(every)));
        if let Some(due) = due.filter(|due| now < *due && due - now <= nanos(every)) {
            pass.again(due);
            return Ok(());
        }
        let deliveries = self.blocking(Deliveries::read).await?;
        let alerts = deliveries.going_on(name);
        self.remember(name, |memory| memory.reminded = Some(now));
        pass.again(now.saturating_add(nanos(every)));
        if !alerts.is_empty()
            && let Err(error) = self.send(receiver, reminder(name, alerts, now)).await
        {
            tracing::debug!(target: "cupola", receiver = name, %error, "a receiver was not reminded of what goes on");
        }
        Ok(())
    }

    fn remember<T>(&self, name: &str, of: impl FnOnce(&mut Memory) -> T) -> T {
        of(self.memory().entry(name.to_owned()).or_default())
    }
}
