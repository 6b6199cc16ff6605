//! The writer: the thread that hands batches of lines to the output.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use cupola_line::{Envelope, Key, LineWriter, Scratch, Timestamp};

use crate::queue::{Batch, Lines};
use crate::render::Render;

/// How long the writer lets lines gather after its sleep: one wake-up then serves hundreds of them.
const GATHER: Duration = Duration::from_micros(500);

/// An emptied batch that has grown beyond this gives its memory back.
const KEPT_BYTES: usize = 1024 * 1024;

pub(crate) fn spawn(lines: Arc<Lines>, output: Box<dyn Write + Send>, render: Render) -> io::Result<JoinHandle<()>> {
    let writer = Writer { lines, output, render, reported: 0 };
    Builder::new().name("cupola-lines".to_owned()).spawn(move || writer.run())
}

struct Writer {
    lines: Arc<Lines>,
    output: Box<dyn Write + Send>,
    render: Render,
    /// How many lost lines the log itself has told of.
    reported: u64,
}

impl Writer {
    fn run(mut self) {
        let mut batch = Batch::default();
        while self.lines.take(&mut batch) {
            let bytes = self.render.render(&batch.bytes);
            let (written, refused) = write_lines(&mut *self.output, bytes, batch.lines);
            self.lines.written(written);
            self.lines.refused(refused);
            self.report_losses();
            if batch.bytes.capacity() > KEPT_BYTES {
                batch.bytes = Vec::new();
            }
            if !self.lines.is_closed() {
                std::thread::sleep(GATHER);
            }
        }
        // The last words: an output that keeps something back gets no better chance, and its error has no reader.
        let _ = self.output.flush();
    }

    /// Losses are told in the log itself, once there is room for it.
    fn report_losses(&mut self) {
        let counts = self.lines.counts();
        let lost = counts.dropped();
        if lost == self.reported {
            return;
        }
        let line = loss_line(lost - self.reported, counts.dropped_queue_full, counts.dropped_output);
        if self.output.write_all(self.render.render(&line)).is_ok() {
            self.reported = lost;
        }
    }
}

fn loss_line(lost: u64, queue_full: u64, output: u64) -> Vec<u8> {
    let (mut buffer, mut scratch, mut time) = (Vec::new(), Scratch::new(), Timestamp::new());
    let envelope = Envelope { level: "WARN", target: "cupola::log", category: "general" };
    let timestamp = time.system_time(std::time::SystemTime::now());
    let mut line = LineWriter::begin(&mut buffer, &mut scratch, timestamp, &envelope);
    line.message("log lines were dropped");
    line.u64(Key::new("dropped_lines"), lost);
    line.u64(Key::new("dropped_queue_full_total"), queue_full);
    line.u64(Key::new("dropped_output_total"), output);
    let _ = line.end();
    buffer
}

/// Writes a batch; after an error, the lines that went out whole are counted as written and the others as refused.
fn write_lines(output: &mut dyn Write, bytes: &[u8], lines: u64) -> (u64, u64) {
    let mut done = 0;
    while done < bytes.len() {
        match output.write(&bytes[done..]) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // A rendered line may span several; only what is left is counted, so that the sum is always exact.
    let left = bytes[done..].iter().filter(|byte| **byte == b'\n').count() as u64;
    let refused = if done == bytes.len() { 0 } else { left.clamp(1, lines) };
    (lines - refused, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_output_is_counted_by_line() {
        let check =
            |room, expected| assert_eq!(write_lines(&mut Full(room), b"one\ntwo\nthree\n", 3), expected, "{room}");
        check(100, (3, 0));
        check(14, (3, 0));
        check(13, (2, 1));
        check(4, (1, 2));
        check(0, (0, 3));
    }
}
