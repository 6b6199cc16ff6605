//! The panic hook: a panic is a line of the log, and is out before the process may be gone.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cupola_context::{Context, current};
use cupola_line::{Key, LineWriter};
use cupola_record::is_caught;
use cupola_redact::{End, KeyPolicy};
use tracing_core::Level;

use crate::context_keys::{ContextKeys, write_ids};
use crate::exports::Exports;
use crate::own_line;
use crate::queue::Lines;
use crate::thread_state;

/// How long a thread that panics waits for its line to be out.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a context keeps of a backtrace: its fields are bounded.
const KEPT_BACKTRACE: usize = 4096;

/// The field of a panic's place.
const LOCATION: &str = "panic_location";

/// The field of its backtrace.
const BACKTRACE: &str = "backtrace";

pub(crate) struct PanicReport {
    lines: Arc<Lines>,
    exports: Arc<Exports>,
    policy: KeyPolicy,
}

impl PanicReport {
    pub(crate) const fn new(lines: Arc<Lines>, exports: Arc<Exports>, policy: KeyPolicy) -> Self {
        Self { lines, exports, policy }
    }

    /// Stands before the hook that there is, and calls it afterwards.
    pub(crate) fn install(self) {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            self.tell(info);
            previous(info);
        }));
    }

    fn tell(&self, info: &PanicHookInfo<'_>) {
        let place = info.location().map(ToString::to_string);
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        match current() {
            Some(context) if is_caught() => note(&context, place, backtrace.as_deref()),
            context => {
                self.write(text(info.payload()), place.as_deref(), backtrace.as_deref(), context.as_ref());
                self.flush();
            }
        }
    }

    fn write(&self, text: &str, place: Option<&str>, backtrace: Option<&str>, context: Option<&Context>) {
        own_line::offer(&self.lines, Level::ERROR, ("cupola::panic", "errors"), "panicked", |line| {
            line.str(Key::new("event"), "error");
            line.str(Key::new("error_type"), "panic");
            line.str(Key::new("error"), &self.mask(text));
            let thread = thread::current();
            for (name, text) in [("thread", thread.name()), (LOCATION, place), (BACKTRACE, backtrace)] {
                text.iter().for_each(|text| line.str(Key::new(name), &self.mask(text)));
            }
            context.iter().for_each(|context| self.write_context(line, context));
        });
    }

    fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.policy.free_text(text, End::Complete)
    }

    fn write_context(&self, line: &mut LineWriter<'_>, context: &Context) {
        write_ids(line, context);
        ContextKeys::default().write(line, context, &self.policy);
    }

    /// A thread of ours would wait for itself.
    fn flush(&self) {
        if thread_state::is_muted() {
            return;
        }
        self.lines.flush(PATIENCE);
        // With these the process goes, and nobody shuts it down.
        if cfg!(panic = "abort") || thread::current().name() == Some("main") {
            self.exports.flush(PATIENCE);
        }
    }
}

/// The exchange's own line tells of the panic; where it was shows there too.
fn note(context: &Context, place: Option<String>, backtrace: Option<&str>) {
    if let Some(place) = place {
        context.set(LOCATION, place);
    }
    if let Some(backtrace) = backtrace {
        context.set(BACKTRACE, inner_frames(backtrace)[..].to_owned());
    }
}

/// The frames from the panic on: those before are the hook's own.
fn inner_frames(backtrace: &str) -> &str {
    let begin = backtrace.find("core::panicking::").and_then(|at| backtrace[..at].rfind('\n')).map_or(0, |at| at + 1);
    let frames = &backtrace[begin..];
    &frames[..frames.floor_char_boundary(KEPT_BACKTRACE)]
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic that says nothing")
}
