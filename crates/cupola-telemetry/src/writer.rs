//! The writer: the thread that hands batches of lines to the output.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use cupola_line::{Envelope, Key, LineBuffer, LineWriter, Scratch, Timestamp};

use crate::counts::Counts;
use crate::files::{Account, Files, Lost};
use crate::output::Output;
use crate::queue::{Batch, Lines};
use crate::render::Render;
use crate::thread_state;

/// How long the writer lets lines gather after a batch: a service of few requests would else pay a wake-up, and a write for
/// each file, with every line. Who follows a file with the eye does not notice.
const GATHER: Duration = Duration::from_millis(10);

/// An emptied batch that has grown beyond this gives its memory back.
const KEPT_BYTES: usize = 1024 * 1024;

/// Is shown the lines before they are written out, whole, each with its newline.
pub(crate) type Tap = Box<dyn FnMut(&[u8]) + Send>;

/// One that outlives its panics: whatever lines do to it, the log goes on.
pub(crate) fn tap(mut tap: impl FnMut(&[u8]) + Send + 'static) -> Tap {
    Box::new(move |lines| {
        let _ = catch_unwind(AssertUnwindSafe(|| tap(lines)));
    })
}

/// Whoever looks at the output of the process, and how.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) output: Output,
    pub(crate) render: Render,
    pub(crate) account: Arc<Account>,
}

/// Where lines go.
pub(crate) struct Outputs {
    pub(crate) console: Option<Console>,
    pub(crate) files: Option<Files>,
    pub(crate) taps: Vec<Tap>,
}

pub(crate) fn spawn(lines: Arc<Lines>, outputs: Outputs) -> io::Result<JoinHandle<()>> {
    let Outputs { console, files, taps } = outputs;
    let writer = Writer { lines, console, files, taps, lost: Lost::default(), told: [0; 3] };
    Builder::new().name("cupola-lines".to_owned()).spawn(move || {
        // An output that logs of its own work would hear itself for ever.
        thread_state::mute();
        let _leaves = Leaves(writer.lines.clone());
        writer.run();
    })
}

/// However the writer ends, nobody waits for it any longer.
struct Leaves(Arc<Lines>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.leave();
    }
}

struct Writer {
    lines: Arc<Lines>,
    console: Option<Console>,
    files: Option<Files>,
    taps: Vec<Tap>,
    lost: Lost,
    /// Of how many lost lines the console, the files and the taps were told.
    told: [u64; 3],
}

impl Writer {
    fn run(mut self) {
        let mut batch = Batch::default();
        while self.lines.take(&mut batch) {
            let refused = self.write(&batch);
            self.lines.settle(batch.lines - refused, refused);
            self.report_losses();
            self.flush();
            if batch.bytes.capacity() > KEPT_BYTES {
                batch.bytes = Vec::new();
            }
            self.lines.gather(GATHER);
        }
        self.report_losses();
        self.flush();
    }

    /// Writes a batch, and gives the number of lines that did not get whole to wherever they belong.
    fn write(&mut self, batch: &Batch) -> u64 {
        self.show(&batch.bytes);
        self.lost.begin(batch.lines);
        let patient = || !self.lines.is_abandoned();
        if let Some(console) = &mut self.console {
            self.lost.last(console.write(batch, patient));
        }
        if let Some(files) = &mut self.files {
            files.write(&batch.bytes, batch.lines, &mut self.lost, &patient);
        }
        self.lost.count()
    }

    fn show(&mut self, lines: &[u8]) {
        self.taps.iter_mut().for_each(|tap| tap(lines));
    }

    /// Losses are told in the log itself, wherever there is room for it.
    fn report_losses(&mut self) {
        let counts = self.lines.counts();
        let lost = counts.dropped();
        let patient = || !self.lines.is_abandoned();
        let [console, files, taps] = &mut self.told;
        tell(console, lost, &counts, |line| self.console.as_mut().is_none_or(|console| console.note(line, patient)));
        tell(files, lost, &counts, |line| self.files.as_mut().is_none_or(|files| files.note(line, &patient)));
        tell(taps, lost, &counts, |line| {
            self.taps.iter_mut().for_each(|tap| tap(line));
            true
        });
    }

    fn flush(&mut self) {
        if let Some(console) = &mut self.console {
            console.output.flush();
        }
    }
}

impl Console {
    /// Gives the number of lines that were not taken whole.
    fn write(&mut self, batch: &Batch, patient: impl Fn() -> bool) -> u64 {
        let bytes = self.render.render(&batch.bytes);
        let done = self.output.write(bytes, patient);
        let refused = refused(&bytes[done..], batch.lines);
        self.account.add(batch.lines - refused, refused);
        refused
    }

    fn note(&mut self, line: &[u8], patient: impl Fn() -> bool) -> bool {
        let bytes = self.render.render(line);
        self.output.write(bytes, patient) == bytes.len()
    }
}

/// Tells somebody of the lines that were lost since they were told the last time.
fn tell(told: &mut u64, lost: u64, counts: &Counts, write: impl FnOnce(&[u8]) -> bool) {
    if *told != lost && write(&loss_line(lost - *told, counts)) {
        *told = lost;
    }
}

/// How many lines are in what was left. A rendered line may span several, so no more than there were.
fn refused(left: &[u8], lines: u64) -> u64 {
    let ends = left.iter().filter(|byte| **byte == b'\n').count() as u64;
    ends.min(lines)
}

fn loss_line(lost: u64, counts: &Counts) -> LineBuffer {
    let (mut buffer, mut scratch, mut time) = (LineBuffer::new(), Scratch::new(), Timestamp::new());
    let envelope = Envelope { level: "WARN", target: "cupola::log", category: "general" };
    let timestamp = time.system_time(std::time::SystemTime::now());
    let mut line = LineWriter::begin(&mut buffer, &mut scratch, timestamp, &envelope);
    line.message("log lines were dropped");
    line.u64(Key::new("dropped_lines"), lost);
    line.u64(Key::new("dropped_queue_full_total"), counts.dropped_queue_full);
    line.u64(Key::new("dropped_output_total"), counts.dropped_output);
    line.u64(Key::new("dropped_shutdown_total"), counts.dropped_shutdown);
    let _ = line.end();
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_by_line() {
        let check = |left: &str, lines, expected| assert_eq!(refused(left.as_bytes(), lines), expected, "{left:?}");
        check("", 3, 0);
        check("e\n", 3, 1);
        check("two\nthree\n", 3, 2);
        check("one line\n  of several\n  rows\n", 1, 1);
    }
}
