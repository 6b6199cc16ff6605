//! Watches what comes in: over a connection to a server, by looking again and again at a store.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use cupola_store::language::Expression;
use cupola_store::{Entry, Query as _, Search, Selection, Signal};
use tokio::sync::watch;
use tokio::time::sleep;

use super::log::Rows;
use super::news::News;
use super::poll::Pace;
use super::source::Source;
use crate::alerts::now;
use crate::options::stored::line_of;
use crate::remote::{Came, Remote};

/// So many entries are shown of those that were there before.
const BEFORE: usize = 200;
/// Not older than this, in nanoseconds.
const OLDEST: i64 = 3_600_000_000_000;
/// How often a store is looked at.
const LOOKS: Duration = Duration::from_secs(1);
/// So much later than its time an entry may come into a store, in nanoseconds.
const LATE: i64 = 5_000_000_000;
/// So many entries are known again.
const KNOWN: usize = 20_000;

/// Which entries are watched; each choice has a number.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) number: u64,
    pub(super) expression: Option<Expression>,
}

/// Watches, and tells what comes.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) rows: Rows,
    pub(super) news: SyncSender<News>,
    known: Known,
}

/// Entries that have been told of: those of before may come once more.
#[derive(Debug, Default)]
struct Known {
    number: u64,
    all: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Known {
    /// Whether an entry is new, and no longer is.
    fn is_new(&mut self, entry: &Entry) -> bool {
        let mut hasher = DefaultHasher::new();
        (entry.time(), line_of(entry)).hash(&mut hasher);
        let is_new = self.all.insert(hasher.finish());
        if is_new {
            self.order.push_back(hasher.finish());
        }
        if self.order.len() > KNOWN {
            self.order.pop_front().map(|oldest| self.all.remove(&oldest));
        }
        is_new
    }

    /// Knows none where other entries are watched.
    fn of(&mut self, number: u64) {
        if self.number != number {
            *self = Self { number, ..Self::default() };
        }
    }
}

impl Watcher {
    pub(super) fn new(rows: Rows, news: SyncSender<News>) -> Self {
        Self { rows, news, known: Known::default() }
    }

    /// Goes on until nobody chooses any more.
    pub(super) fn run(mut self, source: &Source, mut filters: watch::Receiver<Filter>) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let mut pace = Pace::new(LOOKS);
            loop {
                let filter = filters.borrow_and_update().clone();
                self.known.of(filter.number);
                tokio::select! {
                    error = self.follow(source, &filter, &mut pace) => {
                        let (wait, told) = pace.after(Err(error));
                        self.tell(News::Tail(told));
                        tokio::select! {
                            () = sleep(wait) => {}
                            chosen = filters.changed() => if chosen.is_err() { return },
                        }
                    }
                    chosen = filters.changed() => if chosen.is_err() { return },
                }
            }
        });
    }

    /// Goes on until it fails.
    async fn follow(&mut self, source: &Source, filter: &Filter, pace: &mut Pace) -> anyhow::Error {
        let ended = match source {
            Source::Server(remote) => self.listen(remote, filter, pace).await,
            Source::Store(_, reader) => self.look(reader, filter, pace).await,
        };
        ended.unwrap_or_else(|error| error)
    }

    async fn listen(&mut self, remote: &Remote, filter: &Filter, pace: &mut Pace) -> anyhow::Result<anyhow::Error> {
        // Begun before one asks what was there, so that nothing lies in between.
        let mut tail = remote.tail(filter.expression.as_ref()).await?;
        let found = remote.recent(&before(filter, now() - OLDEST, BEFORE)).await?;
        self.entries(filter, found.entries.iter().rev());
        self.tell(News::Tail(Ok(())));
        pace.went_well();
        loop {
            let came = match tail.next().await {
                Ok(came) => came,
                Err(error) => return Ok(error.context(remote.to_string())),
            };
            for came in came {
                match came {
                    Came::Entry(entry) => self.entries(filter, [&entry]),
                    Came::Dropped(count) => self.tell(News::Dropped(count)),
                }
            }
        }
    }

    async fn look(
        &mut self,
        reader: &cupola_store::Reader,
        filter: &Filter,
        pace: &mut Pace,
    ) -> anyhow::Result<anyhow::Error> {
        let mut search = before(filter, now() - OLDEST, BEFORE);
        let mut newest = now() - LATE;
        loop {
            let found = reader.search(&search)?;
            newest = found.entries.first().map_or(newest, |entry| newest.max(entry.time()));
            self.entries(filter, found.entries.iter().rev());
            self.tell(News::Tail(Ok(())));
            search = before(filter, newest - LATE, cupola_store::MAX_PAGE);
            sleep(pace.went_well()).await;
        }
    }

    fn entries<'e>(&mut self, filter: &Filter, entries: impl IntoIterator<Item = &'e Entry>) {
        let new = entries.into_iter().filter(|entry| self.known.is_new(entry));
        let rows: Vec<_> = new.flat_map(|entry| self.rows.of(entry)).collect();
        if !rows.is_empty() {
            self.tell(News::Rows(filter.number, rows));
        }
    }

    /// Where nobody draws any more the process ends.
    fn tell(&self, news: News) {
        _ = self.news.send(news);
    }
}

/// What is there at the moment, the newest first.
pub(super) fn recent(source: &Source, filter: &Filter) -> anyhow::Result<Vec<Entry>> {
    let search = before(filter, now() - OLDEST, BEFORE);
    Ok(match source {
        Source::Server(remote) => remote.search(&search)?.entries,
        Source::Store(_, reader) => reader.search(&search)?.entries,
    })
}

/// The newest entries of a filter.
fn before(filter: &Filter, since: i64, limit: usize) -> Search {
    let selection =
        Selection { expression: filter.expression.clone(), since: Some(since), ..Selection::of(Signal::Logs) };
    Search { selection, limit, cursor: None }
}

#[cfg(test)]
mod tests {
    use cupola_store::Value;

    use super::*;

    #[test]
    fn an_entry_is_told_of_once_for_each_filter() {
        let entry = |time| Entry::from_fields(time, [("message", Value::Text("up"))]);
        let mut known = Known::default();
        assert_eq!([1, 1, 2].map(|time| known.is_new(&entry(time))), [true, false, true]);
        known.of(0);
        assert!(!known.is_new(&entry(1)), "the connection was lost, and is back");
        known.of(1);
        assert!(known.is_new(&entry(1)));
        (0..KNOWN as i64 + 10).for_each(|time| _ = known.is_new(&entry(time)));
        assert_eq!((known.all.len(), known.order.len()), (KNOWN, KNOWN));
    }
}
