//! The output as the writer sees it: it may fail, stutter or panic, and the lines after that stay whole.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// How long an output that would block is left alone: somebody has made a shared descriptor non-blocking.
const PAUSE: Duration = Duration::from_millis(1);

pub(crate) struct Output {
    inner: Box<dyn Write + Send>,
    /// The last byte that went out ended no line.
    torn: bool,
    /// Why it has refused.
    error: Option<io::Error>,
}

impl Output {
    pub(crate) fn new(inner: Box<dyn Write + Send>) -> Self {
        Self::resumed(inner, false)
    }

    /// An output that somebody else has written to, and perhaps not to the end of a line.
    pub(crate) fn resumed(inner: Box<dyn Write + Send>, torn: bool) -> Self {
        Self { inner, torn, error: None }
    }

    /// Why the last write stopped, where the output has said so.
    pub(crate) fn error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Writes until the output refuses, and gives the number of bytes that went out. One that would block is waited for
    /// as long as `patient` says so.
    pub(crate) fn write(&mut self, bytes: &[u8], patient: impl Fn() -> bool) -> usize {
        // What an earlier failure has cut off must not swallow the next line too.
        if self.torn && self.write_some(b"\n", &patient) == 0 {
            return 0;
        }
        let done = self.write_some(bytes, &patient);
        self.torn = done > 0 && bytes[done - 1] != b'\n';
        done
    }

    fn write_some(&mut self, bytes: &[u8], patient: &impl Fn() -> bool) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            match caught(|| self.inner.write(&bytes[done..])) {
                Ok(0) => break,
                Ok(count) => done = bytes.len().min(done + count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && patient() => std::thread::sleep(PAUSE),
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
        done
    }

    /// Brings out what the output keeps back. Its error has no reader: what is kept back is not lost yet, and if it is,
    /// the next write fails.
    pub(crate) fn flush(&mut self) {
        let _ = caught(|| self.inner.flush());
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("torn", &self.torn).finish_non_exhaustive()
    }
}

/// A panic is an error like any other: the writer's thread outlives it, and tries again with the next lines.
fn caught<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(io::Error::other("the output panicked")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    /// What an output does at one call.
    enum Step {
        Take(usize),
        Refuse(ErrorKind),
        Panic,
    }

    struct Script(VecDeque<Step>, Arc<Mutex<Vec<u8>>>);

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.pop_front().unwrap_or(Step::Take(usize::MAX)) {
                Step::Take(most) => {
                    let taken = most.min(bytes.len());
                    self.1.lock().unwrap().extend_from_slice(&bytes[..taken]);
                    Ok(taken)
                }
                Step::Refuse(kind) => Err(kind.into()),
                Step::Panic => panic!("out of order"),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            panic!("out of order")
        }
    }

    fn check(script: impl IntoIterator<Item = Step>, written: &[usize], expected: &str) {
        let out = Arc::<Mutex<Vec<u8>>>::default();
        let mut output = Output::new(Box::new(Script(script.into_iter().collect(), out.clone())));
        let counts: Vec<usize> =
            ["one\ntwo\n", "three\n"].iter().map(|text| output.write(text.as_bytes(), || true)).collect();
        output.flush();
        assert_eq!((counts.as_slice(), String::from_utf8_lossy(&out.lock().unwrap()).as_ref()), (written, expected));
    }

    #[test]
    fn what_goes_out_is_counted_and_what_was_torn_stays_apart() {
        let full = || Step::Refuse(ErrorKind::StorageFull);
        check([], &[8, 6], "one\ntwo\nthree\n");
        check([Step::Take(1), Step::Take(2)], &[8, 6], "one\ntwo\nthree\n");
        check(
            [Step::Refuse(ErrorKind::Interrupted), Step::Refuse(ErrorKind::WouldBlock)],
            &[8, 6],
            "one\ntwo\nthree\n",
        );
        check([full()], &[0, 6], "three\n");
        check([Step::Take(4), full()], &[4, 6], "one\nthree\n");
        check([Step::Take(6), full()], &[6, 6], "one\ntw\nthree\n");
        check([Step::Take(6), full(), full()], &[6, 0], "one\ntw");
        check([Step::Take(6), Step::Panic], &[6, 6], "one\ntw\nthree\n");
        check([Step::Take(0)], &[0, 6], "three\n");
    }

    #[test]
    fn patience_with_an_output_that_would_block_ends() {
        let blocked = Script(VecDeque::from([Step::Refuse(ErrorKind::WouldBlock)]), Arc::default());
        assert_eq!(Output::new(Box::new(blocked)).write(b"one\n", || false), 0);
    }
}
