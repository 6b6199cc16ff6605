//! What it costs that work which leaves its request still belongs to it: a spawned task, a channel, an envelope, a job.
//!
//! `jobs` prints a row for each: nanoseconds of the bare work and of ours, which take turns, and what is between them; below it the same
//! with what others have for that. They are medians of many short rounds in many passes over all rows, so that a machine that is
//! slower for a while is so to each of them. `jobs --quick` is for a test that all of them run at all.
//! `jobs NAME bare|with CALLS` does one of them so often, to be counted: `valgrind --tool=callgrind jobs spawn with 1100`, less
//! the same with 100, by 1000.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use apalis::layers::tracing::TraceLayer;
use apalis::prelude::{BoxDynError, Task, TaskBuilder, TaskId};
use cupola::context::{Context, Envelope, FieldValue, Fresh, RequestIdFormat, SpawnInContext};
use cupola::job::{Carried, Jobs};
use cupola::metrics::{JobMetrics, Registry};
use cupola::record::{And, JobLog, Record, Sink};
use cupola::telemetry::{Config, Telemetry};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tower::{Layer, Service, ServiceExt, service_fn};
use tracing::dispatcher::with_default;
use tracing::{Dispatch, Instrument, Span};
use tracing_subscriber::filter::LevelFilter;

/// A row: its name and what its rounds took. A heading has none.
type Rows = Vec<(String, Vec<[f64; 3]>)>;

/// What the command line asks for.
enum Ask {
    /// A row for each, of so many rounds of so many calls in each pass.
    Rows { passes: usize, rounds: usize, calls: u32, rows: RefCell<Rows> },
    /// One of them, so often.
    Count { name: String, with: bool, calls: u32 },
}

impl Ask {
    fn from_args() -> Option<Self> {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        match args[..] {
            [] => Some(Self::Rows { passes: 25, rounds: 81, calls: 200, rows: RefCell::default() }),
            ["--quick"] => Some(Self::Rows { passes: 1, rounds: 3, calls: 20, rows: RefCell::default() }),
            [name, part @ ("bare" | "with"), calls] => {
                Some(Self::Count { name: name.to_owned(), with: part == "with", calls: calls.parse().ok()? })
            }
            _ => None,
        }
    }

    const fn passes(&self) -> usize {
        if let Self::Rows { passes, .. } = self { *passes } else { 1 }
    }

    fn group(&self, what: &str) {
        if let Self::Rows { rows, .. } = self {
            add(&mut rows.borrow_mut(), what, Vec::new());
        }
    }

    fn row(&self, name: &str, mut bare: impl FnMut(u32), mut with: impl FnMut(u32)) {
        match self {
            Self::Rows { rounds, calls, rows, .. } => {
                add(&mut rows.borrow_mut(), name, measure(*rounds, *calls, bare, with));
            }
            Self::Count { name: asked, with: true, calls } if asked == name => with(*calls),
            Self::Count { name: asked, with: false, calls } if asked == name => bare(*calls),
            Self::Count { .. } => {}
        }
    }

    fn print(&self) {
        let Self::Rows { rows, .. } = self else { return };
        for (name, rounds) in rows.borrow().iter() {
            let _ = match rounds.as_slice() {
                [] => writeln!(std::io::stdout(), "\n{name:<36}{:>10}{:>10}{:>10}", "bare, ns", "with, ns", "over, ns"),
                rounds => {
                    let [bare, with, over] = [0, 1, 2].map(|part| median(rounds.iter().map(|round| round[part])));
                    writeln!(std::io::stdout(), "{name:<36}{bare:>10.1}{with:>10.1}{over:>10.1}")
                }
            };
        }
    }
}

fn add(rows: &mut Rows, name: &str, rounds: Vec<[f64; 3]>) {
    match rows.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => known.extend(rounds),
        None => rows.push((name.to_owned(), rounds)),
    }
}

fn main() -> ExitCode {
    let Some(ask) = Ask::from_args() else {
        let _ = writeln!(std::io::stderr(), "jobs [--quick | NAME bare|with CALLS]");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime needs nothing here");
    // Both live from first to last: tracing remembers of each place who wanted its lines, and would remember wrongly.
    let (telemetry, fmt) = (telemetry(), fmt());
    for _ in 0..ask.passes() {
        request().enter(|| {
            spawned(&ask, &runtime, &fmt);
            channel(&ask, &runtime, &fmt);
            envelope(&ask);
        });
        job(&ask, &runtime, telemetry.dispatch(), &fmt);
    }
    ask.print();
    let counts = telemetry.shutdown(Duration::from_secs(10));
    assert_eq!(counts.dropped(), 0, "a line that is dropped costs less");
    assert!(counts.written > 0 || matches!(ask, Ask::Count { .. }), "nobody has written the lines");
    ExitCode::SUCCESS
}

/// Nanoseconds a call of each, and of what is between them, in each round.
fn measure(rounds: usize, calls: u32, mut bare: impl FnMut(u32), mut with: impl FnMut(u32)) -> Vec<[f64; 3]> {
    bare(calls);
    with(calls);
    let round = || {
        let (bare, with) = (time(calls, &mut bare), time(calls, &mut with));
        [bare, with, with - bare]
    };
    std::iter::repeat_with(round).take(rounds).collect()
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "the wall clock is what is measured here, and no test pauses it")]
fn time(calls: u32, mut work: impl FnMut(u32)) -> f64 {
    let began = Instant::now();
    work(calls);
    began.elapsed().as_nanos() as f64 / f64::from(calls)
}

/// A request with three fields.
fn request() -> Context {
    let request = Context::root(RequestIdFormat::UuidV7, &Fresh::new(1_795_000_000_000, [1; 40]));
    FIELDS.iter().for_each(|(name, value)| assert!(request.set(*name, *value)));
    request
}

const FIELDS: [(&str, &str); 3] = [("tenant", "acme"), ("user_id", "u-1042"), ("vm_id", "8f14e45f-ceea-467f")];

/// What others carry in its place: a span with the same.
fn span() -> Span {
    let [(_, tenant), (_, user_id), (_, vm_id)] = FIELDS;
    tracing::info_span!("request", request_id = "01JD3ZQ4XV5T8C2M9N7R6P0K1B", tenant, user_id, vm_id)
}

/// What tracing-subscriber makes of spans and events, written nowhere.
fn fmt() -> Dispatch {
    tracing_subscriber::fmt().with_max_level(LevelFilter::DEBUG).with_writer(std::io::sink).into()
}

/// Our lines, written nowhere.
fn telemetry() -> Telemetry {
    Telemetry::builder(Config::default()).output(std::io::sink()).build().expect("it is built")
}

/// Awaits a call so often, one after the other.
fn each<R>(runtime: &Runtime, mut call: impl AsyncFnMut(u32) -> R) -> impl FnMut(u32) {
    move |calls| {
        runtime.block_on(async {
            for number in 0..calls {
                black_box(call(number).await);
            }
        });
    }
}

async fn work(number: u32) -> u32 {
    black_box(number)
}

tokio::task_local! {
    static LOCAL: Arc<[(&'static str, &'static str); 3]>;
}

/// From the spawn to the end of a task that is ready at once.
fn spawned(ask: &Ask, runtime: &Runtime, fmt: &Dispatch) {
    let plain = || each(runtime, async |number| tokio::spawn(work(number)).await.is_ok());
    ask.group("a spawned task");
    ask.row("spawn", plain(), each(runtime, async |number| cupola::spawn(work(number)).await.is_ok()));
    let local = Arc::new(FIELDS);
    let with = async |number| tokio::spawn(LOCAL.scope(local.clone(), work(number))).await.is_ok();
    ask.row("task-local", plain(), each(runtime, with));
    with_default(fmt, || {
        let _span = span().entered();
        let with = async |number| tokio::spawn(work(number).in_current_span()).await.is_ok();
        ask.row("tracing-span", plain(), each(runtime, with));
    });
    let (mut bare, mut ours) = (JoinSet::new(), JoinSet::new());
    let plain = each(runtime, async |number| (bare.spawn(work(number)), bare.join_next().await));
    let with = each(runtime, async |number| (ours.spawn_in_context(work(number)), ours.join_next().await));
    ask.row("join-set", plain, with);
}

/// From the send to the end of what is done with it.
fn channel(ask: &Ask, runtime: &Runtime, fmt: &Dispatch) {
    let plain = || {
        let (send, mut receive) = unbounded_channel();
        each(runtime, async move |number| {
            let sent = send.send(number).is_ok();
            (sent, work(receive.recv().await.unwrap_or_default()).await)
        })
    };
    ask.group("a value through a channel");
    let (send, mut receive) = unbounded_channel();
    let with = each(runtime, async |number| {
        let sent = send.send(Carried::new(number)).is_ok();
        match receive.recv().await {
            Some(carried) => (sent, carried.run(work).await),
            None => (sent, 0),
        }
    });
    ask.row("carried", plain(), with);
    with_default(fmt, || {
        let _span = span().entered();
        let (send, mut receive) = unbounded_channel();
        let with = each(runtime, async |number| {
            let sent = send.send((number, Span::current())).is_ok();
            match receive.recv().await {
                Some((number, span)) => (sent, work(number).instrument(span).await),
                None => (sent, 0),
            }
        });
        ask.row("carried-span", plain(), with);
    });
}

/// The facts of an envelope as one would write them down oneself: the ids are texts, and nobody looks whether they are any.
#[derive(Serialize, Deserialize)]
struct Facts {
    request_id: String,
    traceparent: String,
    fields: HashMap<String, String>,
    origin: String,
    queued_micros: u64,
    attempt: u32,
}

/// To text and back, where nothing needs escaping.
fn envelope(ask: &Ask) {
    let (request, queued) = (request(), Duration::from_micros(1_795_000_000_000_001));
    let mut envelope = Envelope::of(&request).with_fields(&request, |_, value| Some(value.clone()));
    (envelope.origin, envelope.queued) = (Some("billing".into()), Some(UNIX_EPOCH + queued));
    let facts = Facts {
        request_id: request.request_id().to_string(),
        traceparent: request.trace().traceparent().to_string(),
        fields: FIELDS.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        origin: "billing".to_owned(),
        queued_micros: 1_795_000_000_000_001,
        attempt: 1,
    };
    let both = |calls| {
        (0..calls).for_each(|_| {
            let read = Envelope::decode(&black_box(&envelope).encode());
            assert!(read.is_ok_and(|read| read.field("vm_id") == Some(&FieldValue::from(FIELDS[2].1))));
        });
    };
    let by_serde = |calls| {
        (0..calls).for_each(|_| {
            let text = serde_json::to_string(black_box(&facts)).unwrap_or_default();
            let read = serde_json::from_str::<Facts>(&text);
            assert!(read.is_ok_and(|read| read.fields.get("vm_id").is_some_and(|value| value == FIELDS[2].1)));
        });
    };
    ask.group("an envelope, encoded and decoded");
    ask.row("envelope", |_| (), both);
    ask.row("serde-json", |_| (), by_serde);
}

/// A sink that hears everything and does nothing.
struct Deaf;

impl Sink for Deaf {
    fn record(&self, record: Record<'_>) {
        black_box(&record);
    }
}

/// One task of a worker of apalis, with an envelope in its metadata, through a service that is ready at once.
fn job(ask: &Ask, runtime: &Runtime, lines: &Dispatch, fmt: &Dispatch) {
    let registry = Registry::new();
    let metrics = JobMetrics::new(&registry).expect("the names are free");
    let tell = |sink: Arc<dyn Sink>| Jobs::new("mail").service("billing").sink(sink);
    let task = request().enter(|| {
        let task =
            TaskBuilder::new(7).task_id(TaskId::from_string("01JD3ZQ4XV5T8C2M9N7R6P0K1B")).max_attempts(3).build();
        let (sending, task) = tell(Arc::new(Deaf)).pack("send_mail", task);
        sending.queued(None);
        task
    });
    let bare = || tasks(runtime, &task, service_fn(handle));
    let ours = |jobs: Jobs| tasks(runtime, &task, jobs.tasks("send_mail").layer(service_fn(handle)));
    let theirs = tasks(runtime, &task, TraceLayer::new().layer(service_fn(handle)));

    ask.group("an attempt at a job, around apalis");
    ask.row("job-told-to-nobody", bare(), ours(tell(Arc::new(Deaf))));
    with_default(lines, || {
        ask.row("job-log", bare(), ours(tell(Arc::new(JobLog::new()))));
        ask.row("job-log-and-metrics", bare(), ours(tell(Arc::new(And::new(JobLog::new(), metrics)))));
    });
    with_default(fmt, || ask.row("trace-layer", bare(), theirs));
}

async fn handle(task: Task<u32>) -> Result<u32, BoxDynError> {
    Ok(work(task.args).await)
}

fn tasks<S>(runtime: &Runtime, task: &Task<u32>, mut service: S) -> impl FnMut(u32)
where
    S: Service<Task<u32>, Response = u32, Error = BoxDynError>,
{
    each(runtime, async move |_| {
        let done = async { service.ready().await?.call(task.clone()).await }.await;
        assert!(done.is_ok_and(|number| number == 7));
    })
}
