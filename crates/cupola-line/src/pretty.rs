//! A JSON line as people read it on a terminal.
//!
//! An access line begins like the request that it is about, the line of a call with whom it asked, any other line with its message:
//!
//! ```text
//! 03:46:02.123 INFO  GET /api/v1/vms/{id} 200 1.2ms  path=/api/v1/vms/7 request_id=0193f2a4 user_id=u-1042
//! 03:46:02.123 INFO  → users GET /users/{id} 200 3.5ms  path=/users/17 request_id=0193f2a4
//! 03:46:02.124 ERROR machine did not start  vm_id=vm-7 tries=3  (app::vms)
//!     error │ no image
//!           │ caused by: not found
//! ```
//!
//! Whatever a line holds, nothing of it moves the cursor: values stay escaped, and text of several lines goes on behind a bar,
//! so that no value can pass for a line of its own. What is not JSON passes through, escaped.
//!
//! ```
//! use cupola_line::{Style, pretty};
//!
//! let line = br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"WARN","target":"app::db","category":"general","message":"slow","ms":812}"#;
//! let mut out = Vec::new();
//! pretty(&mut out, line, Style::new());
//! assert_eq!(out, b"03:46:02.123 WARN  slow  ms=812  (app::db)\n");
//! ```

mod access;
mod paint;

use access::Access;
pub use paint::Theme;
use paint::{Color, Painter};
use std::fmt;

use crate::entry::Entry;
use crate::escape::escape_for_terminal;
use crate::keys;
use crate::scan::{Text, Value};
use crate::timestamp::parse_timestamp;

/// How a line is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// With the fields too that are seldom worth their room: those of [`Style::all_fields`].
    pub all_fields: bool,
}

impl Style {
    /// Without colours, and without fields that are seldom read.
    pub const fn new() -> Self {
        Self { color: false, all_fields: false }
    }

    /// With or without colours.
    #[must_use]
    pub const fn color(mut self, on: bool) -> Self {
        self.color = on;
        self
    }

    /// With or without `system`, the span ids, the trace id beside a request id, and of an access line scheme, protocol, host,
    /// user agent, the time to the head, a request without a body, and an outcome that is `complete`.
    #[must_use]
    pub const fn all_fields(mut self, on: bool) -> Self {
        self.all_fields = on;
        self
    }
}

/// Appends one line of a log as people read it, with a newline at its end.
pub fn pretty(out: &mut Vec<u8>, line: &[u8], style: Style) {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let look = Look::new(style);
    match Entry::read(line) {
        Ok(entry) => look.entry(out, &entry),
        Err(_) => look.plain(out, line),
    }
}

/// A style with what only a reader of many logs chooses: colours for one terminal, which fields are shown, times in another form.
///
/// ```
/// use cupola_line::{Entry, Look, Style};
///
/// let entry = Entry::read(br#"{"timestamp":"2026-11-21T03:46:02.123456Z","message":"slow","ms":812,"vm":7}"#)?;
/// let (mut out, shows) = (Vec::new(), |name: &[u8]| Some(name == b"ms"));
/// Look::new(Style::new()).shows(&shows).time(b"Sat 04:46").entry(&mut out, &entry);
/// assert_eq!(out, b"Sat 04:46 slow  ms=812\n");
/// # Ok::<(), cupola_line::ScanError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Look<'a> {
    style: Style,
    theme: Theme,
    time: Option<&'a [u8]>,
    shows: Option<&'a Shows<'a>>,
}

/// Whether a field is shown; `None` leaves it to the style.
type Shows<'a> = dyn Fn(&[u8]) -> Option<bool> + 'a;

impl fmt::Debug for Look<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("style", &self.style).field("theme", &self.theme).finish_non_exhaustive()
    }
}

impl<'a> Look<'a> {
    /// A look that is no more than a style.
    pub const fn new(style: Style) -> Self {
        Self { style, theme: Theme::Dark, time: None, shows: None }
    }

    /// Colours for a terminal of this kind.
    #[must_use]
    pub const fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Text to show instead of the entry's time of day.
    #[must_use]
    pub const fn time(mut self, time: &'a [u8]) -> Self {
        self.time = Some(time);
        self
    }

    /// Which fields are shown, by name as it stands in the line; `None` leaves it to the style.
    #[must_use]
    pub const fn shows(mut self, shows: &'a Shows<'a>) -> Self {
        self.shows = Some(shows);
        self
    }

    /// Appends an entry, with a newline at its end.
    pub fn entry(&self, out: &mut Vec<u8>, entry: &Entry<'_>) {
        let painter = Painter::new(out, self.style.color, self.theme);
        Printer { painter, entry, look: self }.print();
    }

    /// Appends a line that is no entry, escaped, with a newline at its end.
    pub fn plain(&self, out: &mut Vec<u8>, line: &[u8]) {
        push_plain(out, line);
        out.push(b'\n');
    }
}

/// What stands before each further line of a text.
const BAR: &str = "    │ ";

struct Printer<'a, 'e> {
    painter: Painter<'a>,
    entry: &'e Entry<'e>,
    look: &'e Look<'e>,
}

impl Printer<'_, '_> {
    fn print(mut self) {
        let access = Access::of(self.entry);
        self.time();
        self.level();
        match &access {
            Some(access) => {
                access.print(&mut self.painter);
                self.message(if access.says_it_all { None } else { self.entry.message });
            }
            None => self.message(self.entry.message),
        }
        let has_blocks = self.fields(access.as_ref());
        if access.is_none() {
            self.source();
        }
        if has_blocks {
            self.blocks(access.as_ref());
        }
        self.painter.finish();
    }

    /// The time of day. A time that cannot be read is shown as it is.
    fn time(&mut self) {
        if let Some(time) = self.look.time {
            self.painter.bytes(Color::Dim, time);
            return self.painter.space();
        }
        let Some(text) = self.entry.timestamp else { return };
        let raw = text.raw();
        let length = if raw.len() > 23 { 12 } else { 8 };
        match parse_timestamp(raw).and_then(|_| raw.get(11..11 + length)) {
            Some(time) => self.painter.bytes(Color::Dim, time),
            None => self.painter.text(Color::Dim, text),
        }
        self.painter.space();
    }

    fn level(&mut self) {
        let Some(text) = self.entry.level else { return };
        let (name, color) = match text.raw() {
            b"ERROR" | b"error" => ("ERROR", Color::BoldRed),
            b"WARN" | b"warn" => ("WARN ", Color::Yellow),
            b"INFO" | b"info" => ("INFO ", Color::Green),
            b"DEBUG" | b"debug" => ("DEBUG", Color::Blue),
            b"TRACE" | b"trace" => ("TRACE", Color::Magenta),
            _ => return self.other_level(text),
        };
        self.painter.str(color, name);
        self.painter.space();
    }

    fn other_level(&mut self, text: Text<'_>) {
        let text = text.unescape();
        self.painter.bytes(Color::Plain, text.as_bytes());
        self.painter.spaces(5_usize.saturating_sub(text.chars().count()) + 1);
    }

    /// The message, its first line here, each further one behind a bar.
    fn message(&mut self, message: Option<Text<'_>>) {
        let Some(text) = message else { return };
        if !text.has_escapes() && !text.raw().is_empty() {
            self.painter.text(Color::Bold, text);
            return self.painter.space();
        }
        let text = text.unescape();
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                self.painter.newline();
                self.painter.str(Color::Dim, BAR);
            }
            self.painter.bytes(Color::Bold, line.as_bytes());
        }
        if !text.is_empty() {
            self.painter.space();
        }
    }

    /// Values of one line. Returns whether there are some of several.
    fn fields(&mut self, access: Option<&Access<'_>>) -> bool {
        let mut has_blocks = false;
        for (key, value) in &self.entry.fields {
            if is_block(value) {
                has_blocks = true;
                continue;
            }
            if self.is_hidden(*key, value, access) {
                continue;
            }
            self.painter.space();
            self.painter.name(Color::Dim, *key);
            self.value(*key, value);
        }
        has_blocks
    }

    fn value(&mut self, key: Text<'_>, value: &Value<'_>) {
        let color = if key.raw().starts_with(b"error") { Color::Red } else { Color::Plain };
        match value {
            Value::Str(text) => self.painter.word(color, *text),
            other => self.painter.bytes(color, other.json()),
        }
    }

    /// Who speaks: the last two parts of the target, and the category where it is not the usual one.
    fn source(&mut self) {
        let target = self.entry.target.map(|target| target.unescape()).unwrap_or_default();
        let category = self.entry.category.filter(|category| !category.is("general"));
        if target.is_empty() && category.is_none() {
            return;
        }
        let start = target.rmatch_indices("::").nth(1).map_or(0, |(at, _)| at + 2);
        let category = category.map(|category| category.unescape()).unwrap_or_default();
        let between = if category.is_empty() || target.is_empty() { "" } else { " " };
        self.painter.gap();
        self.painter.bytes(Color::Dim, format!("({category}{between}{})", &target[start..]).as_bytes());
    }

    /// Values of several lines, each below the other with its name.
    fn blocks(&mut self, access: Option<&Access<'_>>) {
        for (key, value) in &self.entry.fields {
            if let (true, false, Value::Str(text)) = (is_block(value), self.is_hidden(*key, value, access), value) {
                self.block(&key.unescape(), &text.unescape());
            }
        }
    }

    fn block(&mut self, name: &str, text: &str) {
        let width = name.chars().count();
        for (number, line) in text.trim_end_matches(['\n', '\r']).lines().enumerate() {
            self.painter.newline();
            self.painter.spaces(4);
            match number {
                0 => self.painter.bytes(Color::Dim, name.as_bytes()),
                _ => self.painter.spaces(width),
            }
            self.painter.str(Color::Dim, " │ ");
            let color = if name.starts_with("error") { Color::Red } else { Color::Plain };
            self.painter.bytes(color, line.as_bytes());
        }
    }

    fn is_hidden(&self, key: Text<'_>, value: &Value<'_>, access: Option<&Access<'_>>) -> bool {
        if access.is_some_and(|access| access.shows(key, value)) {
            return true;
        }
        if let Some(shown) = self.look.shows.and_then(|shows| shows(key.raw())) {
            return !shown;
        }
        !self.look.style.all_fields
            && match key.raw() {
                b"system" | b"span_id" | b"parent_span_id" => true,
                b"trace_id" => self.entry.field(keys::REQUEST_ID).is_some(),
                b"scheme" | b"protocol" | b"host" | b"user_agent" | b"head_ms" => access.is_some(),
                b"request_bytes" => access.is_some() && value.json() == b"0",
                b"attempts" => access.is_some() && value.json() == b"1",
                b"outcome" => access.is_some_and(|access| access.says_it_all),
                _ => false,
            }
    }
}

/// Whether a value is shown below the line, for its own line ends.
fn is_block(value: &Value<'_>) -> bool {
    value.as_text().is_some_and(|text| text.has_escapes() && memchr::memmem::find(text.raw(), b"\\n").is_some())
}

/// A line that is no entry: as it is, control characters escaped.
fn push_plain(out: &mut Vec<u8>, line: &[u8]) {
    for (number, part) in line.split(|byte| *byte == b'\t').enumerate() {
        if number > 0 {
            out.extend_from_slice(paint::TAB);
        }
        escape_for_terminal(out, part);
    }
}

#[cfg(test)]
mod tests;
