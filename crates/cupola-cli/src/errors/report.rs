//! Groups of errors, shown.
//!
//! ```text
//!  5138  500 · database is gone  app::db /vms/{id}
//!        last 2026-11-21T03:46:02Z, first 2026-11-20T17:01:40Z  1-8f1c2b7d6a5e4f30
//!        03:46:02.123 ERROR database is gone  request_id=0193f2a4 …
//! ```

use std::io::{self, Write};

use cupola_line::{Entry, Look, Style, Timestamp};
use serde_json::json;

use super::group::{About, Group, Groups};
use crate::log::block::RawLine;
use crate::log::line::{self, Line};
use crate::terminal::{counted, safe};

/// An example's text is cut behind so many characters.
const MAX_TEXT: usize = 200;

pub(super) fn print(out: &mut impl Write, groups: &Groups, shown: usize, color: bool) -> io::Result<()> {
    let (bold, dim, plain) = if color { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    for group in groups.sorted().into_iter().take(shown) {
        let mut scratch = Vec::new();
        let Some(entry) = example(group, &mut scratch) else { continue };
        let about = About::of(&entry);
        writeln!(out, "{:>9}  {bold}{}{plain}", group.count, title(&about))?;
        writeln!(out, "{:11}{dim}{}{plain}", "", place(group, &about))?;
        out.write_all(&pretty(&entry, color))?;
        writeln!(out)?;
    }
    let all = groups.sorted();
    let untold: u64 = all.iter().skip(shown).map(|group| group.count).sum::<u64>() + groups.others;
    if untold > 0 {
        writeln!(out, "{untold:>9}  in {}\n", counted(groups.len().saturating_sub(shown) as u64, "other group"))?;
    }
    writeln!(out, "{} in {}", counted(groups.errors(), "error"), counted(groups.len() as u64, "group"))
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
        writeln!(out, "{object}")?;
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

/// Where and when.
fn place(group: &Group, about: &About) -> String {
    let text = |micros| Timestamp::new().unix_micros(micros).as_str()[..19].replace('T', " ");
    let times = group.times.map(|(first, last)| match text(first) == text(last) {
        true => text(first),
        false => format!("{} to {}", text(first), text(last)),
    });
    let parts = [Some(cut(&safe(&about.target))), Some(cut(&safe(&about.route))), times];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    format!("{}  {}", parts.join("  "), group.fingerprint)
}

/// The example, moved in. Its texts may be long, and of several lines.
fn pretty(entry: &Entry<'_>, color: bool) -> Vec<u8> {
    let mut shown = Vec::new();
    Look::new(Style::new().color(color)).entry(&mut shown, entry);
    let mut out = Vec::with_capacity(shown.len() + 64);
    for line in String::from_utf8_lossy(&shown).lines().take(12) {
        out.extend_from_slice(b"           ");
        // A cut within colours would leave them on.
        let line = if color { line.to_owned() } else { cut_to(line, 4 * MAX_TEXT) };
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out
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
