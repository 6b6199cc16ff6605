//! Reads server-sent events as they come, line by line.

use super::format::Format;
use super::found::{Event, Found};
use super::quiet;
use super::shape::Shape;
use super::walk::Walk;

const DATA: &[u8] = b"data:";
const DONE: &[u8] = b"[DONE]";

/// Reads server-sent events as they come. Of an event its `data` line matters: providers write an event in one.
#[derive(Debug)]
pub(super) struct Lines {
    walk: Walk,
    state: State,
    /// The first bytes of a line that came in pieces, up to what tells its name.
    name: Vec<u8>,
    /// The first bytes of its data, up to what tells the mark of the end, and how many there were in all.
    data: Vec<u8>,
    length: usize,
    /// How many pieces of the answer came.
    chunks: u64,
    /// Of the last piece that was read whole.
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the beginning of a line, or within its name.
    Name,
    /// Behind the colon of a line of data.
    Colon,
    Data,
    Other,
}

impl Lines {
    pub(super) fn new() -> Self {
        let (name, data) = (Vec::with_capacity(DATA.len()), Vec::with_capacity(DONE.len()));
        Self { walk: Walk::new(), state: State::Name, name, data, length: 0, chunks: 0, shape: Shape::default() }
    }

    /// How many pieces of the answer came.
    pub(super) const fn chunks(&self) -> u64 {
        self.chunks
    }

    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut Found) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr::memchr2(b'\n', b'\r', rest);
            let (line, tail) = match end {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &[][..]),
            };
            let is_at_begin = self.state == State::Name && self.name.is_empty();
            match end {
                Some(_) if is_at_begin => self.whole(line, found),
                Some(_) => {
                    self.piece(line, found);
                    self.line_ended(found);
                }
                None => self.piece(line, found),
            }
            rest = tail;
        }
    }

    /// The stream is over; a line without an end is a line.
    pub(super) fn finish(&mut self, found: &mut Found) {
        self.line_ended(found);
    }

    /// A line that is there from its beginning to its end.
    fn whole(&mut self, line: &[u8], found: &mut Found) {
        let Some(data) = line.strip_prefix(DATA).map(|data| data.strip_prefix(b" ").unwrap_or(data)) else { return };
        if is_quiet(data, found) || self.is_as_before(data, found) {
            self.chunks += 1;
            return;
        }
        self.begin_data();
        self.note(data);
        if may_come_again(found) && Shape::has_room(data) {
            self.read_shape(data, found);
        } else {
            self.walk.feed(data, found);
        }
        self.line_ended(found);
    }

    /// Reads a whole line of data, and remembers it for the next one.
    fn read_shape(&mut self, data: &[u8], found: &mut Found) {
        let gaps = self.walk.feed_line(data, found);
        let gaps = gaps.filter(|_| may_come_again(found) && !found.event.is_ping);
        gaps.into_iter().for_each(|gaps| self.shape.remember(data, gaps));
    }

    /// Whether a whole line of data says what the last one has said, but for its text and its numbers, which are taken over.
    fn is_as_before(&mut self, data: &[u8], found: &mut Found) -> bool {
        let numbers = may_come_again(found).then(|| self.shape.read(data)).flatten();
        numbers.map(|numbers| numbers.for_each(|(node, digits)| found.scalar(node, digits))).is_some()
    }

    /// A piece of a line, which may be all of the rest of it.
    fn piece(&mut self, piece: &[u8], found: &mut Found) {
        let mut rest = piece;
        while self.state == State::Name {
            let Some((first, tail)) = rest.split_first() else { return };
            self.name.push(*first);
            rest = tail;
            if self.name == DATA {
                self.begin_data();
            } else if !DATA.starts_with(&self.name) {
                self.state = State::Other;
            }
        }
        // One space behind the colon is none of the data's.
        if self.state == State::Colon && !rest.is_empty() {
            rest = rest.strip_prefix(b" ").unwrap_or(rest);
            self.state = State::Data;
        }
        if self.state == State::Data {
            self.data(rest, found);
        }
    }

    fn begin_data(&mut self) {
        self.walk.reset();
        self.data.clear();
        (self.state, self.length) = (State::Colon, 0);
    }

    fn data(&mut self, data: &[u8], found: &mut Found) {
        self.note(data);
        self.walk.feed(data, found);
    }

    fn note(&mut self, data: &[u8]) {
        let room = (DONE.len() + 1).saturating_sub(self.data.len());
        self.data.extend_from_slice(&data[..data.len().min(room)]);
        self.length += data.len();
    }

    fn line_ended(&mut self, found: &mut Found) {
        if matches!(self.state, State::Colon | State::Data) {
            if self.data == DONE {
                (found.done, found.recognised) = (true, true);
            } else if self.length > 0 && !found.event.is_ping {
                self.chunks += 1;
            }
            // The next line may be no object, and say nothing of itself.
            found.event = Event::default();
        }
        self.state = State::Name;
        self.name.clear();
    }
}

/// Whether a whole line of data is a piece of the answer that says nothing which matters.
fn is_quiet(data: &[u8], found: &Found) -> bool {
    if found.text.is_some() || data.is_empty() {
        return false;
    }
    match found.format {
        Some(Format::Chat) => {
            let is_known = !found.id.is_empty() && !found.model.is_empty();
            is_known && data.first() == Some(&b'{') && quiet::is_quiet_chat(data)
        }
        Some(Format::Messages | Format::Responses) => quiet::is_quiet_event(data),
        _ => false,
    }
}

/// Whether what a line says can be said again and change nothing but the counts: so it is where the answer's text is not kept, and
/// there is no more than one reason of its end. Only Gemini says the counts with each piece.
fn may_come_again(found: &Found) -> bool {
    found.format == Some(Format::Gemini) && found.text.is_none() && found.finish.len() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_many_values_takes_no_memory() {
        let (mut lines, mut found) = (Lines::new(), Found::default());
        lines.feed(b"data: {\"candidates\":[]}\n\n", &mut found);
        let numbers = "1,".repeat(100_000);
        lines.feed(format!("data: {{\"candidates\":[],\"x\":[{numbers}1]}}\n\n").as_bytes(), &mut found);
        assert_eq!((lines.chunks(), found.format), (2, Some(Format::Gemini)));
        assert!(lines.walk.noted() <= 1024, "{} places are kept", lines.walk.noted());
    }
}
