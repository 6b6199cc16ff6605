//! The cells of one route, and of one way in which it ends. What is rarely counted has its cell once it was.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use cupola_record::Outcome;

use crate::by::seconds;
use crate::cells::histogram::{HistogramCells, Summed};
use crate::cells::layout::Layout;
use crate::cells::striped::Striped;
use crate::distribution::Detail;
use crate::encoder::Encoder;
use crate::family::Family;
use crate::histogram::{DURATION_BUCKETS, SIZE_BUCKETS};
use crate::overflow;
use crate::route_metrics::families::{ACTIVE, DURATION, HEAD};
use crate::snapshot::Value;

/// From a second to half a day: connections that stay open.
const LIFETIMES: [f64; 9] = [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0];

/// The outcomes without a whole response.
pub(super) const ABORTED: [Outcome; 6] = [
    Outcome::ServiceError,
    Outcome::BodyError,
    Outcome::ClosedBeforeHead,
    Outcome::ClosedMidBody,
    Outcome::TimedOut,
    Outcome::Panicked,
];

/// Which bounds the histograms have.
#[derive(Debug)]
pub(super) struct Layouts {
    pub(super) durations: Arc<Layout>,
    sizes: Arc<Layout>,
    lifetimes: Arc<Layout>,
}

impl Layouts {
    pub(super) fn new() -> Self {
        let layout = |summed: Summed, bounds: &[f64]| summed.layout(bounds).expect("the bounds rise from above zero");
        Self {
            durations: layout(Summed::Nanos, &DURATION_BUCKETS),
            sizes: layout(Summed::Whole, &SIZE_BUCKETS),
            lifetimes: layout(Summed::Nanos, &LIFETIMES),
        }
    }
}

/// How many requests of a method and a scheme have begun and not ended.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) created: SystemTime,
    pub(super) requests: Striped,
}

impl Active {
    pub(super) fn new(created: SystemTime) -> Self {
        Self { created, requests: Striped::default() }
    }
}

/// What is counted of a method, a route and a scheme.
#[derive(Debug)]
pub(super) struct AskedCells {
    pub(super) created: SystemTime,
    pub(super) slow: OnceLock<Box<Striped>>,
    outcomes: OnceLock<Box<[Striped; ABORTED.len() + 1]>>,
    pub(super) head: OnceLock<Box<HistogramCells>>,
    pub(super) busy: OnceLock<Box<HistogramCells>>,
    pub(super) lifetime: OnceLock<Box<HistogramCells>>,
}

fn durations(layout: &Arc<Layout>) -> Box<HistogramCells> {
    Box::new(HistogramCells::new(Arc::clone(layout), Summed::Nanos))
}

impl AskedCells {
    pub(super) fn new(created: SystemTime) -> Self {
        Self {
            created,
            slow: OnceLock::new(),
            outcomes: OnceLock::new(),
            head: OnceLock::new(),
            busy: OnceLock::new(),
            lifetime: OnceLock::new(),
        }
    }

    pub(super) fn slow(&self) -> &Striped {
        self.slow.get_or_init(Box::default)
    }

    #[inline]
    pub(super) fn head(&self, layouts: &Layouts) -> &HistogramCells {
        self.head.get_or_init(|| durations(&layouts.durations))
    }

    pub(super) fn busy(&self, layouts: &Layouts) -> &HistogramCells {
        self.busy.get_or_init(|| durations(&layouts.durations))
    }

    pub(super) fn lifetime(&self, layouts: &Layouts) -> &HistogramCells {
        self.lifetime.get_or_init(|| durations(&layouts.lifetimes))
    }

    pub(super) fn count_outcome(&self, outcome: Outcome) {
        if let Some(place) = place(outcome) {
            self.outcomes.get_or_init(Box::default)[place].add(1);
        }
    }

    /// How many have ended so, if any.
    pub(super) fn outcome(&self, outcome: Outcome) -> Option<Value> {
        let count = self.outcomes.get()?[place(outcome)?].get();
        (count > 0).then(|| Value::Number(count.into()))
    }
}

/// Where an outcome is counted; a whole response is nowhere.
fn place(outcome: Outcome) -> Option<usize> {
    let upgraded = (outcome == Outcome::Upgraded).then_some(ABORTED.len());
    ABORTED.iter().position(|aborted| *aborted == outcome).or(upgraded)
}

/// What is counted of one way in which a route ends.
#[derive(Debug)]
pub(super) struct EndCells {
    pub(super) created: SystemTime,
    pub(super) duration: HistogramCells,
    pub(super) request: OnceLock<Box<HistogramCells>>,
    pub(super) response: OnceLock<Box<HistogramCells>>,
    /// How many there were when they last were more than before, and when that was seen.
    seen: AtomicU64,
    changed: AtomicU64,
}

impl EndCells {
    pub(super) fn new(layout: Arc<Layout>, created: SystemTime) -> Self {
        Self {
            created,
            duration: HistogramCells::new(layout, Summed::Nanos),
            request: OnceLock::new(),
            response: OnceLock::new(),
            seen: AtomicU64::new(0),
            changed: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(super) fn request(&self, layouts: &Layouts) -> &HistogramCells {
        sizes(&self.request, layouts)
    }

    #[inline]
    pub(super) fn response(&self, layouts: &Layouts) -> &HistogramCells {
        sizes(&self.response, layouts)
    }

    /// Whether something was counted here within the time for which idle series are shown.
    pub(super) fn is_shown(&self, now: SystemTime, expire_after: Option<Duration>) -> bool {
        let Some(after) = expire_after else { return true };
        let (count, now) = (self.duration.count_all(), seconds(now));
        if self.seen.swap(count, Ordering::Relaxed) != count {
            self.changed.store(now, Ordering::Relaxed);
        }
        now.saturating_sub(self.changed.load(Ordering::Relaxed)) < after.as_secs()
    }
}

#[inline]
fn sizes<'a>(cells: &'a OnceLock<Box<HistogramCells>>, layouts: &Layouts) -> &'a HistogramCells {
    cells.get_or_init(|| Box::new(HistogramCells::new(Arc::clone(&layouts.sizes), Summed::Whole)))
}

pub(super) fn read(cells: &HistogramCells, detail: Detail) -> Value {
    Value::Distribution(cells.read(detail))
}

/// How many updates went to a series that stands for others, or had a label's value that does.
#[derive(Debug, Default)]
pub(super) struct Overflow {
    pub(super) ends: Folded,
    pub(super) active: Folded,
    pub(super) asked: Folded,
    pub(super) labels: Folded,
}

#[derive(Debug, Default)]
pub(super) struct Folded(AtomicU64);

impl Folded {
    #[inline]
    pub(super) fn count(&self, folded: bool) {
        if folded {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Overflow {
    pub(super) fn encode(&self, encoder: &mut Encoder<'_>) {
        let get = |folded: &Folded| folded.0.load(Ordering::Relaxed);
        let counts: [(Family, u64); 3] =
            [(DURATION, get(&self.ends) + get(&self.labels)), (ACTIVE, get(&self.active)), (HEAD, get(&self.asked))];
        for (family, count) in counts {
            overflow::encode(encoder, &family, count);
        }
    }
}
