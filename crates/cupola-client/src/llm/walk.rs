//! Reads JSON as it comes: in pieces of any size, in memory that does not grow with them.

use super::found::Found;
use super::node::Node;
use super::shape::Gap;

/// So deep is what matters; below, brackets are counted.
const MAX_DEPTH: usize = 12;

/// The longest name or text that is kept until its end. Longer ones are none that matter.
const SCRATCH: usize = 256;

/// Reads JSON as it comes, and tells [`Found`] what it meets at the places that matter.
#[derive(Debug)]
pub(super) struct Walk {
    path: [Node; MAX_DEPTH],
    /// Which of the path's levels are arrays: one bit each.
    arrays: u16,
    depth: usize,
    /// How many brackets are open below what matters.
    ignored: u32,
    state: State,
    /// The last byte was a backslash within a text.
    escaped: bool,
    /// Where the value stands that comes or is being read.
    node: Node,
    scratch: Vec<u8>,
    is_cut: bool,
    /// A whole value has been read.
    pub(super) has_value: bool,
    /// Where the texts that nobody reads and the numbers are, of a line that is read whole.
    gaps: Vec<Gap>,
    notes_gaps: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Value,
    Key,
    Colon,
    After,
    InKey,
    InText,
    InSkipped,
    InScalar,
    /// What comes is no JSON, or of no interest.
    Deaf,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            path: [Node::Nothing; MAX_DEPTH],
            arrays: 0,
            depth: 0,
            ignored: 0,
            state: State::Value,
            escaped: false,
            node: Node::Root,
            scratch: Vec::with_capacity(SCRATCH),
            is_cut: false,
            has_value: false,
            gaps: Vec::new(),
            notes_gaps: false,
        }
    }

    /// Reads a line from its beginning to its end, and gives where its texts and its numbers are, if it is whole.
    pub(super) fn feed_line(&mut self, line: &[u8], found: &mut Found) -> Option<&[Gap]> {
        self.gaps.clear();
        self.notes_gaps = true;
        self.feed(line, found);
        self.notes_gaps = false;
        self.is_whole().then_some(&self.gaps[..])
    }

    /// For how many places there is memory.
    #[cfg(test)]
    pub(super) const fn noted(&self) -> usize {
        self.gaps.capacity()
    }

    /// Begins with another text.
    pub(super) fn reset(&mut self) {
        (self.depth, self.arrays, self.ignored) = (0, 0, 0);
        (self.state, self.escaped, self.node, self.has_value) = (State::Value, false, Node::Root, false);
    }

    /// Whether what was read is whole: one value, or several.
    pub(super) fn is_whole(&self) -> bool {
        self.has_value && self.depth == 0 && self.state == State::Value
    }

    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut Found) {
        let mut at = 0;
        while at < bytes.len() {
            at = match self.state {
                State::InKey | State::InText | State::InSkipped => self.string(bytes, at, found),
                State::InScalar => self.scalar(bytes, at, found),
                State::Deaf => return,
                _ if self.ignored > 0 => self.skip(bytes, at),
                _ => {
                    self.note_gap(bytes[at], at);
                    self.mark(bytes[at], found);
                    at + 1
                }
            };
        }
    }

    fn string(&mut self, bytes: &[u8], mut at: usize, found: &mut Found) -> usize {
        if self.escaped {
            self.keep(&bytes[at..=at], found);
            (self.escaped, at) = (false, at + 1);
        }
        let rest = &bytes[at..];
        let Some(end) = memchr::memchr2(b'"', b'\\', rest) else {
            self.keep(rest, found);
            return bytes.len();
        };
        if rest[end] == b'"' {
            self.keep(&rest[..end], found);
            self.string_ended(found);
        } else {
            self.keep(&rest[..=end], found);
            self.escaped = true;
        }
        at + end + 1
    }

    fn keep(&mut self, piece: &[u8], found: &mut Found) {
        if self.state == State::InSkipped {
            return;
        }
        if self.state == State::InText && matches!(self.node, Node::Text | Node::Delta) {
            return found.text_piece(self.node, piece);
        }
        let room = SCRATCH - self.scratch.len();
        self.is_cut |= piece.len() > room;
        self.scratch.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn string_ended(&mut self, found: &mut Found) {
        if self.state == State::InKey {
            return self.key_ended(found);
        }
        let is_kept = self.state == State::InText && !self.is_cut;
        self.state = State::After;
        if is_kept {
            found.text(self.node, &self.scratch);
        }
        if self.node == Node::Type && found.event.is_quiet {
            self.state = State::Deaf;
        }
        self.value_ended();
    }

    fn key_ended(&mut self, found: &mut Found) {
        let parent = self.path[self.depth - 1];
        if parent == Node::Root && !self.is_cut {
            found.root_key(&self.scratch);
        }
        self.node = if self.is_cut { Node::Nothing } else { parent.child(&self.scratch, found.format) };
        self.state = State::Colon;
    }

    fn scalar(&mut self, bytes: &[u8], at: usize, found: &mut Found) -> usize {
        let rest = &bytes[at..];
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
        let Some(end) = rest.iter().position(ends) else {
            self.keep(rest, found);
            return bytes.len();
        };
        self.keep(&rest[..end], found);
        self.state = State::After;
        if !self.is_cut {
            found.scalar(self.node, &self.scratch);
        }
        self.value_ended();
        at + end
    }

    /// Passes over what does not matter, up to the next text or the last bracket.
    fn skip(&mut self, bytes: &[u8], at: usize) -> usize {
        for (index, byte) in bytes[at..].iter().enumerate() {
            match byte {
                b'"' => {
                    self.state = State::InSkipped;
                    return at + index + 1;
                }
                b'{' | b'[' => self.ignored = self.ignored.saturating_add(1),
                b'}' | b']' => self.ignored -= 1,
                _ => {}
            }
            if self.ignored == 0 {
                self.state = State::After;
                return at + index + 1;
            }
        }
        bytes.len()
    }

    /// Notes a value that may be another in the next line.
    fn note_gap(&mut self, byte: u8, at: usize) {
        if !self.notes_gaps || self.state != State::Value {
            return;
        }
        match (byte, self.node) {
            (b'"', Node::Nothing | Node::Text | Node::Delta) => self.gaps.push(Gap::Text(at + 1)),
            (b'0'..=b'9', node) => self.gaps.push(Gap::Number(at, node)),
            _ => {}
        }
    }

    fn mark(&mut self, byte: u8, found: &mut Found) {
        match (self.state, byte) {
            (_, b' ' | b'\t' | b'\r' | b'\n') => {}
            (State::Key, b'"') => self.begin(State::InKey),
            (State::Colon, b':') => self.state = State::Value,
            (State::Value, b'"') if self.node == Node::Nothing => self.state = State::InSkipped,
            (State::Value, b'"') => self.begin(State::InText),
            (State::Value, b'{') => self.open(false, found),
            (State::Value, b'[') => self.open(true, found),
            (State::Value, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.begin(State::InScalar);
                self.scratch.push(byte);
            }
            (State::After, b',') if self.in_array() => {
                (self.state, self.node) = (State::Value, self.path[self.depth - 1].item());
            }
            (State::After, b',') => self.state = State::Key,
            (State::After | State::Key, b'}') if !self.in_array() => self.close(found),
            (State::After | State::Value, b']') if self.depth > 0 && self.in_array() => self.close(found),
            _ => self.state = State::Deaf,
        }
    }

    fn begin(&mut self, state: State) {
        self.scratch.clear();
        (self.state, self.is_cut) = (state, false);
    }

    fn in_array(&self) -> bool {
        self.depth > 0 && self.arrays >> (self.depth - 1) & 1 == 1
    }

    fn open(&mut self, is_array: bool, found: &mut Found) {
        if self.node == Node::Nothing || self.depth == MAX_DEPTH {
            self.ignored = 1;
            // Whatever is no text; the open bracket decides.
            self.state = State::After;
            return;
        }
        self.path[self.depth] = self.node;
        self.arrays = self.arrays & !(1 << self.depth) | u16::from(is_array) << self.depth;
        found.opened(self.node, &self.path[..self.depth]);
        self.depth += 1;
        (self.state, self.node) = if is_array { (State::Value, self.node.item()) } else { (State::Key, Node::Nothing) };
    }

    fn close(&mut self, found: &mut Found) {
        let is_object = !self.in_array();
        self.depth -= 1;
        if is_object && self.path[self.depth] == Node::Root {
            found.object_ended();
        }
        self.state = State::After;
        self.value_ended();
    }

    /// Behind a value at the root another one may come.
    fn value_ended(&mut self) {
        if self.depth == 0 && self.ignored == 0 && self.state == State::After {
            (self.state, self.node, self.has_value) = (State::Value, Node::Root, true);
        }
    }
}
