//! Goes through the blocks that a question is about, the newest first.

use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;

use super::entry::Entry;
use super::error::QueryError;
pub(crate) use super::judge::Hit;
use super::judge::Judge;
use super::need::Filters;
use super::opened::Opened;
use super::selection::{Partial, Scanned, Selection};
use super::team::{self, Team};
use crate::day::Day;
use crate::file::{Block, DayFile};
use crate::layout;
use crate::signal::Signal;

/// So many blocks are added up by themselves before they are added to the others.
const PART: usize = 12;
/// So many such parts are in memory at once.
const PARTS: usize = 4;

/// A question on its way through the files.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    dir: &'a Path,
    signal: Signal,
    judge: Judge,
    budget: u64,
    threads: usize,
    pub(crate) scanned: Scanned,
    pub(crate) partial: Option<Partial>,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(dir: &'a Path, selection: &Selection) -> Self {
        Self {
            dir,
            signal: selection.signal,
            judge: Judge::new(selection),
            budget: selection.budget,
            threads: team::threads(),
            scanned: Scanned::default(),
            partial: None,
        }
    }

    /// Read by so many threads.
    #[cfg(test)]
    pub(crate) fn by(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Only what was said up to this time.
    pub(crate) fn end_at(&mut self, last: i64) {
        let times = &mut self.judge.times;
        *times = *times.start()..=last.min(*times.end());
    }

    pub(crate) fn times(&self) -> &RangeInclusive<i64> {
        &self.judge.times
    }

    /// The days of which there are files, the newest first.
    pub(crate) fn days(&self) -> Result<Vec<Day>, QueryError> {
        if self.times().is_empty() {
            return Ok(Vec::new());
        }
        let span = Day::of(*self.times().start())..=Day::of(*self.times().end());
        let mut days = layout::days(self.dir, self.signal)?;
        days.retain(|day| span.contains(day));
        days.reverse();
        Ok(days)
    }

    /// The file of a day; `None` where it has gone since, or cannot be read.
    pub(crate) fn open(&mut self, day: Day) -> Result<Option<DayFile>, QueryError> {
        match DayFile::read(&layout::day_file(self.dir, self.signal, day)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.cannot_open() => Ok(None),
            Err(error) if error.is_corrupt() => {
                self.is_damaged();
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The blocks of a file that may hold what is wanted, as far as their headers tell; the newest first.
    pub(crate) fn blocks(&mut self, file: &DayFile) -> Result<Vec<Block>, QueryError> {
        let mut blocks = match file.blocks(self.times()) {
            Err(error) if error.is_corrupt() => {
                self.is_damaged();
                return Ok(Vec::new());
            }
            blocks => blocks?,
        };
        let (all, torn) = (blocks.len(), blocks.iter().filter(|block| block.torn).count());
        blocks.retain(|block| !block.torn && self.judge.need.may_be_in(&block.header, Filters::default()));
        self.scanned.passed += (all - torn - blocks.len()) as u64;
        (0..torn).for_each(|_| self.is_damaged());
        Ok(blocks)
    }

    /// Why no more may be read, if that is so.
    pub(crate) fn is_over(&self) -> Option<Partial> {
        let is_spent = self.scanned.entries >= self.budget;
        self.judge.stops().or_else(|| is_spent.then_some(Partial::Budget))
    }

    /// It is over while a block is read: this is why.
    fn stop(&mut self) {
        self.partial = self.judge.stops().or(Some(Partial::Deadline));
    }

    /// Calls `visit` with the entries of a block that are wanted, if there are any. A block that cannot be read is counted; one that could not
    /// be judged in time is an error.
    pub(crate) fn visit<T>(
        &mut self,
        file: &DayFile,
        block: &Block,
        visit: impl FnOnce(Hit<'_>) -> Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        let mut scanned = Scanned::default();
        let visited = self.judge.visit(&mut scanned, (file, block), visit);
        self.add(&scanned);
        visited
    }

    fn add(&mut self, scanned: &Scanned) {
        self.scanned.add(scanned);
        if scanned.damaged > 0 {
            self.partial.get_or_insert(Partial::Damaged);
        }
    }

    /// Those who help to read a file's blocks.
    pub(crate) fn team(&self, day: Day, file: &DayFile, blocks: usize) -> Team {
        Team::new(file, (self.threads, blocks), || DayFile::read(&layout::day_file(self.dir, self.signal, day)).ok())
    }

    /// How many of these blocks, at most so many, may be read before it is over for having read too much. At least one, as long as it is not.
    fn within_budget(&self, blocks: &[Block], most: usize) -> usize {
        let mut entries = self.scanned.entries;
        let may_be_read = |block: &&Block| {
            let may = entries < self.budget;
            entries += u64::from(block.header.rows);
            may
        };
        blocks.iter().take(most).take_while(may_be_read).count()
    }

    /// Makes something of the entries that are wanted, part by part, and takes what was made in order, the newest part first.
    pub(crate) fn gather<T: Send>(
        &mut self,
        make: impl Fn() -> T + Sync,
        add: impl Fn(&mut T, &Hit<'_>) -> Result<(), QueryError> + Sync,
        mut take: impl FnMut(T),
    ) -> Result<(), QueryError> {
        for day in self.days()? {
            let Some(file) = self.open(day)? else { continue };
            let _one_moment = file.snapshot()?;
            let blocks = self.blocks(&file)?;
            let mut team = self.team(day, &file, blocks.len());
            let mut rest = &blocks[..];
            while !rest.is_empty() {
                if let Some(why) = self.is_over() {
                    self.partial = Some(why);
                    return Ok(());
                }
                let (these, others) = rest.split_at(self.within_budget(rest, PART * PARTS));
                rest = others;
                let parts: Vec<&[Block]> = these.chunks(PART).collect();
                let judge = &self.judge;
                let made = team.work(&file, &parts, |file, blocks| part(judge, file, blocks, make(), &add));
                for (made, scanned, done) in made {
                    self.add(&scanned);
                    take(made);
                    match done {
                        Err(error) if error.is_over() => self.stop(),
                        done => done?,
                    }
                }
                if self.partial.is_some_and(|why| why != Partial::Damaged) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What `judge` makes of each of these blocks, as long as there is time and it is not too much, in their order: the first
    /// in any case, and as many of the others as may be read.
    pub(crate) fn judge_each<T: Send>(
        &mut self,
        (file, team): (&DayFile, &mut Team),
        blocks: &[Block],
        judge: impl Fn(usize, &Hit<'_>) -> Result<T, QueryError> + Sync,
    ) -> Vec<Result<Option<T>, QueryError>> {
        let own = &self.judge;
        let places: Vec<usize> = (0..self.within_budget(blocks, blocks.len()).max(1)).collect();
        let made = team.work(file, &places, |file, place| {
            let mut scanned = Scanned::default();
            if own.stops().is_some() {
                return (scanned, Err(QueryError::over()));
            }
            let judged = own.visit(&mut scanned, (file, &blocks[*place]), |hit| judge(*place, &hit));
            (scanned, judged)
        });
        let add = |(scanned, judged)| {
            self.add(&scanned);
            judged
        };
        made.into_iter().map(add).collect()
    }

    /// Some entries of a block, in their order; none if it cannot be read.
    pub(crate) fn entries(&mut self, file: &DayFile, block: &Block, rows: &[usize]) -> Result<Vec<Entry>, QueryError> {
        match Opened::new(file, block).entries(rows) {
            Err(error) if error.is_torn() => {
                self.is_damaged();
                Ok(Vec::new())
            }
            entries => entries,
        }
    }

    /// Visits every block in which something is wanted, until it is over or `visit` breaks.
    pub(crate) fn each(
        &mut self,
        mut visit: impl FnMut(Hit<'_>) -> Result<ControlFlow<()>, QueryError>,
    ) -> Result<(), QueryError> {
        for day in self.days()? {
            let Some(file) = self.open(day)? else { continue };
            let _one_moment = file.snapshot()?;
            if self.each_of(&file, &mut visit)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The same for one file. Whether it has come to its end.
    pub(crate) fn each_of(
        &mut self,
        file: &DayFile,
        mut visit: impl FnMut(Hit<'_>) -> Result<ControlFlow<()>, QueryError>,
    ) -> Result<ControlFlow<()>, QueryError> {
        for block in self.blocks(file)? {
            if let Some(why) = self.is_over() {
                self.partial = Some(why);
                return Ok(ControlFlow::Break(()));
            }
            match self.visit(file, &block, &mut visit) {
                Err(error) if error.is_over() => {
                    self.stop();
                    return Ok(ControlFlow::Break(()));
                }
                Ok(Some(ControlFlow::Break(()))) => return Ok(ControlFlow::Break(())),
                visited => visited.map(|_| ())?,
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    pub(crate) fn is_damaged(&mut self) {
        self.scanned.damaged += 1;
        self.partial.get_or_insert(Partial::Damaged);
    }
}

/// Adds up some blocks. Gives what was made of them by when it was over.
fn part<T>(
    judge: &Judge,
    file: &DayFile,
    blocks: &[Block],
    mut made: T,
    add: impl Fn(&mut T, &Hit<'_>) -> Result<(), QueryError>,
) -> (T, Scanned, Result<(), QueryError>) {
    let mut scanned = Scanned::default();
    for block in blocks {
        if judge.stops().is_some() {
            return (made, scanned, Err(QueryError::over()));
        }
        if let Err(error) = judge.visit(&mut scanned, (file, block), |hit| add(&mut made, &hit)) {
            return (made, scanned, Err(error));
        }
    }
    (made, scanned, Ok(()))
}
