//! The writer: the thread that hands batches of lines to the output.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use cupola_line::{Envelope, Key, LineBuffer, LineWriter, Scratch, Timestamp};

use crate::counts::Counts;
use crate::output::Output;
use crate::queue::{Batch, Lines};
use crate::render::Render;
use crate::thread_state;

/// How long the writer lets lines gather after its sleep: one wake-up then serves hundreds of them.
const GATHER: Duration = Duration::from_micros(500);

/// An emptied batch that has grown beyond this gives its memory back.
const KEPT_BYTES: usize = 1024 * 1024;

/// Is shown the lines before they are written out, whole, each with its newline.
pub(crate) type Tap = Box<dyn FnMut(&[u8]) + Send>;

pub(crate) fn spawn(lines: Arc<Lines>, output: Output, render: Render, tap: Option<Tap>) -> io::Result<JoinHandle<()>> {
    let writer = Writer { lines, output, render, tap, reported: 0 };
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
    output: Output,
    render: Render,
    tap: Option<Tap>,
    /// How many lost lines the log itself has told of.
    reported: u64,
}

impl Writer {
    fn run(mut self) {
        let mut batch = Batch::default();
        while self.lines.take(&mut batch) {
            let refused = self.write(&batch);
            self.lines.settle(batch.lines - refused, refused);
            self.report_losses();
            self.output.flush();
            if batch.bytes.capacity() > KEPT_BYTES {
                batch.bytes = Vec::new();
            }
            if !self.lines.is_closed() {
                std::thread::sleep(GATHER);
            }
        }
        self.report_losses();
        self.output.flush();
    }

    /// Writes a batch, and gives the number of lines that did not go out whole.
    fn write(&mut self, batch: &Batch) -> u64 {
        self.show(&batch.bytes);
        let bytes = self.render.render(&batch.bytes);
        let done = self.output.write(bytes, || !self.lines.is_abandoned());
        refused(&bytes[done..], batch.lines)
    }

    fn show(&mut self, lines: &[u8]) {
        if let Some(tap) = &mut self.tap {
            tap(lines);
        }
    }

    /// Losses are told in the log itself, once there is room for it.
    fn report_losses(&mut self) {
        let counts = self.lines.counts();
        let lost = counts.dropped();
        if lost == self.reported {
            return;
        }
        let line = loss_line(lost - self.reported, &counts);
        let bytes = self.render.render(&line);
        if self.output.write(bytes, || !self.lines.is_abandoned()) == bytes.len() {
            self.reported = lost;
            self.show(&line);
        }
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
