//! The store taken care of over HTTP, by those who have the role admin.

use axum::response::Response;
use cupola_store::maintain::Prune;
use cupola_store::{Selection, Signal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::call::{Call, told};
use super::document::Routes;
use super::operation::{Operation, Sent};
use super::parameter::{ENTRIES, FROM_THE_BEGINNING, QUERY, UNTIL};
use super::time::Moment;
use crate::access::Role;
use crate::asked;
use crate::caretaker::{self, BackedUp, Caretaker, Compacted, Failure, LINES, Pruned, Refused, Verified, Work};
use crate::desk::Desk;
use crate::problem::Problem;

/// What each call wants to be done.
type Wanted = fn(&Call) -> Result<Work, Problem>;

/// Adds what can be done.
pub(super) fn add(routes: &mut Routes, desk: &Desk, caretaker: &Caretaker) {
    let house = House { desk: desk.clone(), caretaker: caretaker.clone() };
    for (operation, wanted) in works() {
        let house = house.clone();
        routes.add(operation, move |call| house.clone().done(wanted, call));
    }
    let exports = house.clone();
    routes.add(export(), move |call| exports.clone().export(call));
    let work = Operation::get("/store/work", "read_store_work", "What is done with the store, and what was done last");
    routes.add(work.needs(Role::Admin).answers::<State>("Both, where there is any."), move |_| {
        let state = told(&State::from(house.caretaker.state()));
        async { Ok(state) }
    });
}

fn works() -> [(Operation, Wanted); 4] {
    let of = |what: &str, id: &str, summary: &str| {
        let work = Operation::post(format!("/store/{what}"), id, summary).needs(Role::Admin);
        fails(work.says("Answers when it is done; it goes on when whoever asked has gone. One thing is done at a time, and each is noted."))
    };
    let verify = of("verify", "verify_store", "Reads all of the store, and says what is wrong with it");
    let prune = of("prune", "prune_store", "Deletes the oldest days").sends::<Which>();
    let compact = of("compact", "compact_store", "Makes larger blocks of small ones");
    let backup = of("backup", "back_up_store", "Copies the store to where the server has its backups");
    [
        (verify.answers::<Verified>("What was found."), |_| Ok(Work::Verify)),
        (prune.answers::<Pruned>("What went, or would go."), wants_prune),
        (compact.answers::<Compacted>("What was made smaller."), |_| Ok(Work::Compact)),
        (backup.answers::<BackedUp>("The backup."), |_| Ok(Work::Backup)),
    ]
}

fn export() -> Operation {
    let export =
        Operation::post("/store/export", "export_entries", "Takes entries out, the oldest first").needs(Role::Admin);
    let export = export.says("One line of JSON each. It is cut off where it fails; the trailer `x-cupola-partial` says that some blocks could not be read.");
    fails(export.asks([&ENTRIES, &QUERY, &FROM_THE_BEGINNING, &UNTIL]).gives("The entries.", LINES))
}

fn fails(operation: Operation) -> Operation {
    let operation = operation.fails(409, "Something else is done at the moment, or the server has no place for it.");
    operation.fails(500, "It was begun, and failed.")
}

#[derive(Clone)]
struct House {
    desk: Desk,
    caretaker: Caretaker,
}

impl House {
    /// Has something done, and says what became of it.
    async fn done(self, wanted: Wanted, call: Call) -> Result<Response, Problem> {
        let work = wanted(&call)?;
        let caretaker = self.caretaker;
        let ended = self.desk.ask(move |_| caretaker.begin(work, call.by())).await??;
        // The one who does it always says something, unless the process ends.
        let outcome = ended.await.unwrap_or_else(|_| Err(Failure::of("it was stopped")));
        Ok(told(&outcome?))
    }

    async fn export(self, mut call: Call) -> Result<Response, Problem> {
        let signal = signal(&mut call)?;
        let selection = call.asked.selection(signal, None)?;
        let selection = Selection { deadline: std::time::Duration::MAX, budget: u64::MAX, ..selection };
        let caretaker = self.caretaker;
        let lines = self.desk.ask(move |_| caretaker.export(selection, call.by())).await??;
        Ok(lines.answer(signal))
    }
}

/// What is to go: at least one of the first three says it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Prune)]
struct Which {
    /// What is older than this: RFC 3339, a date, how long ago, or a word.
    #[schema(format = "cupola-time", example = "30d ago")]
    before: Option<String>,
    /// What is older than so many days; it says the same as `before`, so that only one of them may be there.
    #[schema(minimum = 1, maximum = 36500)]
    days: Option<u32>,
    /// What is over so many bytes, the oldest first.
    max_bytes: Option<u64>,
    /// Only says what would go.
    #[serde(default)]
    dry_run: bool,
}

impl Sent for Which {
    const ACCEPTED: &'static str =
        "an object with before (a time) or days (1 to 36500), max_bytes, or both kinds; and dry_run";
}

fn wants_prune(call: &Call) -> Result<Work, Problem> {
    let which: Which = call.said()?;
    let before = match (which.before, which.days) {
        (before, None) => before,
        (None, Some(days @ 1..=36_500)) => Some(format!("{days}d ago")),
        (None, Some(_)) => return Err(Problem::bad("days", "is no such number", "a whole number from 1 to 36500")),
        (Some(_), Some(_)) => return Err(Problem::bad("days", "says the same as before", "one of the two")),
    };
    if before.is_none() && which.max_bytes.is_none() {
        return Err(Problem::bad("body", "does not say what is to go", Which::ACCEPTED));
    }
    let before = before.map(|text| asked::moment("before", &text, &asked::clock())).transpose()?;
    Ok(Work::Prune { prune: Prune { before, max_bytes: which.max_bytes }, dry_run: which.dry_run })
}

fn signal(call: &mut Call) -> Result<Signal, Problem> {
    let Some(said) = call.asked.take("signal") else { return Ok(Signal::Logs) };
    let found = Signal::ALL.into_iter().find(|signal| signal.as_str() == said);
    found.ok_or_else(|| Problem::bad("signal", "is not known", "logs, spans, metrics"))
}

/// What is done with the store.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreWork)]
struct State {
    /// What is done at the moment.
    at_work: Option<Begun>,
    /// What was done last.
    last: Option<Ended>,
}

/// Somebody has something done.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreWorkBegun)]
struct Begun {
    /// In a word: `backup`.
    what: &'static str,
    /// Who.
    by: String,
    /// Since when.
    since: Moment,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = StoreWorkEnded)]
struct Ended {
    #[serde(flatten)]
    begun: Begun,
    /// When it ended.
    until: Moment,
    /// What was done, as it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    done: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

impl From<caretaker::State> for State {
    fn from(state: caretaker::State) -> Self {
        Self { at_work: state.at_work.map(Begun::from), last: state.last.map(Ended::from) }
    }
}

impl From<caretaker::Begun> for Begun {
    fn from(begun: caretaker::Begun) -> Self {
        Self { what: begun.what, by: begun.by, since: Moment(begun.since) }
    }
}

impl From<caretaker::Ended> for Ended {
    fn from(ended: caretaker::Ended) -> Self {
        let (done, failed) = match ended.outcome {
            Ok(done) => (Some(done), None),
            Err(failure) => (None, Some(failure.why)),
        };
        Self { begun: ended.begun.into(), until: Moment(ended.until), done, failed }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match &refused {
            Refused::AtWork(_) => Self::conflict(refused.to_string()),
            Refused::Metadata(_) | Refused::Thread(_) => Self::failed(refused.to_string()),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        if failure.has_no_place {
            let detail = "whoever runs the server has named no place for backups: cupola serve --backups DIR, or CUPOLA_STORE_BACKUPS";
            return Self::conflict(detail.to_owned());
        }
        Self::failed(failure.why)
    }
}
