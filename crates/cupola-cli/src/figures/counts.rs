//! All that is counted of lines.

use cupola_line::{Text, Value};

use super::facts::Facts;
use super::groups::{Group, Groups};
use super::rate::Rate;
use super::slowest::Slowest;
use super::tops::Tops;

const STATUSES: usize = 1_000;

/// What lines have come to.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) entries: u64,
    /// The least serious level first, and last those without one.
    pub(crate) levels: [u64; 6],
    /// By status.
    pub(crate) statuses: Vec<u64>,
    /// All requests.
    pub(crate) requests: Group,
    pub(crate) rate: Rate,
    pub(crate) slowest: Slowest,
    pub(crate) groups: Groups,
    pub(crate) error_types: Tops,
    pub(crate) clients: Tops,
    pub(crate) users: Tops,
    /// Lines, or of routes requests, that have no value to be grouped by.
    pub(crate) without: u64,
    scratch: Vec<u8>,
}

impl Counts {
    /// Remembers so many of the slowest requests.
    pub(super) fn new(slowest: usize) -> Self {
        Self {
            entries: 0,
            levels: [0; 6],
            statuses: vec![0; STATUSES],
            requests: Group::default(),
            rate: Rate::default(),
            slowest: Slowest::new(slowest),
            groups: Groups::default(),
            error_types: Tops::default(),
            clients: Tops::default(),
            users: Tops::default(),
            without: 0,
            scratch: Vec::new(),
        }
    }

    /// Counts a line, and its request by the route.
    #[inline]
    pub(super) fn add(&mut self, facts: &Facts<'_>) {
        self.line(facts);
        if facts.is_request() {
            let key = facts.route.map(|route| raw_of(route, &mut self.scratch));
            put_group(&mut self.groups, &mut self.without, key, facts);
        }
    }

    /// Counts a line, by a value of its own.
    pub(super) fn add_by(&mut self, facts: &Facts<'_>, key: Option<&[u8]>) {
        self.line(facts);
        put_group(&mut self.groups, &mut self.without, key, facts);
    }

    #[inline]
    fn line(&mut self, facts: &Facts<'_>) {
        self.entries += 1;
        self.levels[facts.level.map_or(5, |level| level as usize)] += 1;
        if let Some(time) = facts.time {
            self.rate.add(time, facts.is_error());
        }
        if let Some(error_type) = facts.error_type {
            self.error_types.add(raw_of(error_type, &mut self.scratch));
        }
        if facts.is_request() {
            self.request(facts);
        }
    }

    #[inline]
    fn request(&mut self, facts: &Facts<'_>) {
        self.requests.add(facts.is_error(), facts.duration);
        if let Some(count) = facts.status.and_then(|status| self.statuses.get_mut(usize::from(status))) {
            *count += 1;
        }
        if let Some(duration) = facts.duration {
            self.slowest.add(facts, duration);
        }
        if let Some(client) = facts.client_ip {
            self.clients.add(raw_of(client, &mut self.scratch));
        }
        match facts.user_id {
            Some(Value::Str(text)) => self.users.add(raw_of(text, &mut self.scratch)),
            Some(other) => self.users.add(other.json()),
            None => {}
        }
    }

    /// Adds what another thread has counted.
    pub(super) fn merge(&mut self, mut other: Self) {
        self.entries += other.entries;
        self.levels = std::array::from_fn(|at| self.levels[at] + other.levels[at]);
        self.statuses.iter_mut().zip(&other.statuses).for_each(|(sum, count)| *sum += count);
        self.requests.merge(&other.requests);
        self.rate.merge(other.rate);
        self.slowest.merge(other.slowest);
        self.without += other.without;
        self.groups.take(&mut other.groups);
        self.error_types.merge(other.error_types);
        self.clients.merge(other.clients);
        self.users.merge(other.users);
    }
}

#[inline]
fn put_group(groups: &mut Groups, without: &mut u64, key: Option<&[u8]>, facts: &Facts<'_>) {
    match key {
        Some(key) => groups.add(key, facts.is_error(), facts.duration),
        None => *without += 1,
    }
}

/// What a text says, in place where it can be.
#[inline]
fn raw_of<'t>(text: Text<'t>, scratch: &'t mut Vec<u8>) -> &'t [u8] {
    if !text.has_escapes() {
        return text.raw();
    }
    scratch.clear();
    text.unescape_into(scratch);
    scratch
}
