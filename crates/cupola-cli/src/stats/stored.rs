//! The figures of a store, asked of it.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use cupola_line::keys;
use cupola_line::schema::{ACCESS_TARGET, CALL_TARGET};
use cupola_store::language::{Expression, Operand, Relation, Test};
use cupola_store::{Counts, Level, Measure, Partial, Quantiles, Query, Reader, Search, Selection, Signal, Top, Topped};

use crate::figures::told::{Counted, Frequent, Row, SHARES, Spread, Told};
use crate::figures::{By, MAX_TOPS, Rate};
use crate::log::collect::is;
use crate::options::stored::{complain_of, open};

const DURATION: &str = "duration_ms";
const STATUS: &str = "status";
/// So long each question may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// So many steps of time are asked for, at most.
const STEPS: i64 = 1_000;

/// Who asks, and about which entries.
struct Asked {
    reader: Reader,
    expression: Option<Expression>,
    /// How many groups.
    rows: usize,
    partial: Option<Partial>,
}

/// Asks a store.
pub(super) fn told(dir: &Path, expression: Option<Expression>, by: &By, rows: usize) -> anyhow::Result<Told> {
    let mut asked = Asked { reader: open(dir)?, expression, rows, partial: None };
    let field = match by {
        By::Route => "route",
        By::Fields(names) => match &names[..] {
            [name] => name,
            _ => bail!("--by {}: of a store, one field is asked for", names.join(",")),
        },
    };
    let of_rows = if *by == By::Route { vec![request()] } else { Vec::new() };
    let counted = asked.counted()?;
    let requests = asked.requests(&[request()])?;
    let groups = asked.top(field, rows, &of_rows)?;
    let told = Told {
        store: dir.display().to_string(),
        figures: counted.into(),
        requests,
        rows: asked.groups(field, &groups, &of_rows)?,
        groups: groups.distinct,
        without: groups.without,
    };
    complain_of(asked.partial);
    Ok(told)
}

/// What `cupola stats` counts as a request of a file, too.
fn request() -> Expression {
    let has = |name: &str| Expression::from(Test::Has(name.to_owned()));
    let answered = Expression::All(vec![has("method"), has(STATUS)]);
    Expression::All(vec![
        has(DURATION),
        Expression::Any(vec![answered, is(keys::TARGET, ACCESS_TARGET)]),
        Expression::Not(Box::new(is(keys::TARGET, CALL_TARGET))),
    ])
}

fn error() -> Expression {
    let value = Operand::plain("500");
    let failed = Test::Field { name: STATUS.to_owned(), relation: Relation::GreaterOrEqual, value };
    Expression::Any(vec![failed.into(), Test::Level(Relation::Equal, Level::Error).into()])
}

impl Asked {
    /// Those that are wanted, and are all of this too.
    fn selection(&self, besides: &[Expression]) -> Selection {
        let expression = Expression::all(self.expression.iter().chain(besides).cloned().collect());
        Selection { expression, deadline: DEADLINE, budget: u64::MAX, ..Selection::of(Signal::Logs) }
    }

    fn note(&mut self, partial: Option<Partial>) {
        self.partial = self.partial.or(partial);
    }

    fn top(&mut self, field: &str, limit: usize, besides: &[Expression]) -> anyhow::Result<Topped> {
        let selection = self.selection(besides);
        let topped = self.reader.top(&Top { selection, field: field.to_owned(), limit })?;
        self.note(topped.partial);
        Ok(topped)
    }

    fn frequent(&mut self, field: &str, besides: &[Expression]) -> anyhow::Result<Frequent> {
        let topped = self.top(field, MAX_TOPS, besides)?;
        Ok((topped.values, topped.distinct))
    }

    fn counted(&mut self) -> anyhow::Result<Counted> {
        let levels = self.top(keys::LEVEL, MAX_TOPS, &[])?;
        let sum: u64 = levels.values.iter().map(|(_, count)| count).sum();
        Ok(Counted {
            entries: sum + levels.others + levels.uncounted + levels.without,
            levels: (levels.values, levels.distinct),
            statuses: self.frequent(STATUS, &[request()])?,
            error_types: self.frequent("error_type", &[])?,
            clients: self.frequent(keys::CLIENT_IP, &[request()])?,
            users: self.frequent(keys::USER_ID, &[request()])?,
            rate: self.rate()?,
        })
    }

    /// How many entries there were when, from the first to the last.
    fn rate(&mut self) -> anyhow::Result<Rate> {
        let Some((first, last)) = self.span()? else { return Ok(Rate::default()) };
        let (from, to) = (first.div_euclid(1_000), last.div_euclid(1_000));
        let seconds = Rate::step(to.div_euclid(1_000_000) - from.div_euclid(1_000_000), STEPS);
        let mut counts = |besides: &[Expression]| -> anyhow::Result<(i64, Vec<u64>)> {
            let selection =
                Selection { since: Some(first), until: Some(last.saturating_add(1)), ..self.selection(besides) };
            let step = Duration::from_secs(seconds.unsigned_abs());
            let counted = self.reader.counts(&Counts { selection, step, by: None, values: 1 })?;
            self.note(counted.partial);
            let counts = counted.series.into_iter().next().map(|series| series.counts).unwrap_or_default();
            Ok((counted.start.div_euclid(1_000_000_000), counts))
        };
        let (start, lines) = counts(&[])?;
        let (_, errors) = counts(&[error()])?;
        Ok(Rate::told((from, to), start, seconds, &lines, &errors))
    }

    /// When the first and the last entry was said, in nanoseconds since 1970.
    fn span(&mut self) -> anyhow::Result<Option<(i64, i64)>> {
        let selection = self.selection(&[]);
        let mut first = None;
        let walked = self.reader.walk(&selection, &mut |entry| {
            first = Some(entry.time());
            std::ops::ControlFlow::Break(())
        })?;
        let last = self.reader.search(&Search { selection, limit: 1, cursor: None })?;
        self.note(walked.partial.or(last.partial));
        Ok(first.zip(last.entries.first().map(cupola_store::Entry::time)))
    }

    /// All requests together.
    fn requests(&mut self, besides: &[Expression]) -> anyhow::Result<Row> {
        let measures = self.measures(None, besides)?;
        let failed = self.top(keys::LEVEL, 0, &[besides, &[error()]].concat())?;
        let spread = measures.first().map(spread);
        let count = spread.map_or(0, |spread| spread.count);
        Ok(Row { value: String::new(), count, errors: failed.others + failed.without, spread })
    }

    fn groups(&mut self, field: &str, groups: &Topped, besides: &[Expression]) -> anyhow::Result<Vec<Row>> {
        if self.rows == 0 {
            return Ok(Vec::new());
        }
        let failed = self.top(field, usize::MAX, &[besides, &[error()]].concat())?.values;
        let measures = self.measures(Some(field), besides)?;
        let row = |(value, count): &(String, u64)| Row {
            value: value.clone(),
            count: *count,
            errors: failed.iter().find(|(name, _)| name == value).map_or(0, |(_, count)| *count),
            spread: measures.iter().find(|measure| measure.value.as_deref() == Some(value)).map(spread),
        };
        Ok(groups.values.iter().map(row).collect())
    }

    fn measures(&mut self, by: Option<&str>, besides: &[Expression]) -> anyhow::Result<Vec<Measure>> {
        let asked = Quantiles {
            selection: self.selection(besides),
            field: DURATION.to_owned(),
            by: by.map(str::to_owned),
            step: None,
            shares: SHARES.to_vec(),
            values: usize::MAX,
        };
        let measured = self.reader.quantiles(&asked)?;
        self.note(measured.partial);
        Ok(measured.measures)
    }
}

fn spread(measure: &Measure) -> Spread {
    let quantiles = std::array::from_fn(|share| measure.quantiles.get(share).copied().unwrap_or_default());
    let mean = measure.sum / measure.count.max(1) as f64;
    Spread { count: measure.count, quantiles, mean, max: measure.max }
}
