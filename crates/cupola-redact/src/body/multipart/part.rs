//! The head of a part: what it is called, and what it holds.

use super::super::out::Out;
use crate::rule::{Position, Verdict};
use crate::tally::Rule;
use crate::target::Counted;
use crate::{KeyPolicy, Media, decode, header};

/// What a part's head has said.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Every name it gave: a head with two names is read in two ways.
    names: Vec<Vec<u8>>,
    is_file: bool,
    media: Option<Media>,
    is_encoded: bool,
    /// The last line said how the part is made, and may go on in the next.
    is_plain: bool,
}

/// What becomes of a part's content.
pub(super) enum Plan {
    Mask,
    /// Shown if it is a number.
    Count,
    Read(Media),
}

impl Part {
    /// Takes one line.
    pub(super) fn read(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let Some((name, value)) = text.split_once(':') else {
            // A folded line goes on with the one before it.
            return self.disposition(&text);
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "content-disposition" => self.disposition(value),
            "content-type" => self.media = Some(Media::from_content_type(value)),
            "content-transfer-encoding" => {
                let encoding = value.trim().to_ascii_lowercase();
                self.is_encoded |= !matches!(encoding.as_str(), "7bit" | "8bit" | "binary");
            }
            _ if text.starts_with([' ', '\t']) => self.disposition(&text),
            _ => {}
        }
    }

    fn disposition(&mut self, value: &str) {
        let mut rest = value;
        while let Some((before, after)) = rest.split_once('=') {
            let name = before.rsplit([';', ' ', '\t', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
            let (value, tail) = parameter(after);
            match name.trim_end_matches('*') {
                "name" => self.names.push(decode::percent(value.as_bytes())),
                "filename" => self.is_file = true,
                _ => {}
            }
            rest = tail;
        }
    }

    /// What becomes of the content.
    pub(super) fn plan(&self, policy: &KeyPolicy) -> Plan {
        let verdicts = || self.names.iter().map(|name| policy.judge(name, Position::Url));
        if verdicts().any(|verdict| verdict == Verdict::Mask) {
            return Plan::Mask;
        }
        if self.is_file || self.is_encoded {
            return Plan::Read(Media::Binary);
        }
        if verdicts().any(|verdict| verdict == Verdict::MaskUnlessNumber) {
            return Plan::Count;
        }
        Plan::Read(self.media.unwrap_or(Media::Text))
    }

    /// Writes one line of the head: what says how the part is made is shown, other headers are shown as headers are.
    pub(super) fn push_header(&mut self, out: &mut Out, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let (content, newline) = text.split_at(text.trim_end_matches(['\r', '\n']).len());
        if content.starts_with([' ', '\t']) && self.is_plain {
            return out.push(line);
        }
        let Some((name, value)) = content.split_once(':') else {
            if content.trim_start().to_ascii_lowercase().starts_with("content-") || content.is_empty() {
                out.push(content.as_bytes());
            } else {
                out.mask_unseen(Rule::Header);
            }
            return out.push(newline.as_bytes());
        };
        self.is_plain = matches!(
            name.trim().to_ascii_lowercase().as_str(),
            "content-disposition" | "content-type" | "content-transfer-encoding" | "content-id" | "content-length"
        );
        if self.is_plain {
            return out.push(line);
        }
        out.push(name.as_bytes());
        out.push(b":");
        let blanks = value.len() - value.trim_start().len();
        out.push(&value.as_bytes()[..blanks]);
        let mut masked = Counted::default();
        header::push(&mut masked, &out.policy, name, &value.as_bytes()[blanks..], false);
        out.tally.add(&masked.tally);
        out.push(masked.text.as_bytes());
        out.push(newline.as_bytes());
    }
}

/// A parameter's value, in quotes or without, and what stands behind it.
fn parameter(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find([';', ' ', '\r', '\n']).unwrap_or(text.len());
        let value = text[..end].rsplit('\'').next().unwrap_or_default();
        return (value.to_owned(), &text[end..]);
    };
    let (mut value, mut is_escaped) = (String::new(), false);
    for (index, c) in inside.char_indices() {
        match c {
            '"' if !is_escaped => return (value, &inside[index + 1..]),
            '\\' if !is_escaped => is_escaped = true,
            c => {
                value.push(c);
                is_escaped = false;
            }
        }
    }
    (value, "")
}
