//! Groups of errors, shown.
//!
//! ```text
//!  5138  500 · database is gone  app::db /vms/{id}
//!        last 2026-11-21T03:46:02Z, first 2026-11-20T17:01:40Z  1-8f1c2b7d6a5e4f30
//!        03:46:02.123 ERROR database is gone  request_id=0193f2a4 …
//! ```

use std::io::{self, Write};

use cupola_line::{Entry, Look, Style, Timestamp};
use jiff::tz::TimeZone;
use serde_json::json;

use super::group::{About, Group, Groups};
use crate::log::block::RawLine;
use crate::log::filter::time_of;
use crate::log::line::{self, Line};
use crate::terminal::{counted, safe};

/// An example's text is cut behind so many characters.
const MAX_TEXT: usize = 200;

/// How groups are shown.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) groups: &'a Groups,
    /// So many of them.
    pub(super) shown: usize,
    pub(super) color: bool,
    pub(super) zone: TimeZone,
}

impl Report<'_> {
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { groups, shown, .. } = *self;
        let (bold, dim, plain) = if self.color { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        let all = groups.sorted();
        for group in all.iter().take(shown) {
            let mut scratch = Vec::new();
            let Some(entry) = example(group, &mut scratch) else { continue };
            let about = About::of(&entry);
            writeln!(out, "{:>9}  {bold}{}{plain}", group.count, title(&about))?;
            writeln!(out, "{:11}{dim}{}{plain}", "", self.place(group, &about))?;
            out.write_all(&self.pretty(&entry))?;
            writeln!(out)?;
        }
        let untold: u64 = all.iter().skip(shown).map(|group| group.count).sum::<u64>() + groups.others;
        if untold > 0 {
            writeln!(out, "{untold:>9}  in {}\n", counted(groups.len().saturating_sub(shown) as u64, "other group"))?;
        }
        writeln!(out, "{} in {}", counted(groups.errors(), "error"), counted(groups.len() as u64, "group"))
    }

    /// Where and when.
    fn place(&self, group: &Group, about: &About) -> String {
        let text = |micros| self.time(micros, "%Y-%m-%d %H:%M:%S");
        let times = group.times.map(|(first, last)| match text(first) == text(last) {
            true => text(first),
            false => format!("{} to {}", text(first), text(last)),
        });
        let parts = [Some(cut(&safe(&about.target))), Some(cut(&safe(&about.route))), times];
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        format!("{}  {}", parts.join("  "), group.fingerprint)
    }

    fn time(&self, micros: i64, format: &str) -> String {
        let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
        time.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// The example, moved in. Its texts may be long, and of several lines.
    fn pretty(&self, entry: &Entry<'_>) -> Vec<u8> {
        let mut shown = Vec::new();
        let time = time_of(entry).map(|time| self.time(time, "%H:%M:%S.%3f"));
        let look = Look::new(Style::new().color(self.color));
        match &time {
            Some(time) => look.time(time.as_bytes()).entry(&mut shown, entry),
            None => look.entry(&mut shown, entry),
        }
        let mut out = Vec::with_capacity(shown.len() + 64);
        for line in String::from_utf8_lossy(&shown).lines().take(12) {
            out.extend_from_slice(b"           ");
            // A cut within colours would leave them on.
            let line = if self.color { line.to_owned() } else { cut_to(line, 4 * MAX_TEXT) };
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        out
    }
}

pub(super) fn json(out: &mut impl Write, groups: &Groups, shown: usize) -> io::Result<()> {
    let text = |micros| Timestamp::new().unix_micros(micros).as_str().to_owned();
    for group in groups.sorted().into_iter().take(shown) {
        let mut scratch = Vec::new();
        let Some(entry) = example(group, &mut scratch) else { continue };
        let about = About::of(&entry);
        let object = json!({
            "fingerprint": group.fingerprint.to_string(),
            "count": group.count,
            "level": about.level,
            "target": about.target,
            "error_type": about.error_type,
            "route": about.route,
            "template": about.template(),
            "first": group.times.map(|(first, _)| text(first)),
            "last": group.times.map(|(_, last)| text(last)),
            "request_id": about.request_id,
            "example": String::from_utf8_lossy(&group.example),
        });
        writeln!(out, "{}", safe(&object.to_string()))?;
    }
    Ok(())
}

fn example<'a>(group: &'a Group, scratch: &'a mut Vec<u8>) -> Option<Entry<'a>> {
    match line::read(RawLine { at: 0, bytes: &group.example, open: false }, scratch) {
        Line::Entry(entry) => Some(entry),
        Line::Other(_) => None,
    }
}

/// The type, and what is said.
fn title(about: &About) -> String {
    let template = about.template();
    let parts = [about.error_type.as_str(), template.as_str()].map(|part| cut(&safe(part)));
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "(nothing is said)".to_owned() } else { parts.join(": ") }
}

fn cut(text: &str) -> String {
    cut_to(text, MAX_TEXT)
}

fn cut_to(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
