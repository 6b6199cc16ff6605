//! How lines look: as they are, or for a terminal.

use cupola_line::{Style, pretty};

/// Turns JSON lines into what the output gets.
#[derive(Debug)]
pub(crate) enum Render {
    /// As they are.
    Json,
    /// For people.
    Pretty { style: Style, buffer: Vec<u8> },
}

impl Render {
    pub(crate) fn pretty(color: bool) -> Self {
        let mut style = Style::new();
        style.color = color;
        Self::Pretty { style, buffer: Vec::new() }
    }

    pub(crate) fn render<'a>(&'a mut self, lines: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Json => lines,
            Self::Pretty { style, buffer } => {
                buffer.clear();
                lines.split_inclusive(|byte| *byte == b'\n').for_each(|line| pretty(buffer, line, *style));
                buffer
            }
        }
    }
}
