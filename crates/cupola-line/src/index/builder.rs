//! Making an index while a file goes by.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::scan::Quotes;

use super::filter::{self, id_hash};
use super::identity::Identity;
use super::line::{self, Facts};
use super::{Index, IndexBlock};

/// A block ends with the first line that ends behind so many bytes.
pub const BLOCK_BYTES: usize = 256 << 10;

/// Of a line over this length it is only known that it is there.
const MAX_LINE_BYTES: usize = 8 << 20;

/// Routes are templates, and few. Where they are not, they are left out.
const MAX_ROUTES: usize = 4096;

/// Makes an index from the bytes of a file, which are handed in in their order. [`Index`] has an example.
///
/// It holds the index so far, and of a line that has not yet ended at most 8 MiB.
#[derive(Debug, Default)]
pub struct IndexBuilder {
    index: Building,
    block: Gather,
    /// The beginning of a line.
    carry: Vec<u8>,
    /// Within a line that is too long.
    is_skipping: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl IndexBuilder {
    /// Begins with an empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the file, uncompressed. They may end anywhere; whole lines are the quickest.
    pub fn push(&mut self, bytes: &[u8]) {
        self.keep_edges(bytes);
        let Some(last) = memchr::memrchr(b'\n', bytes) else { return self.keep(bytes) };
        let (lines, rest) = bytes.split_at(last + 1);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            self.line_part(&lines[start..end]);
            start = end + 1;
        }
        self.keep(rest);
    }

    /// The blocks that have ended so far.
    pub fn blocks(&self) -> &[IndexBlock] {
        &self.index.blocks
    }

    /// The index of all that was handed in, as that of a file that is not compressed.
    pub fn finish(mut self) -> Index<'static> {
        if !self.carry.is_empty() || self.is_skipping {
            self.take_carried();
            // There is no line end to count.
            self.block.length -= 1;
        }
        if self.block.length > 0 {
            self.index.close(&mut self.block);
        }
        let identity = Identity::of(self.index.offset, &self.head, &self.tail);
        let Building { blocks, routes, route_lines, filters, .. } = self.index;
        Index { identity, blocks, routes: routes.names, route_lines, filters: Cow::Owned(filters) }
    }

    fn line_part(&mut self, line: &[u8]) {
        if self.carry.is_empty() && !self.is_skipping {
            self.block.line(line, &mut self.index.routes);
            self.close_when_full();
        } else {
            self.end_line(line);
        }
    }

    /// Ends a line whose beginning was kept.
    fn end_line(&mut self, rest: &[u8]) {
        self.keep(rest);
        self.take_carried();
        self.close_when_full();
    }

    fn take_carried(&mut self) {
        if std::mem::take(&mut self.is_skipping) {
            self.block.unread_line();
        } else {
            self.block.line(&self.carry, &mut self.index.routes);
        }
        self.carry.clear();
    }

    fn close_when_full(&mut self) {
        if self.block.length >= BLOCK_BYTES as u64 {
            self.index.close(&mut self.block);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.carry.len() + bytes.len() > MAX_LINE_BYTES {
            self.block.length += self.carry.len() as u64;
            self.carry = Vec::new();
            self.is_skipping = true;
        }
        if self.is_skipping {
            self.block.length += bytes.len() as u64;
        } else {
            self.carry.extend_from_slice(bytes);
        }
    }

    fn keep_edges(&mut self, bytes: &[u8]) {
        let room = Identity::EDGE - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() >= Identity::EDGE {
            self.tail.clear();
        }
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(Identity::EDGE)..]);
        self.tail.drain(..self.tail.len().saturating_sub(Identity::EDGE));
    }
}

/// The blocks that have ended.
#[derive(Debug, Default)]
struct Building {
    offset: u64,
    blocks: Vec<IndexBlock>,
    routes: Routes,
    route_lines: Vec<(u32, u64)>,
    filters: Vec<u8>,
}

impl Building {
    fn close(&mut self, block: &mut Gather) {
        let (routes, filter) = (self.route_lines.len(), self.filters.len());
        let counted = block.routes.iter().enumerate().filter(|(_, lines)| **lines > 0);
        self.route_lines.extend(counted.map(|(route, lines)| (route as u32, *lines)));
        filter::write(&mut block.ids, &mut self.filters);
        self.blocks.push(IndexBlock {
            offset: self.offset,
            length: block.length,
            frame: None,
            lines: block.lines,
            times: block.times,
            is_ordered: !block.is_disordered,
            is_canonical: !block.is_foreign,
            levels: block.levels,
            statuses: block.statuses,
            has_routes: !block.has_more_routes,
            routes: routes..self.route_lines.len(),
            filter: filter..self.filters.len(),
        });
        self.offset += block.length;
        block.clear();
    }
}

/// The block that is being read.
#[derive(Debug, Default)]
struct Gather {
    length: u64,
    lines: u64,
    times: Option<(i64, i64)>,
    last: i64,
    is_disordered: bool,
    is_foreign: bool,
    levels: [u64; 5],
    statuses: [u64; 5],
    has_more_routes: bool,
    /// Lines by the route's number.
    routes: Vec<u64>,
    ids: Vec<u64>,
    quotes: Quotes,
}

impl Gather {
    #[inline]
    fn line(&mut self, line: &[u8], routes: &mut Routes) {
        self.length += line.len() as u64 + 1;
        self.lines += 1;
        match line::read(line, &mut self.quotes, &mut self.ids).filter(|_| line.len() <= MAX_LINE_BYTES) {
            Some(facts) => self.add(&facts, routes),
            None => self.is_foreign = true,
        }
    }

    /// A line that was too long to be kept.
    fn unread_line(&mut self) {
        self.length += 1;
        self.lines += 1;
        self.is_foreign = true;
    }

    #[inline]
    fn add(&mut self, facts: &Facts<'_>, routes: &mut Routes) {
        let time = facts.time;
        let (first, last) = self.times.unwrap_or((time, time));
        self.is_disordered |= self.times.is_some() && time < self.last;
        self.times = Some((first.min(time), last.max(time)));
        self.last = time;
        self.levels[facts.level] += 1;
        if let Some(class) = facts.class {
            self.statuses[class] += 1;
        }
        match facts.route.map(|route| routes.number(route)) {
            Some(Some(number)) => {
                if self.routes.len() <= number {
                    self.routes.resize(number + 1, 0);
                }
                self.routes[number] += 1;
            }
            Some(None) => self.has_more_routes = true,
            None => {}
        }
    }

    /// Begins the next block in the same memory.
    fn clear(&mut self) {
        let (mut routes, mut ids) = (std::mem::take(&mut self.routes), std::mem::take(&mut self.ids));
        routes.clear();
        ids.clear();
        *self = Self { routes, ids, ..Self::default() };
    }
}

/// The routes of a file, each with a number.
#[derive(Debug, Default)]
struct Routes {
    names: Vec<String>,
    numbers: HashMap<u64, usize>,
}

impl Routes {
    /// `None` where there are too many.
    #[inline]
    fn number(&mut self, route: &str) -> Option<usize> {
        let hash = id_hash(route.as_bytes());
        if let Some(number) = self.numbers.get(&hash) {
            return (self.names[*number] == route).then_some(*number);
        }
        if self.names.len() == MAX_ROUTES {
            return None;
        }
        self.names.push(route.to_owned());
        self.numbers.insert(hash, self.names.len() - 1);
        Some(self.names.len() - 1)
    }
}
