//! The keys of route metrics: what is known of a request when it begins, and what its end adds.

use std::sync::{Arc, LazyLock};

use cupola_record::{Ended, protocol_name};
use http::{StatusCode, Version};

use crate::table::{Key, text};

/// The value of a label from an open set, once its metric has all the series that it may have.
const OTHER: &str = "_OTHER";

static OTHER_ROUTE: LazyLock<Arc<str>> = LazyLock::new(|| OTHER.into());

/// A label as it is named, and its value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// What is asked: by the end of a request most of its key, so that it is looked up once for all metrics.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    method: &'a str,
    method_number: u64,
    route: &'a Arc<str>,
    scheme: &'static str,
}

/// The same as it is kept. There is one of each in a table, so that it is known by its address.
///
/// It shares the text of the route with the request that came first, and most often with all: then the text need not be
/// compared.
#[derive(Debug)]
pub(super) struct AskedLabels {
    method: Box<str>,
    method_number: u64,
    route: Arc<str>,
    scheme: &'static str,
}

impl<'a> Asked<'a> {
    /// An empty route is one that is not known.
    #[inline]
    pub(super) fn new(method: &'a str, route: &'a Arc<str>, scheme: &'static str) -> Self {
        Self { method, method_number: text::number(method), route, scheme }
    }

    /// Whether it is the same at a glance: the route shared, the method short, the scheme the same constant.
    #[inline]
    fn is_at_a_glance(&self, owned: &AskedLabels) -> bool {
        Arc::ptr_eq(self.route, &owned.route)
            && self.method_number == owned.method_number
            && self.method_number != 0
            && std::ptr::eq(self.scheme, owned.scheme)
    }

    /// Stands apart, so that a look at a glance stays short.
    #[inline(never)]
    fn is_equal(&self, owned: &AskedLabels) -> bool {
        *self.route == owned.route && *self.method == *owned.method && self.scheme == owned.scheme
    }
}

impl Key for Asked<'_> {
    type Owned = Arc<AskedLabels>;

    fn own(self) -> Arc<AskedLabels> {
        let Self { method, method_number, route, scheme } = self;
        Arc::new(AskedLabels { method: method.into(), method_number, route: Arc::clone(route), scheme })
    }

    #[inline]
    fn is(self, owned: &Arc<AskedLabels>) -> bool {
        self.is_at_a_glance(owned) || self.is_equal(owned)
    }

    #[inline]
    fn hash(self, seed: u64) -> u64 {
        // "http" and "https" differ in their length, and so do long methods: a hash need not tell more.
        let lengths = (self.scheme.len() ^ self.method.len() << 8) as u64;
        text::hash(text::mix(seed ^ lengths, self.method_number), self.route)
    }

    fn folded(self) -> Self {
        Self::new(OTHER, &OTHER_ROUTE, self.scheme)
    }

    fn last(self) -> Self {
        Self::new(OTHER, &OTHER_ROUTE, OTHER)
    }
}

impl AskedLabels {
    /// What stands for all that is over the limit.
    pub(super) fn other() -> Arc<Self> {
        Asked::new(OTHER, &OTHER_ROUTE, "").own()
    }

    pub(super) fn labels(&self) -> [Label<'_>; 3] {
        [("http.request.method", &self.method), ("http.route", &self.route), ("url.scheme", self.scheme)]
    }
}

/// How it ended.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    asked: &'a Arc<AskedLabels>,
    /// What stands for `asked` over the limit.
    other: &'a Arc<AskedLabels>,
    status: Option<StatusCode>,
    version: Version,
    error_type: &'a str,
}

/// The same as it is kept.
#[derive(Debug)]
pub(super) struct EndLabels {
    asked: Arc<AskedLabels>,
    status: Option<StatusCode>,
    version: Version,
    error_type: Box<str>,
}

impl<'a> End<'a> {
    #[inline]
    pub(super) fn new(
        asked: &'a Arc<AskedLabels>,
        other: &'a Arc<AskedLabels>,
        version: Version,
        ended: &'a Ended,
    ) -> Self {
        Self { asked, other, status: ended.status, version, error_type: ended.error_type().unwrap_or_default() }
    }
}

impl Key for End<'_> {
    type Owned = EndLabels;

    fn own(self) -> EndLabels {
        let (asked, error_type) = (Arc::clone(self.asked), self.error_type.into());
        EndLabels { asked, status: self.status, version: self.version, error_type }
    }

    #[inline]
    fn is(self, owned: &EndLabels) -> bool {
        Arc::ptr_eq(self.asked, &owned.asked)
            && self.status == owned.status
            && self.version == owned.version
            && *self.error_type == *owned.error_type
    }

    #[inline]
    fn hash(self, seed: u64) -> u64 {
        // The version is left to the comparison: few routes are asked by more than one.
        let status = self.status.map_or(0, |status| u64::from(status.as_u16()));
        let hash = text::mix(seed ^ status, Arc::as_ptr(self.asked) as usize as u64);
        if self.error_type.is_empty() { hash } else { text::hash(hash, self.error_type) }
    }

    fn folded(self) -> Self {
        Self { asked: self.other, ..self }
    }

    fn last(self) -> Self {
        Self { asked: self.other, status: None, version: Version::HTTP_11, error_type: "", ..self }
    }
}

impl EndLabels {
    pub(super) fn labels(&self) -> [Label<'_>; 6] {
        let [method, route, scheme] = self.asked.labels();
        let status = self.status.as_ref().map_or("", StatusCode::as_str);
        [
            method,
            route,
            ("http.response.status_code", status),
            ("error.type", &self.error_type),
            scheme,
            ("network.protocol.version", protocol_name(self.version)),
        ]
    }
}
