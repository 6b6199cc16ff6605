//! An index as bytes.

use std::borrow::Cow;
use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::identity::Identity;
use super::{Index, IndexBlock, IndexError};

const MAGIC: &[u8; 8] = b"CUPOLIDX";
const MAJOR: u16 = 1;
const MINOR: u16 = 0;
/// The part of the header that the summary's hash covers, and the whole of it.
const HEAD: usize = 32;
pub(super) const HEADER: usize = 48;

const HAS_TIMES: u64 = 1;
const IS_ORDERED: u64 = 2;
const IS_CANONICAL: u64 = 4;
const HAS_ROUTES: u64 = 8;
const HAS_FRAME: u64 = 16;

pub(super) fn write(index: &Index<'_>) -> Vec<u8> {
    let mut summary = Vec::new();
    write_summary(index, &mut summary);
    let length = HEADER + summary.len() + index.filters.len();
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&MAJOR.to_le_bytes());
    out.extend_from_slice(&MINOR.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(length as u64).to_le_bytes());
    out.extend_from_slice(&(summary.len() as u64).to_le_bytes());
    let seed = xxh3_64(&out[..HEAD]);
    out.extend_from_slice(&xxh3_64_with_seed(&summary, seed).to_le_bytes());
    out.extend_from_slice(&xxh3_64(&index.filters).to_le_bytes());
    out.extend_from_slice(&summary);
    out.extend_from_slice(&index.filters);
    out
}

fn write_summary(index: &Index<'_>, out: &mut Vec<u8>) {
    put(out, index.identity.length);
    out.extend_from_slice(&index.identity.head.to_le_bytes());
    out.extend_from_slice(&index.identity.tail.to_le_bytes());
    put(out, index.routes.len() as u64);
    for route in &index.routes {
        put(out, route.len() as u64);
        out.extend_from_slice(route.as_bytes());
    }
    put(out, index.blocks.len() as u64);
    for block in &index.blocks {
        write_block(index, block, out);
    }
}

fn write_block(index: &Index<'_>, block: &IndexBlock, out: &mut Vec<u8>) {
    let marks = [
        (block.times.is_some(), HAS_TIMES),
        (block.is_ordered, IS_ORDERED),
        (block.is_canonical, IS_CANONICAL),
        (block.has_routes, HAS_ROUTES),
        (block.frame.is_some(), HAS_FRAME),
    ];
    put(out, marks.iter().filter(|(is, _)| *is).map(|(_, mark)| mark).sum());
    put(out, block.length);
    if let Some(frame) = &block.frame {
        put(out, frame.end - frame.start);
    }
    put(out, block.lines);
    if let Some((first, last)) = block.times {
        put(out, zigzag(first));
        put(out, last.wrapping_sub(first) as u64);
    }
    for count in block.levels.iter().chain(&block.statuses) {
        put(out, *count);
    }
    put(out, block.routes.len() as u64);
    for (route, lines) in &index.route_lines[block.routes.clone()] {
        put(out, u64::from(*route));
        put(out, *lines);
    }
    put(out, block.filter.len() as u64);
}

pub(super) fn read(bytes: &[u8]) -> Result<Index<'_>, IndexError> {
    let header = Header::read(bytes)?;
    let rest = &bytes[HEADER..];
    let (summary, filters) = rest.split_at_checked(header.summary).ok_or(IndexError::Damaged)?;
    if header.filters != filters.len() as u64 || header.filters_hash != xxh3_64(filters) {
        return Err(IndexError::Damaged);
    }
    let index = header.index(summary)?;
    Ok(Index { filters: Cow::Borrowed(filters), ..index })
}

/// What stands before the summary.
pub(super) struct Header {
    /// The lengths of what follows.
    pub(super) summary: usize,
    pub(super) filters: u64,
    summary_seed: u64,
    summary_hash: u64,
    pub(super) filters_hash: u64,
}

impl Header {
    /// Reads the beginning of an index.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, IndexError> {
        if !bytes.starts_with(MAGIC) {
            return Err(IndexError::NotAnIndex);
        }
        let head: &[u8; HEADER] = bytes.first_chunk().ok_or(IndexError::Damaged)?;
        let number = |at: usize| u64::from_le_bytes(*head[at..].first_chunk().expect("numbers lie within the header"));
        let major = u16::from_le_bytes([head[8], head[9]]);
        if major != MAJOR {
            return Err(IndexError::Version(major));
        }
        let (whole, summary) = (number(16), number(24));
        let filters = whole.checked_sub(HEADER as u64).and_then(|rest| rest.checked_sub(summary));
        Ok(Self {
            summary: usize::try_from(summary).map_err(|_| IndexError::Damaged)?,
            filters: filters.ok_or(IndexError::Damaged)?,
            summary_seed: xxh3_64(&head[..HEAD]),
            summary_hash: number(32),
            filters_hash: number(40),
        })
    }

    /// What the summary says; the filters are still to be read.
    pub(super) fn index(&self, summary: &[u8]) -> Result<Index<'static>, IndexError> {
        if xxh3_64_with_seed(summary, self.summary_seed) != self.summary_hash {
            return Err(IndexError::Damaged);
        }
        Reader { rest: summary }.index(self.filters).ok_or(IndexError::Damaged)
    }
}

/// Where the next block begins, in all that is counted along.
#[derive(Default)]
struct Place {
    offset: u64,
    frame: u64,
    filter: usize,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn index(&mut self, filters: u64) -> Option<Index<'static>> {
        let identity = Identity { length: self.number()?, head: self.eight()?, tail: self.eight()? };
        let mut routes = Vec::new();
        for _ in 0..self.number()? {
            let length = usize::try_from(self.number()?).ok()?;
            let (route, rest) = self.rest.split_at_checked(length)?;
            routes.push(std::str::from_utf8(route).ok()?.to_owned());
            self.rest = rest;
        }
        let (mut blocks, mut route_lines, mut place) = (Vec::new(), Vec::new(), Place::default());
        for _ in 0..self.number()? {
            let block = self.block(&mut place, routes.len(), &mut route_lines)?;
            let frame_end = block.frame.as_ref().map_or(0, |frame| frame.end);
            if block.filter.end as u64 > filters || frame_end > identity.length {
                return None;
            }
            blocks.push(block);
        }
        Some(Index { identity, blocks, routes, route_lines, filters: Cow::Borrowed(&[]) })
    }

    fn block(&mut self, place: &mut Place, routes: usize, route_lines: &mut Vec<(u32, u64)>) -> Option<IndexBlock> {
        let marks = self.number()?;
        let has = |mark: u64| marks & mark != 0;
        let length = self.number()?;
        let offset = place.offset;
        place.offset = offset.checked_add(length)?;
        let frame = if has(HAS_FRAME) { Some(self.frame(place)?) } else { None };
        let lines = self.number()?;
        let times = if has(HAS_TIMES) { Some(self.times()?) } else { None };
        let (levels, statuses) = (self.counts(lines)?, self.counts(lines)?);
        let routes = self.routes(routes, route_lines)?;
        let start = place.filter;
        place.filter = start.checked_add(usize::try_from(self.number()?).ok()?)?;
        Some(IndexBlock {
            offset,
            length,
            frame,
            lines,
            times,
            is_ordered: has(IS_ORDERED),
            is_canonical: has(IS_CANONICAL),
            levels,
            statuses,
            has_routes: has(HAS_ROUTES),
            routes,
            filter: start..place.filter,
        })
    }

    fn frame(&mut self, place: &mut Place) -> Option<Range<u64>> {
        let start = place.frame;
        place.frame = start.checked_add(self.number()?)?;
        Some(start..place.frame)
    }

    fn times(&mut self) -> Option<(i64, i64)> {
        let first = unzigzag(self.number()?);
        Some((first, first.checked_add(i64::try_from(self.number()?).ok()?)?))
    }

    /// Five counts, which together are no more than the block's lines.
    fn counts(&mut self, lines: u64) -> Option<[u64; 5]> {
        let (mut counts, mut left) = ([0; 5], lines);
        for count in &mut counts {
            *count = self.number()?;
            left = left.checked_sub(*count)?;
        }
        Some(counts)
    }

    fn routes(&mut self, known: usize, route_lines: &mut Vec<(u32, u64)>) -> Option<Range<usize>> {
        let start = route_lines.len();
        for _ in 0..self.number()? {
            let route = u32::try_from(self.number()?).ok().filter(|route| (*route as usize) < known)?;
            route_lines.push((route, self.number()?));
        }
        Some(start..route_lines.len())
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for (place, byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            number |= bits.checked_shl(place as u32 * 7).filter(|shifted| shifted >> (place * 7) == bits)?;
            if byte & 0x80 == 0 {
                self.rest = &self.rest[place + 1..];
                return Some(number);
            }
        }
        None
    }

    fn eight(&mut self) -> Option<u64> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*bytes))
    }
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A small number for one near 0, whatever its sign.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
