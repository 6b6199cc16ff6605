//! Blocks of all inputs, worked on by every core, given back in order.
//!
//! One worker at a time reads from an input; it works on what it has read while the next one reads on. So few blocks are in memory,
//! and a pipe that is slow holds nobody up but its readers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::{io, thread};

use super::block::{Block, Buffer, Cutter};
use super::excerpt::{Excerpt, excerpts};
use super::filter::ask::Ask;
use super::input::Input;
use super::open::open;

/// What an input has come to.
#[derive(Debug)]
pub(crate) enum Done<T> {
    /// A block of it was worked on.
    Block { input: usize, value: T, too_long: u64 },
    /// There is no more.
    Ended { input: usize },
    /// It could not be opened or read; nothing more comes of it.
    Failed { input: usize, error: io::Error },
}

/// Which input is read next: the one with the lowest number that has not ended. At first each one's is its place.
#[derive(Debug)]
pub(crate) struct Steering<'a>(&'a Desk);

impl Steering<'_> {
    pub(crate) fn set(&self, input: usize, number: i64) {
        self.0.lock().inputs[input].number = number;
    }
}

/// The most bytes that a block has; several workers' are small enough to stay in bounds together.
fn block_bytes(workers: usize) -> usize {
    (1 << 20 >> workers.ilog2()).clamp(128 << 10, 512 << 10)
}

/// One worker a core.
pub(crate) fn workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(16)
}

/// Reads all inputs: `work` is done on each block by any thread, `take` gets what it returned on this one, the blocks of an input in
/// their order. `take` may stop it all, and may say what is to be read next.
pub(crate) fn each_block<T: Send>(
    inputs: &[Input],
    work: impl Fn(Block<'_>) -> T + Sync,
    take: impl FnMut(Done<T>, &Steering<'_>) -> ControlFlow<()>,
) {
    each_asked_block(inputs, None, work, take);
}

/// The same without what indexes say does not match; an input's first block then says how many lines that are.
pub(crate) fn each_asked_block<T: Send>(
    inputs: &[Input],
    ask: Option<&Ask>,
    work: impl Fn(Block<'_>) -> T + Sync,
    mut take: impl FnMut(Done<T>, &Steering<'_>) -> ControlFlow<()>,
) {
    let workers = workers();
    let excerpts = &excerpts(inputs, ask, workers);
    let desk = Desk::new(inputs.len(), workers * 2 + 1);
    let (sender, receiver) = mpsc::sync_channel(workers * 2 + 1);
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, work, desk) = (sender.clone(), &work, &desk);
            scope.spawn(move || Worker { inputs, excerpts, desk, sender, largest: block_bytes(workers) }.run(work));
        }
        drop(sender);
        deliver(&receiver, &desk, &mut take);
        desk.stop();
        // Whoever waits to hand over a result that nobody wants gets an error.
        drop(receiver);
    });
}

fn deliver<T>(
    receiver: &Receiver<(u64, Done<T>)>,
    desk: &Desk,
    take: &mut impl FnMut(Done<T>, &Steering<'_>) -> ControlFlow<()>,
) {
    let (mut early, mut next) = (BTreeMap::new(), 0);
    for (number, done) in receiver {
        early.insert(number, done);
        while let Some(done) = early.remove(&next) {
            next += 1;
            if take(done, &Steering(desk)).is_break() {
                return;
            }
            desk.delivered(next);
        }
    }
}

/// Where workers find what to do.
#[derive(Debug)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    /// How many blocks may be out at a time.
    window: u64,
}

#[derive(Debug)]
struct State {
    inputs: Vec<Reading>,
    next: u64,
    delivered: u64,
    stopped: bool,
}

#[derive(Debug)]
struct Reading {
    number: i64,
    place: Place,
}

enum Place {
    Unopened,
    /// A worker reads from it.
    Busy,
    Waiting(Box<Cutter>),
    Ended,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unopened => "Unopened",
            Self::Busy => "Busy",
            Self::Waiting(_) => "Waiting",
            Self::Ended => "Ended",
        })
    }
}

impl Desk {
    fn new(inputs: usize, window: usize) -> Self {
        let reading = |number| Reading { number: number as i64, place: Place::Unopened };
        let inputs = (0..inputs).map(reading).collect();
        let state = Mutex::new(State { inputs, next: 0, delivered: 0, stopped: false });
        Self { state, changed: Condvar::new(), window: window as u64 }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no worker panics while it holds the desk")
    }

    /// The number of the next block and the input that it is to be read from; `None` where there is nothing left to do.
    fn claim(&self) -> Option<(u64, usize, Place)> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.inputs.iter().all(|reading| matches!(reading.place, Place::Ended)) {
                return None;
            }
            if state.next < state.delivered + self.window
                && let Some(claimed) = state.claim()
            {
                return Some(claimed);
            }
            state = self.changed.wait(state).expect("no worker panics while it holds the desk");
        }
    }

    fn put_back(&self, input: usize, place: Place) {
        self.lock().inputs[input].place = place;
        self.changed.notify_all();
    }

    fn delivered(&self, number: u64) {
        self.lock().delivered = number;
        self.changed.notify_all();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

impl State {
    /// Takes the input with the lowest number, unless somebody is reading it.
    fn claim(&mut self) -> Option<(u64, usize, Place)> {
        let open = self.inputs.iter().enumerate().filter(|(_, reading)| !matches!(reading.place, Place::Ended));
        let (input, _) = open.min_by_key(|(index, reading)| (reading.number, *index))?;
        if matches!(self.inputs[input].place, Place::Busy) {
            return None;
        }
        let place = std::mem::replace(&mut self.inputs[input].place, Place::Busy);
        let number = self.next;
        self.next += 1;
        Some((number, input, place))
    }
}

struct Worker<'a, T> {
    inputs: &'a [Input],
    excerpts: &'a [Option<Excerpt>],
    desk: &'a Desk,
    sender: SyncSender<(u64, Done<T>)>,
    largest: usize,
}

impl<T> Worker<'_, T> {
    fn run(&self, work: &impl Fn(Block<'_>) -> T) {
        let mut buffer = Buffer::default();
        while let Some((number, input, place)) = self.desk.claim() {
            let done = match self.read(input, place, &mut buffer) {
                Ok(Some(passed)) => {
                    let value = work(Block { input, bytes: buffer.bytes(), end: buffer.end, passed });
                    Done::Block { input, value, too_long: buffer.too_long }
                }
                Ok(None) => Done::Ended { input },
                Err(error) => Done::Failed { input, error },
            };
            if self.sender.send((number, done)).is_err() {
                return;
            }
        }
    }

    /// Reads the input's next block, and puts the input back for the next worker. `None` at its end, else how many lines were passed
    /// over.
    fn read(&self, input: usize, place: Place, buffer: &mut Buffer) -> io::Result<Option<u64>> {
        let mut cutter = match place {
            Place::Waiting(cutter) => cutter,
            _ => match open(&self.inputs[input], self.excerpts[input].as_ref()) {
                Ok((opened, passed)) => {
                    let cutter = Box::new(Cutter::new(opened, self.largest));
                    if passed > 0 {
                        buffer.clear();
                        self.desk.put_back(input, Place::Waiting(cutter));
                        return Ok(Some(passed));
                    }
                    cutter
                }
                Err(error) => {
                    self.desk.put_back(input, Place::Ended);
                    return Err(error);
                }
            },
        };
        let found = cutter.next(buffer);
        let is_open = matches!(found, Ok(true));
        self.desk.put_back(input, if is_open { Place::Waiting(cutter) } else { Place::Ended });
        found.map(|is_block| is_block.then_some(0))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn inputs(folder: &std::path::Path, contents: &[&str]) -> Vec<Input> {
        let write = |(number, text): (usize, &&str)| {
            let path = folder.join(format!("{number}.log"));
            fs::write(&path, text).unwrap();
            Input::file(path)
        };
        contents.iter().enumerate().map(write).collect()
    }

    #[test]
    fn blocks_of_an_input_come_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let long: String = (0..400_000).map(|number| format!("line {number}\n")).collect();
        let inputs = inputs(folder.path(), &[&long, "short\n", ""]);
        let mut texts = vec![String::new(); 3];
        let mut ended = Vec::new();
        each_block(
            &inputs,
            |block| String::from_utf8_lossy(block.bytes).into_owned(),
            |done, _| {
                match done {
                    Done::Block { input, value, too_long: 0 } => texts[input].push_str(&value),
                    Done::Ended { input } => ended.push(input),
                    other => panic!("{other:?}"),
                }
                ControlFlow::Continue(())
            },
        );
        assert_eq!(texts, [&long, "short\n", ""]);
        assert_eq!(ended, [0, 1, 2]);
    }

    #[test]
    fn what_is_missing_fails_alone_and_whoever_has_enough_stops() {
        let folder = tempfile::tempdir().unwrap();
        let mut inputs = inputs(folder.path(), &["a\n".repeat(1 << 20).as_str(), "b\n"]);
        inputs.insert(0, Input::file(folder.path().join("missing.log")));
        let mut seen = Vec::new();
        each_block(
            &inputs,
            |block| block.input,
            |done, _| match done {
                Done::Failed { input, error } => {
                    seen.push(format!("{input} {:?}", error.kind()));
                    ControlFlow::Continue(())
                }
                Done::Block { value, .. } => {
                    seen.push(format!("{value}"));
                    ControlFlow::Break(())
                }
                Done::Ended { .. } => unreachable!(),
            },
        );
        assert_eq!(seen, ["0 NotFound", "1"]);
    }

    #[test]
    fn steering_says_what_is_read_next() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x\n".repeat(3 << 20);
        let inputs = inputs(folder.path(), &[&long, &long]);
        let (mut order, mut blocks) = (Vec::new(), [0, 0]);
        each_block(
            &inputs,
            |block| block.input,
            |done, steering| {
                if let Done::Block { input, .. } = done {
                    blocks[input] += 1;
                    steering.set(input, 1000 * blocks[input]);
                    order.push(input);
                }
                ControlFlow::Continue(())
            },
        );
        let first_of_second = order.iter().position(|input| *input == 1).unwrap();
        assert!(first_of_second < order.len() / 2, "{order:?}");
    }
}
